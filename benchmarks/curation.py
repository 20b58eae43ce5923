"""Times whole curation, stage by stage: `make bench`, or `python -m benchmarks.curation [--config F ...] [--generated N ...] [--lsh]`.

Without options: the real data beside the project. `--generated N` writes N records made from it (most of their words
replaced, one in ten a copy of an earlier one) into a folder of their own and curates those: how time and memory grow. `--lsh` times the
search for duplicate candidates beside the plain datasketch loop, in one run. Every N is a process of its own.

Without the real data nothing is measured: a line on stderr names the folder, and the exit code is 0, so that `make bench` goes on.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.real_data import merged, real_config
from pipeline import checks
from pipeline.assess import assess
from pipeline.common.letters import LETTERS
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger, funnel
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config
from schemas.errors import ConfigError
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question

RECORDS_A_FILE = 20_000
# Shares of a record's words that are replaced, and of records that repeat an earlier one with its options turned.
REPLACED, COPIED = 0.7, 0.1


def curate(config: Config) -> None:
    """Curates and prints the table."""
    times: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        started = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - started
        return result

    raw = timed("ingest", lambda: ingest(config))
    normal = timed("normalize", lambda: normalize(raw, config.sources))
    found = timed("deduplicate", lambda: deduplicate(normal.questions, config.dedup))
    quality = timed("assess", lambda: assess(normal.questions))
    chosen = timed(
        "select",
        lambda: select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score),
    )
    splits = timed("split", lambda: split(chosen, config.split))
    ledger = timed("ledger", lambda: build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {}))
    assert checks.unaccounted(raw, ledger).empty
    total = sum(seconds for name, seconds in times.items() if name != "ledger")
    print(f"\n{len(raw):,} records of {', '.join(source.name for source in config.sources)}\n")
    print("| stage | seconds | records/s |\n|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.2f} | {len(raw) / seconds:,.0f} |")
    print(f"| **ingest to splits** | **{total:.2f}** | **{len(raw) / total:,.0f}** |")
    own, others = memory()
    print(f"\npeak memory {own:.2f} GiB, and {others:.2f} GiB in worker processes; candidates and pairs: {found.counts}")
    print(f"funnel: {funnel(ledger)}", flush=True)


def memory() -> tuple[float, float]:
    """Peak resident memory of this process, and the sum of its descendants' peaks, GiB (Linux)."""
    parents, peaks = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        parents[int(fields["Pid"])] = int(fields["PPid"])
        peaks[int(fields["Pid"])] = int(fields.get("VmHWM", "0 kB").split()[0]) / 2**20
    own = os.getpid()
    family = {own}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return peaks[own], sum(peaks[pid] for pid in family - {own})


def generate(folder: Path, count: int) -> None:
    """`count` jsonl records made from the real ones, the same every time."""
    config = real_config()
    real = to_rows(normalize(ingest(config), config.sources).questions, Question, ("stem", "options", "answer_index"))
    rng = random.Random(11)
    invented = ["".join(rng.choices(["ba", "ko", "lim", "dra", "thu", "nes", "viel", "mor", "anh", "que"], k=3)) for _ in range(5_000)]
    words = sorted({word for row in real for word in re.findall(r"[^\W\d_]{2,}", row["stem"])} | set(invented))
    made: list[dict[str, Any]] = []

    def other(match: re.Match[str]) -> str:
        return rng.choice(words) if rng.random() < REPLACED else match[0]

    def record(row: dict[str, Any]) -> dict[str, Any]:
        stem, *options = (re.sub(r"[^\W\d_]{2,}", other, text) for text in (row["stem"], *row["options"]))
        return {"question": stem, "options": [f"{o} {rng.choice(words)}" for o in options], "answer": LETTERS[row["answer_index"]]}

    def turned(row: dict[str, Any]) -> dict[str, Any]:
        place = len(row["options"]) - 1 - LETTERS.index(row["answer"])
        return {"question": row["question"], "options": row["options"][::-1], "answer": LETTERS[place]}

    def records() -> Iterator[dict[str, Any]]:
        for number in range(count):
            if made and rng.random() < COPIED:
                yield turned(rng.choice(made))
            else:
                row = record(real[number % len(real)])
                if len(made) < 100_000:
                    made.append(row)
                yield row

    folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    files = 0
    for row in records():
        lines.append(json.dumps(row, ensure_ascii=False))
        if len(lines) == RECORDS_A_FILE:
            (folder / f"part-{files:04}.jsonl").write_text("\n".join(lines), encoding="utf-8")
            lines, files = [], files + 1
    if lines:
        (folder / f"part-{files:04}.jsonl").write_text("\n".join(lines), encoding="utf-8")


def compare_lsh() -> None:
    """Candidates by our arrays beside datasketch's own loop, on the same tokens."""
    from datasketch import MinHash, MinHashLSH

    from pipeline.deduplicate.candidates import candidate_tokens, content_words, fingerprints, tokens_of
    from pipeline.deduplicate.clusters import Nodes
    from pipeline.deduplicate.minhash import lsh_pairs

    config = real_config()
    nodes = Nodes(normalize(ingest(config), config.sources).questions)
    dedup = config.dedup
    os.environ["MCQ_WORKERS"] = "1"  # one process against one
    started = time.perf_counter()
    ours, _ = lsh_pairs(fingerprints(nodes.table, dedup).bands.T)
    own = time.perf_counter() - started

    right = [options[key] for options, key in zip(nodes.options, nodes.answer_index, strict=True)]
    stems, answers, vocabulary = tokens_of(nodes.stem, right)
    tokens, names = candidate_tokens(content_words(stems, vocabulary), answers, vocabulary)
    texts = [[names[v].encode() for v in tokens.values[a:b]] for a, b in zip(tokens.offsets[:-1], tokens.offsets[1:], strict=True)]
    started = time.perf_counter()
    lsh = MinHashLSH(num_perm=dedup.permutations, params=(dedup.bands, dedup.rows))
    hashed = []
    for row, shingles in enumerate(texts):
        minhash = MinHash(num_perm=dedup.permutations, seed=dedup.seed)
        for shingle in shingles:
            minhash.update(shingle)
        lsh.insert(row, minhash, check_duplication=False)
        hashed.append(minhash)
    theirs = {(min(a, b), max(a, b)) for a, minhash in enumerate(hashed) for b in lsh.query(minhash) if a != b}
    loop = time.perf_counter() - started
    missed = len(theirs - {(a, b) for a, b in ours.tolist()})
    print(f"\ncandidates among {len(nodes):,} questions, {dedup.permutations} permutations, {dedup.bands} bands of {dedup.rows}\n")
    print("| way | seconds | candidate pairs |\n|---|---|---|")
    print(f"| this project, tokenising included | {own:.2f} | {len(ours):,} |")
    print(f"| datasketch, one update a token, insert and query | {loop:.2f} | {len(theirs):,} |")
    print(f"\n{loop / own:.1f} times as fast; {missed} of datasketch's pairs are missing (buckets over the limit)", flush=True)


def main() -> None:
    """Parses the command line and runs what it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, nargs="*")
    parser.add_argument("--generated", type=int, nargs="*", default=[], metavar="N")
    parser.add_argument("--lsh", action="store_true")
    arguments = parser.parse_args()
    if arguments.lsh:
        compare_lsh()
    elif arguments.generated:
        for count in arguments.generated:
            with tempfile.TemporaryDirectory() as folder:
                generate(Path(folder), count)
                config = Path(folder) / "generated.yaml"
                config.write_text(f"dataset: generated\nroot: {folder}\nsources:\n  - {{name: generated, path: '*.jsonl'}}\n")
                subprocess.run([sys.executable, "-m", "benchmarks.curation", "--config", str(config)], check=True)
    else:
        curate(merged(arguments.config) if arguments.config else real_config())


if __name__ == "__main__":
    try:
        main()
    except ConfigError as error:
        sys.exit(str(error))
