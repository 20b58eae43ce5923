"""One file never ends a refresh: each fault lies in a folder beside a good file, and the whole folder is read."""

import io
import os
import signal
import socket
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.common import confined
from pipeline.ingest import files, files_without_records, formats, ingest, read_file
from pipeline.ingest.changes import find_changes
from pipeline.ingest.files import find_files
from pipeline.ingest.items import Format, Item
from pipeline.ingest.summary import by_file, unreadable_files
from schemas.config import Config
from schemas.tables.arrow import to_rows
from schemas.tables.curation import RawRecord

GOOD = '{"question": "Which?", "A": "x", "B": "y", "answer": "A"}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.jsonl").write_text(GOOD)
    return tmp_path


@pytest.fixture
def config(folder):
    return Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", "path": "**/*"}]})


@pytest.fixture
def others(config):
    """Records of the folder but those of the good file, which are there."""

    def run(found=None):
        rows = to_rows(ingest(config, found), RawRecord)
        good = [row for row in rows if row["file"] == "good.jsonl"]
        assert [(row["payload"], row["reason_codes"]) for row in good] == [('{"A":"x","B":"y","answer":"A","question":"Which?"}', [])]
        return [row for row in rows if row["file"] != "good.jsonl"]

    return run


@pytest.fixture
def refused(others):
    """The `detail` of the one file beside the good one, which can't be read."""

    def run(found=None):
        (row,) = others(found)
        assert row["reason_codes"] == ["unreadable_file"]
        assert row["locator"] == f"{row['file']}#file:1"
        return row["detail"]

    return run


def cells(*places):
    """A workbook with text in these cells."""
    book = openpyxl.Workbook()
    for row, column in places:
        book.active.cell(row, column, "x")
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def repacked(data, change):
    """An archive with `change(name, content)` in place of each part."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return packed.getvalue()


def test_cells_that_lie_far_apart_are_found_before_memory_is_asked_for(folder, refused):
    (folder / "a.xlsx").write_bytes(cells((1, 1), (1_048_576, 16_384)))
    assert "span 1,048,576 rows and 16,384 columns" in refused()


def test_a_cell_without_a_value_spans_nothing(folder, others):
    book = openpyxl.Workbook()
    for row in (["question", "A", "B", "answer"], ["Which?", "x", "y", "A"]):
        book.active.append(row)
    book.active.cell(1_048_576, 16_384).font = openpyxl.styles.Font(bold=True)
    data = io.BytesIO()
    book.save(data)
    (folder / "a.xlsx").write_bytes(data.getvalue())
    assert [row["reason_codes"] for row in others()] == [[]]


def test_native_code_that_ends_its_process_ends_no_refresh(folder, refused):
    # Cells without places of their own: the first look counts none, and the library asks for 512 GiB.
    row = b'<row r="1">' + b"<c><v>1</v></c>" * 16_384 + b'</row><row r="1048576"><c><v>1</v></c></row>'

    def change(name, content):
        return content if "sheet1" not in name else content[: content.index(b"<row")] + row + content[content.index(b"</sheetData>") :]

    (folder / "a.xlsx").write_bytes(repacked(cells((1, 1)), change))
    assert "4 GiB of memory" in (why := refused())
    assert "delete those rows and columns" in why


def test_a_reader_that_takes_too_long_is_ended(folder, refused, monkeypatch):
    os.kill(confined.confined(os.getpid, seconds=5), signal.SIGSTOP)
    monkeypatch.setattr(confined, "START_SECONDS", 1)
    (folder / "a.xlsx").write_bytes(cells((1, 1)))
    assert "more than 1 s by the clock to read it" in refused()


@pytest.mark.parametrize(
    "error",
    [RecursionError(), MemoryError(), OverflowError("x"), LookupError("x"), UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), KeyError()],
)
def test_whatever_a_reader_raises_is_a_verdict_on_its_file(folder, refused, monkeypatch, error):
    def broken(_):
        yield Item("item:1", {"question": "what was read before"})
        raise error

    monkeypatch.setattr(formats, "FORMATS", (Format("odd", lambda file: file.suffix == ".odd", read_text=broken), *formats.FORMATS))
    (folder / "a.odd").write_text("x")
    assert len(refused()) > 20


def test_the_user_can_still_stop_it(folder, config, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(formats, "FORMATS", (Format("odd", lambda file: file.suffix == ".odd", read_text=interrupted), *formats.FORMATS))
    (folder / "a.odd").write_text("x")
    with pytest.raises(KeyboardInterrupt):
        ingest(config)


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(level, start, text="%1."):
    """An exam whose options are a list of Word's, at this level and beginning with this number."""
    style = f'<w:lvl w:ilvl="{level}"><w:start w:val="{start}"/><w:numFmt w:val="upperLetter"/><w:lvlText w:val="{text}"/></w:lvl>'
    numbering = f'<w:abstractNum w:abstractNumId="0">{style}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    place = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    lines = ["Câu 1. Thủ đô?", *(place + text for text in ("Hà Nội", "Huế")), "ĐÁP ÁN", "1A"]
    body = "".join(f"<w:p>{p}<w:r><w:t>{t}</w:t></w:r></w:p>" for p, _, t in (line.rpartition("</w:pPr>") for line in lines))
    body = body.replace("</w:numPr><w:r>", "</w:numPr></w:pPr><w:r>")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {WORD}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/numbering.xml", f"<w:numbering {WORD}>{numbering}</w:numbering>")
    return data.getvalue()


@pytest.mark.parametrize("level", ["²", "abc", "-1", "9" * 5000, "99999999", "9"])
def test_a_paragraph_at_no_level_of_a_list_is_a_plain_one(folder, others, level, monkeypatch):
    monkeypatch.setattr(formats, "SECONDS", 5)
    (folder / "a.docx").write_bytes(word(level, "1"))
    (row,) = others()
    assert (row["reason_codes"], row["payload"]) == ([], r'{"answer":"A","question":"Câu 1: Thủ đô?\nHà Nội\nHuế"}')


@pytest.mark.parametrize("start", ["²", "abc", "", "-5", "9" * 5000])
def test_a_list_that_starts_with_no_number_starts_with_one(folder, others, start):
    (folder / "a.docx").write_bytes(word("0", start))
    (row,) = others()
    assert (row["reason_codes"], row["payload"]) == (
        [],
        r'{"answer":"A","options":[{"label":"A","text":"Hà Nội"},{"label":"B","text":"Huế"}],"question":"Câu 1: Thủ đô?"}',
    )


def test_a_number_has_no_end_of_text_around_it(folder, others):
    (folder / "a.docx").write_bytes(word("0", "1", "x" * 1_000_000 + "%1."))
    (row,) = others()
    assert len(row["payload"]) < 1000


QUIZ = (
    '<quiz><question type="multichoice"><questiontext><text>Ở đâu?</text></questiontext>'
    '<answer fraction="100"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question></quiz>'
)


@pytest.mark.parametrize(
    ("declared", "real"),
    [("nonsense", "utf-8"), ("utf8mb4", "utf-8"), ("gb2312", "utf-8"), ("utf-16", "utf-8"), ("windows-1258", "utf-8"), ("idna", "utf-16")],
)
def test_an_encoding_that_is_unknown_or_wrong_is_found_in_the_text(folder, others, declared, real):
    (folder / "a.xml").write_bytes(f'<?xml version="1.0" encoding="{declared}"?>{QUIZ}'.encode(real))
    (row,) = others()
    assert (row["reason_codes"], "Ở đâu?" in row["payload"]) == ([], True)


def test_a_time_beyond_all_years_costs_its_cell(folder, others):
    times = {
        "at": pa.array([2**62, 0], pa.timestamp("us")),
        "day": pa.array([2**30, 0], pa.date32()),
        "span": pa.array([2**62, 0], pa.duration("s")),
        "list": pa.array([[2**62], [1]], pa.list_(pa.timestamp("us"))),
    }
    table = pa.table({"question": ["Một?", "Hai?"], "A": ["x", "y"], "B": ["u", "v"], "answer": ["A", "B"], **times})
    pq.write_table(table, folder / "a.parquet")
    first, second = others()
    assert (first["reason_codes"], second["reason_codes"]) == ([], [])
    assert '"at":"unreadable timestamp[us]' in first["payload"]
    assert '"question":"Một?"' in first["payload"]
    assert '"at":"1970-01-01 00:00:00"' in second["payload"]


def test_a_table_of_more_cells_than_memory_is_refused_by_its_own_count(folder, refused):
    # 100 million rows of nothing, in 190 kB.
    pq.write_table(pa.table({"question": pa.nulls(100_000_000, pa.int8())}), folder / "a.parquet")
    assert "100,000,000 cells" in refused()


def test_a_name_that_is_no_utf8_is_read_and_named_everywhere(folder, config, others):
    (folder / os.fsdecode(b"\xd0\xe8 thi.jsonl")).write_text(GOOD)
    (folder / os.fsdecode(b"empty \xe9.jsonl")).write_text("")
    (row,) = others()
    assert (row["file"], row["locator"]) == (r"\xd0\xe8 thi.jsonl", r"\xd0\xe8 thi.jsonl#line:1")
    frame = ingest(config)
    assert files_without_records(config, find_files(config), frame) == [r"empty \xe9.jsonl"]
    assert by_file(frame)["file"].tolist()
    first, *_ = find_changes(config, None)
    again, due, why = find_changes(config, first)
    assert (due, why) == (False, "nothing new in 3 files")
    assert again.files.isalnum()


def test_a_suffix_that_is_no_utf8_can_be_told(folder, refused):
    (folder / os.fsdecode(b"a.\xe9")).write_bytes(b"no question")
    assert r"(.\xe9)" in refused()


def test_a_file_that_is_deleted_after_it_was_listed_is_named(folder, config, others):
    (folder / "gone.csv").write_text("x")
    found = find_files(config)
    (folder / "gone.csv").unlink()
    (row,) = others(found)
    assert (row["file"], row["reason_codes"]) == ("gone.csv", ["unreadable_file"])
    assert "deleted or renamed" in row["detail"]
    frame = ingest(config, found)
    assert files_without_records(config, found, frame) == []
    assert list(unreadable_files(frame)) == ["gone.csv"]


def test_a_file_that_is_deleted_while_it_is_looked_at_ends_no_watch(folder, config, monkeypatch):
    (folder / "gone.csv").write_text("x")
    listing = files.source_files

    def then_gone(*arguments):
        found = listing(*arguments)
        (folder / "gone.csv").unlink(missing_ok=True)
        return found

    monkeypatch.setattr("pipeline.ingest.changes.source_files", then_gone)
    assert find_changes(config, None)[2] == "first look: 2 files are taken as known"


def test_a_file_that_may_not_be_read_is_named(folder, refused):
    (folder / "a.csv").touch(mode=0)
    if os.access(folder / "a.csv", os.R_OK):
        pytest.skip("this user may read every file")
    assert "grant read permission" in refused()


@pytest.fixture
def patience():
    """Whatever waits longer than this for something that never comes fails."""

    def give_up(*_):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


ODD = {
    "a named pipe": lambda path: os.mkfifo(path),
    "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
    "a link that leads back": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_file_is_named_and_not_waited_for(folder, refused, patience, what):
    ODD[what](folder / "a.csv")
    assert what in refused()


def test_a_folder_called_like_a_file_is_none(folder, others):
    (folder / "x.csv").mkdir()
    assert others() == []


def test_names_of_lists_that_are_no_sound_text_are_mended(folder, others):
    (folder / "a.json").write_text('{"\\ud800": [{"question": "a?", "x": "1"}], "b": [{"question": "b?", "x": "1"}]}')
    assert [row["locator"] for row in others()] == ["a.json#\ufffd/item:1", "a.json#b/item:1"]


def parquet():
    data = io.BytesIO()
    pq.write_table(pa.table({"question": ["Một?", "Hai?"], "A": ["x", "y"], "B": ["u", "v"], "answer": ["A", "B"]}), data)
    return data.getvalue()


EXAM = "Câu 1. Thủ đô?\nA. Hà Nội\nB. Huế\nĐáp án: A\n"
VALID = {
    "a.docx": word("0", "1"),
    "a.xlsx": cells((1, 1), (2, 2)),
    "a.parquet": parquet(),
    "a.xml": QUIZ.encode(),
    "a.jsonl": GOOD.encode(),
    "a.json": f"[{GOOD},{GOOD}]".encode(),
    "a.txt": b"#Q Which?\n^ x\nA x\nB y\n",
    "a.csv": b'question,A,B,answer\n"Which, now?",x,y,A\n',
    "a.aiken": b"Which?\nA. x\nB. y\nANSWER: A\n",
    "a.gift": b"::one:: Which? {=x ~y#no}\n\n$CATEGORY: a/b\n",
    "exam.txt": EXAM.encode(),
    "old.txt": EXAM.encode("utf-16"),
}
changes = st.lists(st.tuples(st.sampled_from(["flip", "cut", "splice", "insert"]), st.integers(0, 5000), st.integers(0, 255)), max_size=6)


def changed(data, steps):
    for kind, place, byte in steps:
        at = place % (len(data) + 1)
        if kind == "cut":
            data = data[:at]
        elif kind == "splice":
            data = data[:at] + data[byte % (len(data) + 1) :]
        else:
            data = data[:at] + bytes([byte]) + data[at + (kind == "flip") :]
    return data


@settings(max_examples=40)
@pytest.mark.parametrize("name", VALID)
@given(steps=changes)
def test_a_changed_file_is_read_or_refused(tmp_path, name, steps):
    file = tmp_path / name
    file.write_bytes(changed(VALID[name], steps))
    content, digest = read_file(file, "auto")
    assert len(digest) == 64
    for item in content.items:
        assert item.payload.encode()
        assert item.reason is None or item.detail


@settings(max_examples=40)
@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
@given(steps=changes, part=st.integers(0, 20))
def test_a_changed_part_of_an_archive_is_read_or_refused(tmp_path, name, steps, part):
    with zipfile.ZipFile(io.BytesIO(VALID[name])) as archive:
        chosen = archive.namelist()[part % len(archive.namelist())]
    file = tmp_path / name
    file.write_bytes(repacked(VALID[name], lambda name, content: changed(content, steps) if name == chosen else content))
    read_file(file, "auto")
