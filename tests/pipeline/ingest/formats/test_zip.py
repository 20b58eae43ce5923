"""Archives of question files."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest

from pipeline.ingest.formats.zip import MAX_DEPTH
from tests.pipeline.ingest.zipped import zipped

AIKEN = "Which is cold?\nA. fire\nB. ice\nANSWER: B\n"
ICE = ("Which is cold?", ["fire", "ice"], "ice")
CSV = "question,A,B,answer\nWhich is hot?,fire,ice,A\n"
FIRE = ("Which is hot?", ["fire", "ice"], "fire")
QTI = """<assessmentItem identifier="{0}"><responseDeclaration identifier="R" cardinality="single"><correctResponse><value>b</value></correctResponse></responseDeclaration>
{1}<itemBody><choiceInteraction responseIdentifier="R"><prompt>Which is {0}?</prompt><simpleChoice identifier="a">fire</simpleChoice>
<simpleChoice identifier="b">ice</simpleChoice></choiceInteraction></itemBody></assessmentItem>"""


def tarred(*parts, mode="w:gz"):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, content in parts:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def test_each_file_is_read_by_its_reader_and_is_a_part_of_its_own(read):
    data = zipped(
        ("week 1/cold.txt", AIKEN),
        ("hot.csv", CSV),
        ("hot.json", json.dumps([{"question": "Which burns?", "options": ["fire", "ice"], "answer": 1}])),
    )
    questions, rejected = read(data, "a.zip")
    assert [row["locator"] for row in questions] == ["a.zip#week 1/cold.txt/item:1", "a.zip#hot.csv/row:1"]
    # One number decides nothing by itself, and other parts don't decide for it.
    assert [row["reason_codes"] for row in rejected] == [["ambiguous_answer_base"]]


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_tar(parse, mode):
    assert parse(tarred(("a/cold.txt", AIKEN.encode()), ("b.csv", CSV.encode()), mode=mode), "a.tar.gz") == [ICE, FIRE]


def test_gzip_of_one_file(parse):
    assert parse(gzip.compress(CSV.encode()), "a.csv.gz") == [FIRE]
    named = io.BytesIO()
    with gzip.GzipFile("cold.txt", "wb", fileobj=named) as stream:
        stream.write(AIKEN.encode())
    assert parse(named.getvalue(), "b.gz") == [ICE]


def test_documents_in_an_archive(parse):
    openpyxl = pytest.importorskip("openpyxl")
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in (["question", "A", "B", "answer"], ["Which is hot?", "fire", "ice", "A"]):
        book.active.append(row)
    book.save(data)
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("word/hot.xlsx", data.getvalue())
    # Not compressed, its names stand in the outer file as well.
    assert parse(stored.getvalue(), "a.zip") == [FIRE]


def test_what_is_beside_questions_is_passed_over(parse):
    beside = [("a.png", "x"), ("__MACOSX/._cold.txt", "x"), (".DS_Store", "x"), ("style.css", "a {}"), ("folder/", "")]
    assert parse(zipped(("cold.txt", AIKEN), *beside), "a.zip") == [ICE]


def test_an_archive_without_questions_names_what_it_holds(read):
    _, (row,) = read(zipped(("a.png", "x"), ("b.css", "x")), "a.zip")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "a.png, b.css" in row["detail"]
    assert read(zipped(), "b.zip")[1][0]["detail"] == "an empty archive"


def test_a_file_that_cannot_be_read_is_one_rejection_and_costs_no_other(read):
    questions, rejected = read(zipped(("cold.txt", AIKEN), ("b.xml", "<quiz"), ("c.pdf", "%PDF-1.4")), "a.zip")
    assert len(questions) == 1
    assert [(row["locator"], row["reason_codes"]) for row in rejected] == [
        ("a.zip#b.xml/file:1", ["unreadable_file"]),
        ("a.zip#c.pdf/file:1", ["unreadable_file"]),
    ]


def nested(depth):
    data = zipped(("cold.txt", AIKEN))
    for _ in range(depth - 1):
        data = zipped(("inner.zip", data))
    return data


def test_an_archive_in_an_archive_but_none_in_that(parse, read):
    assert parse(nested(MAX_DEPTH), "a.zip") == [ICE]
    _, (row,) = read(nested(MAX_DEPTH + 1), "b.zip")
    assert "an archive in an archive in an archive" in row["detail"]
    # Whatever it is called.
    _, (row,) = read(zipped(("x.foo", zipped(("y.bar", nested(1))))), "c.zip")
    assert "an archive in an archive in an archive" in row["detail"]


@pytest.mark.parametrize("name", ["../cold.txt", "/etc/cold.txt", "a/../../cold.txt", "..\\cold.txt", "C:\\cold.txt"])
def test_names_that_lead_out_are_refused(read, name):
    questions, rejected = read(zipped((name, AIKEN), ("sound.txt", AIKEN)), "a.zip")
    assert len(questions) == 1
    assert "leads out" in rejected[0]["detail"]


def test_an_encrypted_file_says_what_to_do(read):
    data = bytearray(zipped(("cold.txt", AIKEN)))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    _, (row,) = read(bytes(data), "a.zip")
    assert "password" in row["detail"]


OTHERS = {
    "slides.pptx": (("[Content_Types].xml", "<Types/>"), ("ppt/slides/slide1.xml", "<sld/>")),
    "course.mbz": (("moodle_backup.xml", "<moodle_backup/>"), ("questions.xml", "<question_categories/>")),
    "book.epub": (("mimetype", "application/epub+zip"), ("a.xhtml", "<html/>")),
    "scorm.zip": (
        ("imsmanifest.xml", "<manifest/>"),
        ("index.html", "<html><p>1. Which?</p><p>A. x</p><p>B. y</p></html>"),
        ("quiz.js", "x"),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_archives_that_are_something_else_are_one_verdict(read, name):
    _, (row,) = read(zipped(*OTHERS[name]), name)
    assert row["reason_codes"] == ["unreadable_file"]
    assert row["detail"]


def test_a_content_package_gives_its_questions_alone(parse):
    test = '<assessmentTest><testPart><assessmentSection><assessmentItemRef href="items/1.xml"/></assessmentSection></testPart></assessmentTest>'
    meta = '<quiz xmlns="http://canvas.instructure.com/xsd/cccv1p0"/>'
    data = zipped(
        ("imsmanifest.xml", "<manifest/>"),
        ("test.xml", test),
        ("items/1.xml", QTI.format("cold", "")),
        ("g/assessment_meta.xml", meta),
        ("page.html", "<p>Hi</p>"),
    )
    assert parse(data, "a.imscc") == [ICE]


def test_canvas_writes_a_quiz_twice(parse):
    data = zipped(
        ("imsmanifest.xml", "<manifest/>"),
        ("g1/assessment_qti.xml", QTI.format("cold", "")),
        ("non_cc_assessments/g1.xml.qti", QTI.format("cold", "")),
    )
    assert parse(data, "a.imscc") == [ICE]


def test_passages_of_a_package_are_context(read):
    stimulus = '<assessmentStimulus identifier="s"><stimulusBody><p>Ice is frozen water.</p></stimulusBody></assessmentStimulus>'
    reference = '<assessmentStimulusRef identifier="s" href="../passages/s%201.xml"/>'
    files = [("imsmanifest.xml", "<manifest/>"), ("items/1.xml", QTI.format("cold", reference)), ("passages/s 1.xml", stimulus)]
    (question,), rejected = read(zipped(*files), "a.zip")
    assert (question["context"], rejected) == ("Ice is frozen water.", [])
    test = '<assessmentTest><testPart><assessmentSection><rubricBlock view="candidate"><p>Read: ice melts.</p></rubricBlock><assessmentItemRef href="items/1.xml"/></assessmentSection></testPart></assessmentTest>'
    (question,), _ = read(zipped(("imsmanifest.xml", "<manifest/>"), ("test.xml", test), ("items/1.xml", QTI.format("cold", ""))), "b.zip")
    assert question["context"] == "Read: ice melts."


def test_a_course_of_open_edx(parse):
    problem = '<problem><p>Which is cold?</p><multiplechoiceresponse><choicegroup><choice correct="false">fire</choice><choice correct="true">ice</choice></choicegroup></multiplechoiceresponse></problem>'
    files = [
        ("course/course.xml", b"<course/>"),
        ("course/chapter/a.xml", b"<chapter/>"),
        ("course/problem/p1.xml", problem.encode()),
        ("course/policies/a.json", b"{}"),
    ]
    assert parse(tarred(*files), "course.tar.gz") == [ICE]


BOMBS = {
    "ratio": zipped(("a.txt", b" " * 60_000_000)),
    "gzip": gzip.compress(b" " * 60_000_000),
    "nested": zipped(*[(f"{n}.zip", zipped(("a.bin", b"\0" * 3_000_000))) for n in range(10)]),
    "cut": zipped(("a.txt", AIKEN * 50))[:-30],
    "cut_gzip": gzip.compress(AIKEN.encode() * 50)[:-20],
    "cut_tar": b"x" * 257 + b"ustar" + b"\0" * 100,
    "many": zipped(*((f"{n}.txt", "") for n in range(12_000))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_archive_is_one_verdict(read, name):
    questions, rejected = read(BOMBS[name], "a.zip")
    assert questions == []
    assert rejected[0]["reason_codes"] == ["unreadable_file"]
    assert len(rejected) == 1
    assert rejected[0]["detail"]
