"""Files to records: identity, locators, encodings, and files that are broken in every way we met."""

import io
import json

import openpyxl
import pytest

from pipeline.ingest import ingest
from schemas.config import Config
from schemas.errors import ConfigError
from schemas.reasons import Reason
from schemas.tables.arrow import to_rows
from schemas.tables.curation import RawRecord


@pytest.fixture
def records(tmp_path):
    """Writes files and gives the records of one source over them."""

    def run(files, path="**/*", **source):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": path, **source}]})
        return to_rows(ingest(config), RawRecord)

    return run


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


ROWS = [{"q": "một"}, {"q": "hai"}, {"q": "ba"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def test_record_ids_survive_insertion_reordering_and_renaming(records, tmp_path):
    before = {row["payload"]: row["record_id"] for row in records({"a.jsonl": LINES})}
    (tmp_path / "a.jsonl").unlink()
    changed = [{"q": "không"}, *reversed(ROWS)]
    after = {row["payload"]: row["record_id"] for row in records({"sub/b.jsonl": "".join(json.dumps(row) + "\n" for row in changed)})}
    assert {payload: after[payload] for payload in before} == before
    assert len(after) == 4


def test_equal_payloads_are_told_apart_by_their_occurrence(records):
    rows = records({"a.jsonl": LINES + LINES})
    assert len({row["record_id"] for row in rows}) == 6


def test_locators_count_from_one_in_the_unit_of_the_format(records):
    found = records(
        {
            "a.json": json.dumps(ROWS),
            "b.jsonl": LINES,
            "c.csv": "q,A,B\nmột,1,2\nhai,3,4\n",
            "d.txt": "#Q một\n^ x\nA x\nB y\n\n#Q hai\n^ x\nA x\nB y\n",
            "e.xlsx": workbook(First=[["q", "A", "B"], ["một", 1, 2]], Second=[["q", "A", "B"], ["hai", 3, 4]]),
        }
    )
    assert [row["locator"] for row in found] == [
        *(f"a.json#item:{i}" for i in (1, 2, 3)),
        *(f"b.jsonl#line:{i}" for i in (1, 2, 3)),
        "c.csv#row:1",
        "c.csv#row:2",
        "d.txt#block:1",
        "d.txt#block:2",
        "e.xlsx#row:1",
        "e.xlsx#Second/row:1",
    ]


def test_a_passage_with_several_questions_gives_a_record_each(records):
    data = [{"article": "Bài đọc", "questions": [{"question": "một"}, {"question": "hai"}]}]
    rows = records({"a.json": json.dumps(data)})
    assert [row["locator"] for row in rows] == ["a.json#item:1.1", "a.json#item:1.2"]
    assert all(json.loads(row["payload"])["article"] == "Bài đọc" for row in rows)


VIETNAMESE = '[{"q": "Đường Trường Sơn ở đâu?"}]'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_encodings_are_found_and_recorded(records, encoding):
    text = VIETNAMESE if encoding != "cp1258" else '[{"q": "caf\u00e9 d\u00e9j\u00e0 vu"}]'
    (row,) = records({"a.json": text.encode(encoding)})
    assert json.loads(row["payload"])["q"] == json.loads(text)[0]["q"]
    assert row["encoding"]


def test_a_file_that_mixes_two_encodings_is_decoded_by_line(records):
    rows = records({"a.txt": "#Q café à Đà Nẵng\n^ x\nA x\nB y\n".encode() + b"#Q caf\xe9 noir\n^ x\nA x\nB y\n"})
    assert [row["payload"].splitlines()[0] for row in rows] == ["#Q café à Đà Nẵng", "#Q café noir"]
    assert "+" in rows[0]["encoding"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xlsx", b"PK\x03\x04 no workbook", Reason.UNREADABLE_FILE),
        ("a.xlsx", b"plain text", Reason.UNREADABLE_FILE),
        ("a.json", "no json at all", Reason.UNREADABLE_FILE),
        ("a.json", "[" * 100_000, Reason.UNREADABLE_FILE),
        ("a.pdf", b"%PDF-1.7 \x00\x01\x02\xff\xfe\x80", Reason.UNREADABLE_FILE),
    ],
)
def test_a_file_that_cannot_be_read_is_one_rejected_record(records, name, content, reason):
    (row,) = records({name: content})
    assert row["reason_codes"] == [reason]
    assert row["detail"]
    assert row["locator"] == f"{name}#file:1"


def test_a_broken_line_costs_one_record(records):
    rows = records({"a.jsonl": LINES + '{"q": "cut o\n' + LINES})
    assert [bool(row["reason_codes"]) for row in rows] == [False] * 3 + [True] + [False] * 3
    assert rows[3]["reason_codes"] == [Reason.MALFORMED_ROW]


def test_an_array_that_is_cut_off_gives_what_is_whole(records):
    rows = records({"a.json": json.dumps(ROWS)[:-8]})
    assert [bool(row["reason_codes"]) for row in rows] == [False, False, True]


def test_nul_bytes_and_a_long_line_do_not_stop_reading(records):
    rows = records({"a.jsonl": LINES.encode() + b'{"q": "a\x00b"}\n' + json.dumps({"q": "x" * 2_000_000}).encode() + b"\n"})
    assert len(rows) == 5


@pytest.mark.parametrize("content", ["", "\n\n", "[]", "q,A,B\n"])
def test_an_empty_file_gives_no_records(records, content):
    assert records({"a.json" if content == "[]" else "a.csv": content, "b.jsonl": LINES}, path=["a.*", "b.jsonl"])[0]["file"] == "b.jsonl"


def test_a_source_without_files_is_an_error_in_the_configuration(records):
    with pytest.raises(ConfigError, match="no file matches"):
        records({"a.json": "[]"}, path="*.csv")


def test_a_link_that_leaves_the_root_is_refused(records, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.json"
    outside.write_text("[]")
    (tmp_path / "link.json").symlink_to(outside)
    with pytest.raises(ConfigError, match="leaves the root"):
        records({"a.json": "[]"})


def test_errors_name_the_root_as_it_is_written(tmp_path, monkeypatch):
    secret = tmp_path / "s3cret"
    secret.mkdir()
    (tmp_path / "a.json").write_text("[]")
    (secret / "link.json").symlink_to(tmp_path / "a.json")
    for place, path in ((secret, "*.csv"), (secret, "*.json"), (secret, "/elsewhere/*.json"), (secret / "nowhere", "*.json")):
        monkeypatch.setenv("MCQ_PLACE", str(place))
        config = Config.model_validate({"dataset": "d", "root": "${MCQ_PLACE}", "sources": [{"name": "s", "path": path}]})
        with pytest.raises(ConfigError, match=r"\$\{MCQ_PLACE\}") as error:
            ingest(config)
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("path", ["a**", ".", "**b/c", "x" * 5000, "a\0b"])
def test_a_path_that_is_no_glob_is_an_error_in_the_configuration(records, path):
    with pytest.raises(ConfigError, match=r"is no glob|no file matches"):
        records({"a.json": "[]"}, path=path)
