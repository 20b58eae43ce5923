"""Times the audit: `python -m benchmarks.audit [N ...] [--keep FOLDER]`, by default 45046 and 1000000 records.

Each N is generated (words drawn by chance, lengths as in the real data), written by the lake's own writers as two published versions, and
read as people read it: the database built in a process of its own, what a record page asks, searches, and `mcq trace` as a whole process.
"""

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit.folding import fold
from pipeline.audit.schema import TABLES
from pipeline.audit.search import search
from pipeline.common.files import write_parquet
from pipeline.common.store.lake import Lake, Version, content_hash
from pipeline.common.store.run_files import MANIFEST, SAMPLES
from schemas.tables.arrow import arrow_schema
from schemas.tables.bounds import checked
from schemas.tables.curation import LedgerRow, Pair, Quality, SourceFile
from schemas.tables.row import Row
from schemas.tables.training import TrainedSample

DATASET = "generated"
FILE_ROWS = 5_000
DISPOSITIONS = ("train", "validation", "test", "rejected", "duplicate", "conflict", "filtered", "benchmark", "contaminated")
SHARES = (0.62, 0.08, 0.08, 0.08, 0.06, 0.02, 0.02, 0.03, 0.01)
REASONS = {
    "rejected": "missing_answer",
    "duplicate": "duplicate_same",
    "conflict": "conflicting_answers",
    "filtered": "below_min_score",
    "contaminated": "contaminated_same",
}
RELATIONS = {"duplicate": "same", "conflict": "conflict", "contaminated": "same"}
SEARCHES = (
    "frequent",
    "frequent, narrowed",
    "two words",
    "a rare word",
    "without diacritics",
    "a phrase",
    "a beginning",
    "an id",
    "a reason",
    "a file",
)
BUILD = "from benchmarks.audit import built; built()"
TIMES = 5


def words(rng: np.random.Generator) -> list[str]:
    """A vocabulary of Vietnamese syllables and English-like words, frequent ones first."""
    onsets = ["b", "c", "đ", "h", "kh", "ng", "th", "tr", "l", "m", "n", "qu", "x", "v", ""]
    vowels = ["à", "ả", "ã", "á", "ạ", "ă", "â", "ấ", "ệ", "ơ", "ư", "ừ", "o", "u", "i", "e"]
    syllables = [onset + vowel + coda for onset in onsets for vowel in vowels for coda in ("", "n", "ng", "c", "t", "p", "m")]
    letters = np.array(list("abcdefghiklmnoprstuvy"))
    invented = ["".join(rng.choice(letters, size)) for size in rng.integers(4, 10, 30_000)]
    rng.shuffle(syllables)
    return [*syllables[:200], *invented[:5_000], *syllables[200:], *invented[5_000:]]


class Texts:
    """Running text of words drawn by how frequent they are."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.words = pa.array(words(rng))
        odds = 1 / np.arange(10, len(self.words) + 10) ** 0.9
        self.ends = np.cumsum(odds / odds.sum())

    def draw(self, lengths: np.ndarray) -> pa.Array:
        """A text of so many words each."""
        places = np.minimum(np.searchsorted(self.ends, self.rng.random(int(lengths.sum()))), len(self.words) - 1)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pc.binary_join(pa.ListArray.from_arrays(offsets, self.words.take(pa.array(places))), " ")


def ids(count: int, start: int = 0) -> np.ndarray:
    """Distinct ids of 16 hexadecimal digits, without any order."""
    mixed = (np.arange(start, start + count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return np.array([f"{number:016x}" for number in mixed.tolist()])


def generate(count: int) -> dict[type[Row], pa.Table]:
    """The tables of a version of `count` records, the same every time."""
    rng = np.random.default_rng(11)
    texts = Texts(rng)
    disposition = rng.choice(np.array(DISPOSITIONS, dtype=object), count, p=SHARES)
    record, content = ids(count), ids(count, 2**40)
    is_split = np.isin(disposition, ("train", "validation", "test"))
    rejected, decided = disposition == "rejected", np.isin(disposition, list(RELATIONS))
    other = np.roll(record, count // 2 + 1)  # so no pair stands twice
    stems = texts.draw(rng.integers(12, 32, count))
    flat = texts.draw(rng.integers(1, 6, 4 * count))
    options = pa.ListArray.from_arrays(pa.array(np.arange(0, 4 * count + 1, 4), pa.int32()), flat)
    explanations = texts.draw(rng.integers(30, 60, count))
    places = np.arange(count)
    files = pa.array([f"raw/part-{number:05}.jsonl" for number in range(count // FILE_ROWS + 1)]).take(pa.array(places // FILE_ROWS))
    lines = pc.cast(pa.array(places % FILE_ROWS + 1), pa.string())
    score = np.round(1 - rng.random(count) ** 8, 4)
    flagged = score < 0.7

    def where(mask: np.ndarray, values: Any) -> pa.Array:
        return pc.if_else(pa.array(mask), values, None)

    def lists(given: np.ndarray, values: pa.Array) -> pa.Array:
        """A list of one item where it is given, else an empty one."""
        offsets = pa.array(np.concatenate([[0], np.cumsum(given)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, values.filter(pa.array(given)))

    reasons = pa.array([REASONS.get(name, "") for name in disposition])
    payload = pc.binary_join_element_wise('{"answer":"A","options":["', pc.binary_join(options, '","'), '"],"question":"', stems, '"}', "")
    columns: dict[str, Any] = {
        "record_id": pa.array(record),
        "source": pc.if_else(pa.array(places % 3 == 0), "school", pc.if_else(pa.array(places % 3 == 1), "trivia", "handbook")),
        "role": pc.if_else(pa.array(disposition == "benchmark"), "benchmark", "train"),
        "file": files,
        "locator": pc.binary_join_element_wise(files, "#line:", lines, ""),
        "disposition": pa.array(disposition),
        "reason_codes": lists(np.isin(disposition, list(REASONS)), reasons),
        "detail": where(rejected, "no key was given"),
        "content_id": where(~rejected, pa.array(content)),
        "split_group": where(~rejected, pa.array(content)),
        "representative_id": where(decided, pa.array(other)),
        "relation": where(decided, pa.array([RELATIONS.get(name) for name in disposition], pa.string())),
        "quality_score": where(~rejected, pa.array(score)),
        "flags": where(~rejected, lists(flagged & ~rejected, pa.array(["negative_stem"] * count))),
        "split": where(is_split, pa.array(disposition)),
        "dataset_version": pa.array(["0123456789ab"] * count),
        "stem": stems,
        "options": options,
        "answer_index": where(~rejected, pa.array(places % 4)),
        "explanation": where(places % 8 == 0, explanations),
        "subject": pa.array([f"subject {number}" for number in range(20)]).take(pa.array(places % 20)),
        "language": pc.if_else(pa.array(places % 3 == 0), "vi", "en"),
        "repairs": lists(np.zeros(count, bool), stems),
        "fixed_order": where(~rejected, pa.array(np.zeros(count, bool))),
        "licence": pa.array(["MIT"] * count),
        "encoding": pa.array(["utf-8"] * count),
        "file_sha256": pa.array(["0" * 64] * count),
        "payload": payload,
    }
    kept = ~rejected
    told = lists(flagged & kept, pa.array(["negative_stem: 1 is over 0: the stem asks what is not so"] * count))
    quality = {
        "record_id": pa.array(record),
        "quality_score": pa.array(score),
        "flags": lists(flagged & kept, pa.array(["negative_stem"] * count)),
        "explanations": told,
        "signals": pc.if_else(pa.array(flagged), '{"negative_stem":1}', '{"stem_shortness":0.1}'),
    }
    left, right = np.where(record < other, record, other), np.where(record < other, other, record)
    pairs = {
        "left_id": pa.array(left),
        "right_id": pa.array(right),
        "relation": pa.array([RELATIONS.get(name, "related") for name in disposition]),
        "similarity": pa.array(score),
        "why": pa.array(["same_words: the same words but for spelling"] * count),
    }
    rows = [
        {
            **dict.fromkeys(("part", "unread_fraction", "encoding"), None),
            **{"source": "school", "file": file, "part": "", "reader": "jsonl", "layout": "none", "fields": [], "unused": []},
            **{"answer_format": "letter", "decided_by": "", "records": FILE_ROWS, "questions": FILE_ROWS, "rejected": 0, "reasons": []},
            **{"unread": [], "looks": []},
        }
        for file in dict.fromkeys(files.to_pylist())
    ]
    return {
        LedgerRow: _table(columns, LedgerRow),
        Quality: _table(quality, Quality).filter(pa.array(kept)),
        Pair: _table(pairs, Pair).filter(pa.array(decided)),
        SourceFile: pa.Table.from_pylist(rows, arrow_schema(SourceFile)),
    }


def _table(columns: dict[str, Any], model: type[Row]) -> pa.Table:
    schema = arrow_schema(model)
    rows = len(next(iter(columns.values())))
    made = [pa.chunked_array([columns[f.name]]).cast(f.type) if f.name in columns else pa.nulls(rows, f.type) for f in schema]
    return pa.table(made, schema=schema)


def write_project(folder: Path, count: int) -> None:
    """A configuration, and a lake with two versions of `count` records: the first lacks every hundredth of them."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    (raw / "part-00000.jsonl").write_text("{}\n")
    config = {"dataset": DATASET, "root": str(raw), "sources": [{"name": "school", "path": "*.jsonl"}]}
    (folder / "generated.yaml").write_text(json.dumps(config))
    lake = Lake(folder / "data", DATASET)
    tables = generate(count)
    for model, table in tables.items():
        checked(table.slice(0, 5_000).combine_chunks(), model)
    first = pa.array(np.arange(count) % 100 != 0)
    split = {"method": "hash", "seed": 7}
    for day, ledger in ((1, tables[LedgerRow].filter(first)), (2, tables[LedgerRow])):
        hashes = {}
        for model, table in {**tables, LedgerRow: ledger}.items():
            hashes[model.table] = content_hash(table)
            lake.write_arrow(model.table, table, hashes[model.table], {"run_id": f"run-{day}"})
        found = {value["values"].as_py(): value["counts"].as_py() for value in pc.value_counts(ledger["disposition"].combine_chunks())}
        counts = {name: found.get(name, 0) for name in DISPOSITIONS}
        facts = (DATASET, "0123456789ab", hashes, counts, {"split": split}, f"run-{day}", f"2026-11-0{day}T02:00:00+00:00")
        lake.publish(Version(*facts))
    write_adapter(folder / "data" / "models" / DATASET / "adapters" / "a1", tables[LedgerRow])


def write_adapter(folder: Path, ledger: pa.Table) -> None:
    """A finished adapter that saw every training question."""
    seen = ledger.filter(pc.equal(ledger["split"], "train")).select(["record_id", "split"])
    rows = seen.num_rows
    columns = {
        "record_id": seen["record_id"].combine_chunks(),
        "split": seen["split"].combine_chunks(),
        "status": pa.array(["trained"] * rows),
        "times_seen": pa.array([3] * rows),
        "first_loss": pa.array([2.0] * rows),
        "last_loss": pa.array([1.0] * rows),
        "losses": pa.array([[2.0, 1.5, 1.0]] * rows),
        "option_orders": pa.array([["BACD", "CABD", "ABCD"]] * rows),
        "gold_probabilities": pa.array([[]] * rows, pa.list_(pa.float64())),
        "gold_chosen": pa.array([[]] * rows, pa.list_(pa.bool_())),
    }
    write_parquet(folder / SAMPLES, _table(columns, TrainedSample))
    facts = {
        "run_id": "run-2",
        "base_model": "m",
        "base_revision": "r",
        "method": "qlora",
        "device": "cpu",
        "steps": 3,
        "wall_seconds": 1.0,
    }
    (folder / MANIFEST).write_text(json.dumps({"dataset_version": "0123456789ab", **facts}))


def built() -> None:
    """Builds the database of the project that the environment names, in this process; prints seconds and peak memory in GiB."""
    from assets.audit import renew
    from assets.resources.configurations import load_foundry

    started = time.perf_counter()
    _, written = renew(load_foundry())
    assert not written.unreadable, written.unreadable
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": time.perf_counter() - started, "gib": peak, "rows": written.rows}))


def seconds(work: Callable[[], object]) -> str:
    """The first time, and the worst of TIMES more."""
    times = []
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return f"{times[0]:.3f} | {max(times[1:]):.3f}"


def measure(folder: Path, count: int) -> None:
    """Prints the table of one size."""
    environment = {
        **os.environ,
        "MCQ_CONFIG": str(folder / "generated.yaml"),
        "MCQ_DATA_ROOT": str(folder / "data"),
        "DAGSTER_HOME": str(folder),
    }

    def call(*command: str) -> str:
        return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=True).stdout

    for name, path in (("first", None), ("nothing new", folder / "data" / "audit" / f"{DATASET}.sqlite")):
        made = json.loads(call("-c", BUILD))
        size = path.stat().st_size / 2**20 if path else 0
        more = f", {size:,.0f} MiB" if path else f", {made['gib']:.2f} GiB of memory, {made['rows']['changes']:,} changes"
        print(f"database of {count:,} records, {name}: {made['seconds']:.2f} s{more}")
    with closing(sqlite3.connect(folder / "data" / "audit" / f"{DATASET}.sqlite")) as connection:
        ids = [
            row[0] for row in connection.execute("select record_id from ledger where relation is not null limit 3 offset ?", [count // 100])
        ]
        print("\n| what is asked | first, seconds | then | hits |\n|---|---|---|---|")
        print(f"| a record, with all that a page shows | {seconds(lambda: [record(connection, one) for one in ids[:1]])} | 1 |")
        for name, asked, facets in searches(connection, ids[0]):
            hits = search(connection, asked, facets=facets).total
            print(
                f"| search: {name}, `{asked}` | {seconds(lambda asked=asked, facets=facets: search(connection, asked, facets=facets))} | {hits:,} |"
            )
    print(f"| `mcq trace`, the whole process | {seconds(lambda: call('-m', 'cli.main', 'trace', ids[1]))} | 1 |", flush=True)


def searches(connection: sqlite3.Connection, record_id: str) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Kinds of searches: name, query, facets."""
    drawn = words(np.random.default_rng(11))
    plain, rare = drawn[50], drawn[-5_000]
    frequent, other = (word for word in drawn[:200] if not word.isascii()), drawn[20]
    word = next(frequent)
    phrase = connection.execute("select stem from ledger where record_id = ?", [record_id]).fetchone()[0].split()[:2]
    facets = {"disposition": ["rejected"], "source": ["school"]}
    asked = (
        word,
        word,
        f"{word} {other}",
        rare,
        fold(plain),
        f'"{" ".join(phrase)}"',
        "qu*",
        record_id[:6],
        "missing_answer",
        "part-00001",
    )
    return [(name, query, facets if "narrowed" in name else {}) for name, query in zip(SEARCHES, asked, strict=True)]


def record(connection: sqlite3.Connection, record_id: str) -> int:
    """Asks for the rows of every table that bear a record's id, and for the records that they name."""
    rows = 0
    for table in TABLES.values():
        names = [c.name for c in table.columns if c.references == "ledger(record_id)" or c.name == "record_id"]
        for name in names:
            rows += len(connection.execute(f"select * from {table.name} where {name} = ? limit 50", [record_id]).fetchall())
    pairs = "select * from conflicts where left_id = ?1 union all select * from conflicts where right_id = ?1"
    rows += len(connection.execute(pairs, [record_id]).fetchall())
    same = "select b.* from ledger a join ledger b using (content_id) where a.record_id = ?"
    return rows + len(connection.execute(same, [record_id]).fetchall())


def main() -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("counts", type=int, nargs="*", default=[45_046, 1_000_000], metavar="N")
    parser.add_argument("--keep", type=Path, help="folder that holds the generated projects, so that they are made once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for count in arguments.counts:
            folder = (arguments.keep or Path(temporary)).resolve() / str(count)
            if not folder.exists():
                write_project(folder, count)
            shutil.rmtree(folder / "data" / "audit", ignore_errors=True)
            measure(folder, count)


if __name__ == "__main__":
    main()
