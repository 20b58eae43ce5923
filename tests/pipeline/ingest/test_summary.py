"""What was read, by source and by file."""

from pipeline.ingest import ingest
from pipeline.ingest.summary import by_file, by_source, unreadable_files
from schemas.config import Config


def test_the_file_with_most_rejected_records_comes_first(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"question": "a"}\n{"question": "b"}\n', encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text('{"question": "a"}\n{broken\n', encoding="utf-8")
    raw = ingest(Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": "*.jsonl"}]}))
    assert by_source(raw).to_dict("records") == [{"source": "s", "files": 2, "records": 4}]
    files = by_file(raw)
    assert files[["file", "records", "rejected"]].to_numpy().tolist() == [["bad.jsonl", 2, 1], ["good.jsonl", 2, 0]]
    assert by_source(raw.head(0)).empty
    assert by_file(raw.head(0)).empty


def test_files_that_cannot_be_read_at_all_are_told_with_their_reasons(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"question": "a"}\n{broken\n', encoding="utf-8")
    (tmp_path / "none.json").write_text("no json", encoding="utf-8")
    raw = ingest(Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": "*"}]}))
    assert {name: why[:8] for name, why in unreadable_files(raw).items()} == {"none.json": "no JSON:"}
    assert unreadable_files(raw.head(0)) == {}
