"""Tables of a small curation, and readers of single files."""

import json

import pytest

from pipeline.assess import assess
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question, Rejected


@pytest.fixture
def read(tmp_path):
    """Writes one file (text, bytes, or rows for .json and .jsonl) and gives its questions and its rejected rows."""

    def run(content, name="file.json", **source):
        if not isinstance(content, str | bytes):
            lines = name.endswith("jsonl")
            content = (
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content) if lines else json.dumps(content, ensure_ascii=False)
            )
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": name, **source}]})
        raw = ingest(config)
        result = normalize(raw, config.sources)
        questions, rejected = to_rows(result.questions, Question), to_rows(result.rejected, Rejected)
        assert sorted(row["record_id"] for row in questions + rejected) == sorted(raw["record_id"].tolist())
        return questions, rejected

    return run


@pytest.fixture
def parse(read):
    """(stem, options, text of the right option) of every question of a file in which nothing is rejected."""

    def run(content, name="file.json", **source):
        questions, rejected = read(content, name, **source)
        assert rejected == [], [(row["locator"], row["reason_codes"], row["detail"], row["stem"], row["options"]) for row in rejected]
        return [(row["stem"], row["options"], row["options"][row["answer_index"]]) for row in questions]

    return run


@pytest.fixture
def reasons(read):
    """Reason codes of each rejected row of a file that gives no question."""

    def run(content, name="file.json", **source):
        questions, rejected = read(content, name, **source)
        assert questions == []
        return [row["reason_codes"] for row in rejected]

    return run


@pytest.fixture(scope="session")
def curated(questions, tmp_path_factory):
    """Frames by asset of a curation of ten records: eight clean questions, a copy of the first, and one without a stem."""
    folder = tmp_path_factory.mktemp("curated")
    rows = [*questions, questions[0], {"question": "", "options": ["a", "b"], "answer": "a"}]
    (folder / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = Config.model_validate({"dataset": "tiny", "root": str(folder), "sources": [{"name": "school", "path": "*.jsonl"}]})
    raw = ingest(config)
    normal = normalize(raw, config.sources)
    found = deduplicate(normal.questions, config.dedup)
    quality = assess(normal.questions)
    chosen = select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score)
    splits = split(chosen, config.split)
    return {
        "raw_records": raw,
        "questions": normal.questions,
        "rejected_records": normal.rejected,
        "duplicate_clusters": found.members,
        "duplicate_pairs": found.pairs,
        "quality_scores": quality,
        "curated_questions": chosen,
        "splits": splits,
        "sample_ledger": build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {}),
    }
