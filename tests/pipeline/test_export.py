"""Exports: read back by ingest they give the same questions, formulas are harmless, and nothing foreign is overwritten."""

import json

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.export import FORMATS, export
from pipeline.ingest import ingest
from pipeline.lake import Version
from pipeline.normalize import normalize
from schemas.config import Config
from schemas.errors import DataError
from schemas.tables import LedgerRow, Question, to_frame, to_rows

CONFIG = Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*", "licence": "CC0"}]})
VERSION = Version("d", "v1", {}, {"train": 2, "validation": 1, "test": 1}, {}, "run", "2026-01-01")
QUESTIONS = [
    ("What is {1 + 1} = ~2?", ["=2", "3: three", "#4"], 0, "train"),
    ("Đâu là thủ đô nước ta?", ["Huế", "Hà Nội", "Vinh", "Đà Lạt"], 1, "train"),
    ("=HYPERLINK(1) is a what?", ["formula", "city"], 0, "validation"),
    ("Which of these is a river?", ["Hồng", "Everest"], 0, "test"),
]


@pytest.fixture
def ledger():
    rows = []
    for n, (stem, options, answer_index, split) in enumerate(QUESTIONS):
        row = dict.fromkeys(LedgerRow.model_fields) | {"stem": stem, "options": options, "answer_index": answer_index, "split": split}
        row |= dict.fromkeys(("source", "role", "file", "locator", "dataset_version", "licence", "file_sha256", "payload"), "s")
        rows.append(
            row | {"record_id": f"r{n}", "disposition": split, "reason_codes": [], "repairs": [], "language": "en", "split_group": f"g{n}"}
        )
    return to_frame(rows, LedgerRow)


@pytest.mark.parametrize("form", ["hf", "csv", "xlsx", "gift", "lm-eval"])
def test_exporting_and_reading_again_gives_the_same_questions(form, ledger, tmp_path):
    folder = tmp_path / "out"
    assert export(folder, form, ledger, VERSION, CONFIG) == {"train": 2, "validation": 1, "test": 1}
    patterns = {"hf": "data/*.parquet", "lm-eval": "*.jsonl"}
    source = {"name": "s", "path": patterns.get(form, f"*.{form}"), "answer_format": "index0" if form == "lm-eval" else "auto"}
    again = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [source]})
    questions = to_rows(normalize(ingest(again), again).questions, Question)
    found = {(row["stem"].removeprefix("'"), tuple(o.removeprefix("'") for o in row["options"]), row["answer_index"]) for row in questions}
    assert found == {(stem, tuple(options), index) for stem, options, index, _ in QUESTIONS}


def test_chats_and_instructions_end_with_the_answer(ledger, tmp_path):
    export(tmp_path / "m", "messages", ledger, VERSION, CONFIG)
    chat = json.loads((tmp_path / "m" / "train.jsonl").read_text().splitlines()[1])
    assert [turn["role"] for turn in chat["messages"]] == ["system", "user", "assistant"]
    assert chat["messages"][-1]["content"] == "B"
    export(tmp_path / "a", "alpaca", ledger, VERSION, CONFIG)
    assert json.loads((tmp_path / "a" / "test.jsonl").read_text())["output"] == "A"


def test_the_card_tells_files_funnel_and_licences(ledger, tmp_path):
    export(tmp_path / "hf", "hf", ledger, VERSION, CONFIG)
    text = (tmp_path / "hf" / "README.md").read_text()
    head = yaml.safe_load(text.split("---")[1])
    files = {part["split"]: part["path"] for part in head["configs"][0]["data_files"]}
    assert {name: pq.read_table(tmp_path / "hf" / path).num_rows for name, path in files.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    assert "| s | CC0 |" in text


def test_no_cell_runs_as_a_formula(ledger, tmp_path):
    export(tmp_path / "c", "csv", ledger, VERSION, CONFIG)
    assert "'=HYPERLINK" in (tmp_path / "c" / "validation.csv").read_text()
    assert ",'=2," in (tmp_path / "c" / "train.csv").read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_with_something_else_is_left_alone_and_an_old_export_is_replaced(form, ledger, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="no export of ours"):
        export(tmp_path / "mine", form, ledger, VERSION, CONFIG)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    for _ in range(2):
        export(tmp_path / "new", form, ledger, VERSION, CONFIG)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "new"]


def test_nothing_to_export_is_said(ledger, tmp_path):
    with pytest.raises(DataError, match="nothing to export"):
        export(tmp_path / "x", "hf", ledger.head(0), VERSION, CONFIG)
    assert not (tmp_path / "x").exists()
