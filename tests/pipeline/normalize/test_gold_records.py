"""400 real records, read by eye: what each must become. The gold holds places and hashes, never the sources' texts; the records are
read from the data beside the project. Half of them were picked for being odd (rejected, repaired, long, damaged)."""

import hashlib
import json
from collections import defaultdict

import pytest

from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question, Rejected

GOLD = PROJECT_ROOT / "tests" / "gold" / "records.jsonl"


def fingerprint(text):
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


@pytest.fixture(scope="module")
def read(shared):
    """What the pipeline makes of every record of the files that the gold names, by SOURCE:LOCATOR."""
    files = defaultdict(set)
    for row in map(json.loads, GOLD.read_text(encoding="utf-8").splitlines()):
        source, _, locator = row["record"].partition(":")
        files[source].add(locator.partition("#")[0])
    # The published keys, as the set's own configuration asks for.
    given = {"mmlu_redux": {"answer": "answer"}}
    sources = [{"name": name, "path": sorted(paths), "fields": given.get(name, {})} for name, paths in files.items()]
    config = Config.model_validate({"dataset": "gold", "root": str(shared / "data"), "sources": sources})
    result = normalize(ingest(config), config.sources)
    found = {}
    for row in to_rows(result.questions, Question):
        options = [fingerprint(option) for option in row["options"]]
        found[f"{row['source']}:{row['locator']}"] = {
            "stem": fingerprint(row["stem"]),
            "options": options,
            "answer_index": row["answer_index"],
        }
    for row in to_rows(result.rejected, Rejected):
        found[f"{row['source']}:{row['locator']}"] = {"reasons": row["reason_codes"]}
    return found


def test_records_become_what_a_careful_reader_makes_of_them(read):
    gold = {row.pop("record"): row for row in map(json.loads, GOLD.read_text(encoding="utf-8").splitlines())}
    wrong = {name: (expected, read.get(name)) for name, expected in gold.items() if read.get(name) != expected}
    complete = [name for name, row in gold.items() if "stem" in row]
    broken = [name for name, row in gold.items() if "reasons" in row]
    assert (len(gold), len(broken)) == (400, 49)
    # 99.5% of each kind.
    assert sum(name in wrong for name in complete) <= len(complete) // 200, wrong
    assert sum(name in wrong for name in broken) <= len(broken) // 200, wrong
