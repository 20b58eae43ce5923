"""Times whole curation, stage by stage, on the real data beside the project: `make bench`, or `python -m benchmarks.curation [CONFIG ...]`.

Prints a Markdown table: seconds and records a second for each stage, and the peak resident memory. One process, one run.
"""

import resource
import sys
import time
from pathlib import Path
from typing import Any

from pipeline import checks
from pipeline.assess import assess
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger, funnel
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import PROJECT_ROOT, Config, load_config
from schemas.errors import ConfigError

CONFIGS = ("vnhsge", "opentriviaqa", "mmlu_redux")


def merged(paths: list[Path]) -> Config:
    """One configuration over the sources of several, which share a root."""
    configs = [load_config(path) for path in paths]
    return Config(dataset="bench", root=configs[0].root, sources=[source for config in configs for source in config.sources])


def main(paths: list[Path]) -> None:
    """Curates and prints the table."""
    config = merged(paths)
    times: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        started = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - started
        return result

    raw = timed("ingest", lambda: ingest(config))
    normal = timed("normalize", lambda: normalize(raw, config))
    found = timed("deduplicate", lambda: deduplicate(normal.questions, config.dedup))
    quality = timed("assess", lambda: assess(normal.questions))
    chosen = timed("select", lambda: select(normal.questions, found.members, found.pairs, quality, config))
    splits = timed("split", lambda: split(chosen, config.split))
    ledger = timed("ledger", lambda: build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config))
    assert checks.unaccounted(raw, ledger).empty
    total = sum(seconds for name, seconds in times.items() if name != "ledger")
    print(f"{len(raw):,} records of {', '.join(source.name for source in config.sources)}\n")
    print("| stage | seconds | records/s |\n|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.2f} | {len(raw) / seconds:,.0f} |")
    print(f"| **ingest to splits** | **{total:.2f}** | **{len(raw) / total:,.0f}** |")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB; candidates and pairs: {found.counts}")
    print(f"funnel: {funnel(ledger)}")


if __name__ == "__main__":
    try:
        main([Path(name) for name in sys.argv[1:]] or [PROJECT_ROOT / "configs" / f"{name}.yaml" for name in CONFIGS])
    except ConfigError as error:
        sys.exit(str(error))
