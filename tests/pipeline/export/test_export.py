"""Exports: read back by ingest they give the same questions, formulas are harmless, order is kept, and nothing foreign is overwritten."""

import csv
import json
import tempfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.common.control_tokens import known
from pipeline.common.store.lake import Version
from pipeline.export import FORMATS, MARK, export
from pipeline.export.base_tokens import base_model_tokens
from pipeline.export.spreadsheets import MAX_CELL_CHARS, marked
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import Config
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig
from schemas.errors import DataError
from schemas.reasons import SPLITS
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import LedgerRow, Question

CONFIG = Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*", "licence": "CC0-1.0"}]})
VERSION = Version("d", "v1", {}, {"train": 2, "validation": 1, "test": 1}, {}, "run", "2026-01-01")
READ_BACK = {
    "hf": {"path": "data/*.parquet"},
    "lm-eval": {"path": "*.jsonl"},
    "csv": {"path": "*.csv"},
    "xlsx": {"path": "*.xlsx"},
    # A GIFT file marks the right text, and a number could count: the format says which, our configuration too.
    "gift": {"path": "*.gift"},
}
QUESTIONS = [
    ("What is {1 + 1} = ~2?", ["=2", "3: three", "#4"], 0, "train"),
    ("Đâu là thủ đô nước ta?", ["Huế", "Hà Nội", "Vinh", "Đà Lạt"], 1, "train"),
    ("=HYPERLINK(1) is a what?", ["formula", "city", "All of the above"], 0, "validation"),
    ("Which of these is a river?", ["Hồng", "Everest"], 0, "test"),
]


def ledger_rows(questions):
    """Ledger rows of parsed questions, in the splits given."""
    rows = []
    for number, (question, split) in enumerate(questions):
        row = dict.fromkeys(LedgerRow.model_fields) | dict.fromkeys(("dataset_version", "licence", "file_sha256", "payload"), "s")
        row |= {"source": "s", "role": "train", "file": "f", "locator": f"f#line:{number}", "record_id": f"r{number:04}"}
        row |= {"disposition": split, "reason_codes": [], "repairs": [], "split": split, "split_group": f"g{number}", "language": "en"}
        rows.append(row | question)
    return to_frame(rows, LedgerRow)


def questions_in(folder, **source):
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", **source}]})
    found = normalize(ingest(config), config.sources)
    return to_rows(found.questions, Question), found.rejected


@pytest.fixture
def ledger():
    rows = [({"stem": s, "options": o, "answer_index": i, "fixed_order": "All of the above" in o}, split) for s, o, i, split in QUESTIONS]
    return ledger_rows(rows)


# Pieces that a spreadsheet, a quiz format or our own reader could take for something else.
PIECES = [
    "=",
    "+",
    "-",
    "@",
    "'",
    '"',
    ",",
    ";",
    "\n",
    "\t",
    "{",
    "}",
    "~",
    "=",
    ":",
    "#",
    "\\",
    "%50%",
    "\u00a0",
    "😀",
    "A. ",
    "B) ",
    " ",
    "2",
]
PIECES += [
    "\\frac{1}{2}",
    "\\neq",
    "\\\\\n",
    "$x_1$",
    "7",
    "1.5",
    "Hà Nội",
    "x < y",
    "::",
    "//",
    "->",
    "T",
    "true",
    "C",
    "word",
    "and",
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
ORDERED = st.sampled_from(["All of the above", "Cả A và B đều đúng", "None of these"])


@st.composite
def raw_questions(draw):
    options = draw(st.lists(TEXTS | ORDERED | st.integers(0, 12).map(str), min_size=2, max_size=6))
    stem = draw(TEXTS) + draw(st.sampled_from(["", " word", " what?"]))
    context = draw(st.none() | TEXTS)
    return {"question": stem, "options": options, "answer": "ABCDEF"[draw(st.integers(0, len(options) - 1))], "context": context}


@pytest.mark.parametrize("form", READ_BACK)
@settings(max_examples=60)
@given(raw=st.lists(raw_questions(), min_size=1, max_size=6))
@example(raw=[{"question": "Which one?", "options": ["A. A. Doyle", "B. B. Brecht"], "answer": "A", "context": None}])
@example(raw=[{"question": "[html] is a what?", "options": ["tag", "word"], "answer": "A", "context": None}])
@example(raw=[{"question": "Blood group?", "options": ["B", "A", "AB"], "answer": "A", "context": None}])
@example(raw=[{"question": "What is 1 + 1?", "options": ["1", "2", "3", "0"], "answer": "B", "context": None}])
@example(raw=[{"question": "Solve\nx \\neq 0", "options": ["-1", "+1", "=1", "@1"], "answer": "D", "context": "=A1"}])
def test_exporting_and_reading_again_gives_the_same_questions(form, raw):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        (root / "in" / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in raw), encoding="utf-8")
        parsed, _ = questions_in(root / "in", path="*.jsonl", answer_format="letter")
        # Texts stay as they are where programs read them, and our reader takes off a mark that all options bear.
        parsed = [row for row in parsed if form not in ("hf", "lm-eval") or marked(row["options"]) == row["options"]]
        # A column of bare numbers numbers the questions, as far as a reader can tell.
        parsed = [row for row in parsed if not row["stem"].isdecimal()]
        if not parsed:
            return
        rows = [({key: row[key] for key in Question.model_fields.keys() & LedgerRow.model_fields.keys()}) for row in parsed]
        placed = [({**row, "record_id": f"r{n:04}"}, str(SPLITS[n % 3])) for n, row in enumerate(rows)]
        export(root / "out", form, ledger_rows(placed), VERSION, CONFIG)
        again, rejected = questions_in(root / "out", **READ_BACK[form])
        assert not len(rejected), rejected["detail"].tolist()
        key = ("content_id", "fixed_order")
        assert sorted(tuple(row[k] for k in key) for row in again) == sorted(tuple(row[k] for k in key) for row in parsed)


def test_chats_and_instructions_end_with_the_answer(ledger, tmp_path):
    export(tmp_path / "m", "messages", ledger, VERSION, CONFIG)
    chat = json.loads((tmp_path / "m" / "train.jsonl").read_text().splitlines()[1])
    assert [turn["role"] for turn in chat["messages"]] == ["system", "user", "assistant"]
    assert chat["messages"][-1]["content"] == "B"
    export(tmp_path / "a", "alpaca", ledger, VERSION, CONFIG)
    assert json.loads((tmp_path / "a" / "test.jsonl").read_text())["output"] == "A"


@pytest.mark.parametrize("form", ["messages", "alpaca"])
def test_trainers_are_told_of_files_that_exist_and_columns_that_rows_have(form, ledger, tmp_path):
    export(tmp_path / "x", form, ledger, VERSION, CONFIG)
    info = json.loads((tmp_path / "x" / "dataset_info.json").read_text())
    assert set(info) == {"d_train", "d_validation", "d_test"}
    for entry in info.values():
        row = json.loads((tmp_path / "x" / entry["file_name"]).read_text().splitlines()[0])
        assert set(entry["columns"].values()) <= set(row)
    snippet = (tmp_path / "x" / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    blocks = yaml.safe_load(snippet)
    assert {key: block["path"] for key, (block,) in blocks.items()} == {"datasets": "train.jsonl", "test_datasets": "validation.jsonl"}


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
    assert (head["license"], head["dataset_version"], head["size_categories"]) == ("cc0-1.0", "v1", ["n<1K"])
    assert "| s | 2 | 1 | 1 | CC0-1.0 |" in text
    assert "1 questions have `fixed_order`" in text


def test_a_split_without_rows_has_no_file_and_isnt_named(ledger, tmp_path):
    for form in FORMATS:
        export(tmp_path / form, form, ledger.head(2), VERSION, CONFIG)
        said = "".join(path.read_text(errors="replace") for path in (tmp_path / form).iterdir() if path.suffix in (".md", ".yaml", ".json"))
        assert "validation." not in said, form
        assert not list((tmp_path / form).rglob("test.*")), form


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_runs_as_a_formula(form, tmp_path):
    nasty = ["=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0"]
    rows = [
        (
            {
                "stem": text,
                "context": text,
                "options": nasty,
                "answer_index": 1,
                "explanation": text,
                "subject": text,
                "fixed_order": False,
            },
            "train",
        )
        for text in nasty
    ]
    export(tmp_path / "x", form, ledger_rows(rows), VERSION, CONFIG)
    if form == "csv":
        cells = [cell for line in csv.reader((tmp_path / "x" / "train.csv").open(encoding="utf-8-sig")) for cell in line]
    else:
        book = openpyxl.load_workbook(tmp_path / "x" / "d.xlsx")
        cells = [cell.value for sheet in book for line in sheet for cell in line if cell.value is not None]
        assert all(cell.data_type != "f" for sheet in book for line in sheet for cell in line)
    assert sum("SUM" in cell for cell in cells) >= 5
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_text_too_long_for_a_cell_is_refused_and_csv_is_named(tmp_path):
    def rows(length):
        return ledger_rows([({"stem": "x" * length, "options": ["a", "b"], "answer_index": 0, "fixed_order": False}, "train")])

    export(tmp_path / "x", "xlsx", rows(MAX_CELL_CHARS), VERSION, CONFIG)
    with pytest.raises(DataError, match=r"r0000 has 32,768 characters.*csv"):
        export(tmp_path / "y", "xlsx", rows(MAX_CELL_CHARS + 1), VERSION, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_moodle_would_shuffle_and_must_not_has_a_file_of_its_own(ledger, tmp_path):
    export(tmp_path / "g", "gift", ledger, VERSION, CONFIG)
    assert sorted(path.name for path in (tmp_path / "g").glob("*.gift")) == ["test.gift", "train.gift", "validation.fixed_order.gift"]


def test_rows_say_where_the_order_matters(ledger, tmp_path):
    export(tmp_path / "hf", "hf", ledger, VERSION, CONFIG)
    assert pq.read_table(tmp_path / "hf" / "data" / "validation.parquet")["fixed_order"].to_pylist() == [True]
    export(tmp_path / "l", "lm-eval", ledger, VERSION, CONFIG)
    assert json.loads((tmp_path / "l" / "validation.jsonl").read_text())["fixed_order"] is True
    export(tmp_path / "c", "csv", ledger, VERSION, CONFIG)
    assert (tmp_path / "c" / "validation.csv").read_text(encoding="utf-8-sig").strip().endswith("yes")


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_with_something_else_is_left_alone_and_an_old_export_is_replaced(form, ledger, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match=r"thesis\.txt, which is no export of ours"):
        export(tmp_path / "mine", form, ledger, VERSION, CONFIG)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    for _ in range(2):
        export(tmp_path / "new", form, ledger, VERSION, CONFIG)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "new"]
    (tmp_path / "new" / "notes.txt").write_text("beside the export")
    with pytest.raises(DataError, match=r"notes\.txt"):
        export(tmp_path / "new", form, ledger, VERSION, CONFIG)
    assert (tmp_path / "new" / "notes.txt").exists()


def test_a_failed_export_leaves_the_one_before(ledger, tmp_path, monkeypatch):
    export(tmp_path / "x", "csv", ledger, VERSION, CONFIG)
    before = (tmp_path / "x" / MARK).read_text()

    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setitem(FORMATS, "csv", broken)
    with pytest.raises(OSError, match="no space"):
        export(tmp_path / "x", "csv", ledger, VERSION, CONFIG)
    assert (tmp_path / "x" / MARK).read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_nothing_to_export_is_said_with_the_counts(ledger, tmp_path):
    version = Version("d", "v1", {}, {"rejected": 3, "train": 0}, {}, "run", "2026-01-01")
    with pytest.raises(DataError, match="nothing to export: rejected 3"):
        export(tmp_path / "x", "hf", ledger.head(0), version, CONFIG)
    assert not (tmp_path / "x").exists()


MARKS = ["<|im_end|>", "[INST]", "<think>", "</s>"]


def control_ledger():
    said = f"Ignore {MARKS[0]} and {MARKS[1]}"
    question = {
        "context": f"a {MARKS[2]}",
        "stem": f"{said}?",
        "options": [f"x{MARKS[3]}", "y"],
        "answer_index": 0,
        "content_id": "c",
        "quality_score": 1.0,
        "flags": [],
        "fixed_order": False,
    }
    plain = {**question, "context": None, "stem": "Which <b> is it?", "options": ["x", "y"], "content_id": "d"}
    return ledger_rows([(question, "train"), (plain, "train")])


@pytest.mark.parametrize("form", ["messages", "alpaca", "lm-eval"])
def test_no_control_token_of_a_question_goes_to_a_model_unless_asked(form, tmp_path):
    config = CONFIG.model_copy(update={"render": RenderConfig(system_prompt="Be brief. <|im_end|>", style="cloze")})
    done = export(tmp_path / "safe", form, control_ledger(), VERSION, config)
    assert done.control_tokens == {"broken": 4, "rows": 1}
    assert json.loads((tmp_path / "safe" / MARK).read_text())["control_tokens"] == {"broken": 4, "rows": 1}
    text = (tmp_path / "safe" / "train.jsonl").read_text()
    first, second = map(json.loads, text.splitlines())
    told = {key: value for key, value in first.items() if key not in ("context", "question", "options")}
    assert not [mark for mark in MARKS if mark in json.dumps(told)]
    assert "Which <b> is it?" in json.dumps(second)
    assert form != "lm-eval" or (first["options"], first["cloze_texts"]) == ([f"x{MARKS[3]}", "y"], ["x< /s>", "y"])
    assert form == "lm-eval" or "4 in 1 rows" in (tmp_path / "safe" / "README.md").read_text()

    done = export(tmp_path / "raw", form, control_ledger(), VERSION, config, None)
    assert done.control_tokens is None
    assert (tmp_path / "raw" / "train.jsonl").read_text().count("<|im_end|>") > text.count("<|im_end|>")
    assert form == "lm-eval" or "were kept" in (tmp_path / "raw" / "README.md").read_text()


@pytest.mark.parametrize("form", ["hf", "csv", "gift"])
def test_what_goes_to_people_and_tables_is_whole(form, tmp_path):
    assert export(tmp_path / form, form, control_ledger(), VERSION, CONFIG).control_tokens is None


def test_the_base_models_own_tokens_are_read_from_its_file(tmp_path):
    added = [
        {"content": text, "special": special}
        for text, special in (("<my_end>", True), ("[[turn]]", False), ("word", False), ("<b>", False))
    ]
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    assert base_model_tokens(TrainConfig(base_model=str(tmp_path / "m")), tmp_path) == ["<my_end>", "[[turn]]"]
    assert known(["<my_end>"]).neutralise("a<my_end></s>") == ("a< my_end>< /s>", 2)
    (tmp_path / "m" / "tokenizer.json").write_text("[")
    assert base_model_tokens(TrainConfig(base_model=str(tmp_path / "m")), tmp_path) == []
    assert base_model_tokens(TrainConfig(base_model="nobody/nothing"), tmp_path) == []
