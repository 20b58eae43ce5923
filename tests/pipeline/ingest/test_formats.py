"""Formats that learning platforms and teachers use, each from a small file as such tools write it."""

import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import Config
from schemas.reasons import Reason
from schemas.tables import Question, Rejected, to_rows


@pytest.fixture
def read(tmp_path):
    def run(content, name):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": name}]})
        raw = ingest(config)
        result = normalize(raw, config)
        return to_rows(result.questions, Question), to_rows(result.rejected, Rejected)

    return run


def plain(questions):
    return [(row["stem"], row["options"], row["options"][row["answer_index"]]) for row in questions]


AIKEN = "What is 1 + 1?\nA. 1\nB. 2\nANSWER: B\n\nWhich city is\nthe capital of Peru?\nA) Lima\nB) Quito\nC) Cuzco\nANSWER: A\n"


def test_aiken(read):
    questions, rejected = read(AIKEN, "quiz.txt")
    assert plain(questions) == [
        ("What is 1 + 1?", ["1", "2"], "2"),
        ("Which city is\nthe capital of Peru?", ["Lima", "Quito", "Cuzco"], "Lima"),
    ]
    assert rejected == []
    assert [row["locator"] for row in questions] == ["quiz.txt#item:1", "quiz.txt#item:2"]


def test_aiken_without_a_last_key_is_a_missing_answer(read):
    _, rejected = read(AIKEN + "\nAnd this?\nA. x\nB. y\n", "quiz.txt")
    assert [row["reason_codes"] for row in rejected] == [[Reason.MISSING_ANSWER]]


GIFT = """// a comment
$CATEGORY: Capitals

::q1:: Which city is the capital of Peru? {=Lima ~Quito#no ~Cuzco}

The sun \\= a star. {T}

::q3::[html]Grant lived in {~Paris =London ~Rome} as a child.

Name your favourite colour. {}

::q5:: Match {=a -> b =c -> d}
"""


def test_gift(read):
    questions, rejected = read(GIFT, "quiz.gift")
    assert plain(questions) == [
        ("Which city is the capital of Peru?", ["Lima", "Quito", "Cuzco"], "Lima"),
        ("The sun = a star.", ["True", "False"], "True"),
        ("Grant lived in _____ as a child.", ["Paris", "London", "Rome"], "London"),
    ]
    assert questions[0]["original_id"] == "q1"
    assert [row["reason_codes"] for row in rejected] == [[Reason.NOT_MULTIPLE_CHOICE]] * 2


def test_gift_with_several_right_answers_is_rejected_as_such(read):
    _, rejected = read("Pick two. {~%50%a ~%50%b ~%-100%c}\n", "quiz.gift")
    assert [row["reason_codes"] for row in rejected] == [[Reason.MULTIPLE_ANSWERS]]


MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/Địa lí</text></category></question>
<question type="multichoice"><name><text>m1</text></name>
 <questiontext format="html"><text><![CDATA[<p>Th&uacute; nào s&#7889;ng ở biển?<br></p>]]></text></questiontext>
 <answer fraction="0"><text><![CDATA[<p>Hổ</p>]]></text></answer>
 <answer fraction="100"><text>Cá voi</text></answer>
 <generalfeedback><text>Cá voi là thú.</text></generalfeedback></question>
<question type="truefalse"><questiontext><text>2 &lt; 3</text></questiontext>
 <answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>
<question type="essay"><questiontext><text>Why?</text></questiontext></question>
<question type="multichoice"><questiontext><text><![CDATA[What is this? <img src="a.png">]]></text></questiontext>
 <answer fraction="100"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
</quiz>"""


def test_moodle_xml(read):
    questions, rejected = read(MOODLE, "bank.xml")
    assert plain(questions) == [("Thú nào sống ở biển?", ["Hổ", "Cá voi"], "Cá voi"), ("2 < 3", ["True", "False"], "True")]
    assert (questions[0]["subject"], questions[0]["explanation"], questions[0]["original_id"]) == ("Địa lí", "Cá voi là thú.", "m1")
    assert [row["reason_codes"] for row in rejected] == [[Reason.NOT_MULTIPLE_CHOICE], [Reason.IMAGE_REQUIRED]]


BOMB = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><quiz>&b;</quiz>'


@pytest.mark.parametrize("content", [BOMB, "<quiz>", "<?xml version='1.0'?><other/>", "<?xml"])
def test_broken_or_hostile_xml_is_one_rejected_record(read, content):
    _, (row,) = read(content, "bank.xml")
    assert row["reason_codes"] == [Reason.UNREADABLE_FILE]
    assert row["detail"]


def test_parquet(read):
    data = io.BytesIO()
    rows = [{"question": "Where is it?", "choices": {"text": ["here", "there"], "label": ["A", "B"]}, "answerKey": "B"}]
    pq.write_table(pa.Table.from_pylist(rows), data)
    questions, _ = read(data.getvalue(), "test.parquet")
    assert plain(questions) == [("Where is it?", ["here", "there"], "there")]
    assert questions[0]["locator"] == "test.parquet#row:1"
    _, (broken,) = read(data.getvalue()[:-20], "test.parquet")
    assert broken["reason_codes"] == [Reason.UNREADABLE_FILE]


def document(*paragraphs, table=()):
    """A .docx: each paragraph is a list of (text, run properties)."""

    def run(text, style):
        return f'<w:r><w:rPr>{style}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'

    def paragraph(runs):
        return "<w:p>" + "".join(run(*part) if isinstance(part, tuple) else run(part, "") for part in runs) + "</w:p>"

    rows = "".join("<w:tr>" + "".join(f"<w:tc>{paragraph([cell])}</w:tc>" for cell in row) + "</w:tr>" for row in table)
    body = "".join(paragraph(runs) for runs in paragraphs) + (f"<w:tbl>{rows}</w:tbl>" if rows else "")
    xml = f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", xml)
    return data.getvalue()


HEAD = [["ĐỀ THI THỬ"], ["Câu 1. Thủ đô nước ta là"], ["A. Hà Nội. B. Huế."], ["C. Vinh. D. Lào Cai."], ["Câu 2: Số nào chẵn?"]]
UNDERLINE, BOLD = "<w:u w:val='single'/>", "<w:b/>"
EXPECTED = [("Thủ đô nước ta là", ["Hà Nội.", "Huế.", "Vinh.", "Lào Cai."], "Hà Nội."), ("Số nào chẵn?", ["1", "2", "3", "5"], "2")]
OPTIONS = [["A. 1"], ["B. 2"], ["C. 3"], ["D. 5"]]


@pytest.mark.parametrize(
    "data",
    [
        document(*HEAD, *OPTIONS, table=[["1", "2"], ["A", "B"]]),
        document(*HEAD, *OPTIONS, ["BẢNG ĐÁP ÁN"], table=[["1.A", "2.B"]]),
        document(*HEAD, *OPTIONS, ["ĐÁP ÁN"], ["1.A 2.B"]),
        document(*HEAD, *OPTIONS, ["Đáp án"], ["1-A, 2-B"]),
        document(HEAD[0], HEAD[1], [("A", UNDERLINE), ". Hà Nội. B. Huế."], HEAD[3], HEAD[4], OPTIONS[0], [("B. 2", BOLD)], *OPTIONS[2:]),
    ],
)
def test_word_exams_with_their_key_in_any_usual_form(read, data):
    questions, rejected = read(data, "exam.docx")
    assert plain(questions) == EXPECTED, rejected


def test_a_word_file_without_questions_or_that_is_none_is_rejected(read):
    for data in (document(["Chỉ là một lá thư."]), b"PK\x03\x04word/", b"no zip"):
        _, (row,) = read(data, "letter.docx")
        assert row["reason_codes"] == [Reason.UNREADABLE_FILE]


def test_word_questions_without_any_key_say_so(read):
    _, rejected = read(document(*HEAD, *OPTIONS), "exam.docx")
    assert [row["reason_codes"] for row in rejected] == [[Reason.MISSING_ANSWER]] * 2


def test_an_unknown_format_names_those_that_are_read(read):
    _, (row,) = read("just some words\n", "notes.md")
    assert "docx" in row["detail"]
    assert json.dumps(row["detail"])
