"""What a refresh costs beside a full run: `python -m benchmarks.refresh [--process]`.

The real data is copied; curation runs over it in full, then with one record in a hundred added, as a file of its own and in files
that were there, and its tables are compared with those of a run that knows nothing. `--process` calls `mcq run --until curated` instead,
start-up, Dagster, checks, tables and report included, and again where nothing is new.

Both wall and CPU seconds are told, of all processes: on a busy machine only the CPU's can be compared. Without the real data nothing is
measured: a line on stderr names the folder, and the exit code is 0.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks.real_data import real_config
from pipeline.assess import assess
from pipeline.common.store.lake import content_hash
from pipeline.common.store.memory import Memory
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.tables.arrow import to_table
from schemas.tables.curation import ClusterMember, LedgerRow, Pair, Quality, Question, RawRecord, Rejected, SourceFile

ADDED = 0.01
Times = dict[str, tuple[float, float]]


@contextmanager
def copied() -> Iterator[tuple[Config, Path]]:
    """The real configuration over a copy of its files, and a folder beside them."""
    config = real_config()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "raw")
        for source in config.sources:
            for pattern in source.patterns:
                for path in filter(Path.is_file, config.root_path.glob(pattern)):
                    target = root / path.relative_to(config.root_path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
        yield config.model_copy(update={"root": str(root)}), Path(place)


def add_records(root: Path, count: int, into_files: bool) -> None:
    """Adds `count` questions to OpenTriviaQA, each a real one with a word changed: as a file, or at the ends of ten that are there."""
    folder = root / "opentriviaqa" / "categories"
    files = sorted(path for path in folder.iterdir() if path.name != "zz-added")
    blocks = [block for path in files for block in path.read_text(encoding="utf-8", errors="replace").split("\n#Q ")[1:]][7::13][:count]
    said = [f"\n#Q {re.sub('the', 'that very', block, count=1)}\n" for block in blocks]
    if not into_files:
        (folder / "zz-added").write_text("".join(said), encoding="utf-8")
        return
    for place, path in enumerate(files[:10]):
        with path.open("a", encoding="utf-8") as stream:
            stream.writelines(said[place::10])


def curate(config: Config, known: dict[str, Any] | None = None, memory: Memory | None = None) -> tuple[dict[str, Any], Times]:
    """Curation's tables by stage, and wall and CPU seconds of each stage; `known` is what an earlier call gave."""
    times: Times = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        wall, processor = time.perf_counter(), cpu()
        result = work()
        times[name] = (time.perf_counter() - wall, cpu() - processor)
        return result

    raw = timed("ingest", lambda: ingest(config, None, known and known["raw"]))
    normal = timed("normalize", lambda: normalize(raw, config.sources, known and (known["raw"], known["normal"])))
    found = timed("deduplicate", lambda: deduplicate(normal.questions, config.dedup, memory=memory))
    quality = timed("assess", lambda: assess(normal.questions, None, known and (known["normal"].questions, known["quality"])))
    chosen = timed(
        "select",
        lambda: select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score),
    )
    splits = timed("split", lambda: split(chosen, config.split))
    ledger = timed("ledger", lambda: build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {}))
    return {"raw": raw, "normal": normal, "found": found, "quality": quality, "ledger": ledger}, times


def hashes(tables: dict[str, Any]) -> list[str]:
    """The content hash of every table."""
    frames = [(tables["raw"], RawRecord), (tables["quality"], Quality), (tables["ledger"], LedgerRow)]
    frames += [
        *zip(tables["normal"], (Question, Rejected, SourceFile), strict=True),
        *zip(tables["found"][:2], (ClusterMember, Pair), strict=True),
    ]
    return [content_hash(to_table(frame, model)) for frame, model in frames]


def cpu() -> float:
    """CPU seconds of this process and of the children that have ended. One process works here: MCQ_WORKERS is 1."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def stages() -> None:
    """Curation by stage, in this process."""
    os.environ["MCQ_WORKERS"] = "1"
    with copied() as (config, place):
        memory = Memory(place / "memory", "bench")
        first, full = curate(config, None, memory)
        count = round(ADDED * len(first["raw"]))
        add_records(config.root_path, count, into_files=False)
        second, one_file = curate(config, first, memory)
        equal = hashes(second) == hashes(curate(config)[0])
        add_records(config.root_path, count, into_files=True)
        third, in_files = curate(config, second, memory)
        equal = equal and hashes(third) == hashes(curate(config)[0])
        columns = {"full": full, f"+{count} in a new file": one_file, f"+{count} in ten files": in_files}
        print(f"\n{len(first['raw']):,} records, one process; tables {'equal' if equal else 'DIFFER FROM'} those of a full run\n")
        print("| stage | " + " | ".join(f"{name}, wall / CPU s" for name in columns) + " |\n|---|" + "---|" * len(columns))
        for stage in full:
            print(f"| {stage} | " + " | ".join("{:.2f} / {:.2f}".format(*times[stage]) for times in columns.values()) + " |")
        sums = {name: [sum(pair[side] for pair in times.values()) for side in (0, 1)] for name, times in columns.items()}
        print("| **all** | " + " | ".join(f"**{wall:.2f} / {processor:.2f}**" for wall, processor in sums.values()) + " |")
        shares = ["100%", *(f"{wall / sums['full'][0]:.1%} / {own / sums['full'][1]:.1%}" for wall, own in list(sums.values())[1:])]
        print("| of the full run | " + " | ".join(shares) + " |", flush=True)
        if not equal:
            sys.exit("a refresh gave other tables than a full run")


def processes() -> None:
    """`mcq run --until curated` as users call it."""
    with copied() as (config, place):
        file = place / "bench.yaml"
        sources = [source.model_dump(mode="json", exclude_defaults=True) for source in config.sources]
        file.write_text(yaml.safe_dump({"dataset": "bench", "root": config.root, "sources": sources}), encoding="utf-8")
        (place / "home").mkdir()
        settings = (PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8")
        (place / "home" / "dagster.yaml").write_text(settings.replace(".dagster", str(place / "home")), encoding="utf-8")
        environment = {**os.environ, "DAGSTER_HOME": str(place / "home"), "PYTHONPATH": str(PROJECT_ROOT)}
        command = [sys.executable, "-m", "cli.main", "run", "--until", "curated", "--config", str(file), "--data-root", str(place / "data")]

        def run() -> tuple[float, float]:
            wall, processor = time.perf_counter(), cpu()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - wall, cpu() - processor

        rows = {"full": run(), "nothing new": run()}
        add_records(config.root_path, 450, into_files=False)
        rows["+1%"] = run()
        print("\n| `mcq run --until curated` | wall s | CPU s | of the full run, wall / CPU |\n|---|---|---|---|")
        for name, (wall, processor) in rows.items():
            print(
                f"| {name} | {wall:.1f} | {processor:.1f} | {wall / rows['full'][0]:.0%} / {processor / rows['full'][1]:.0%} |", flush=True
            )


def main() -> None:
    """Parses the command line and runs what it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--process", action="store_true")
    processes() if parser.parse_args().process else stages()


if __name__ == "__main__":
    main()
