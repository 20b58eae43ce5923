"""No text takes more than a time that grows with its length: every reader, and every stage behind it, on repeats that hostile or careless people
write. No clock is read: four times the text may take eight times as long, which leaves room for a logarithm and for noise; a square takes sixteen."""

import io
import json
import sqlite3
import time
import zipfile
from contextlib import suppress
from functools import partial
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.assess import measure
from pipeline.common.parallel import collector_paused
from pipeline.common.text import clean, fold, fold_option, is_vietnamese, undo_mojibake
from pipeline.common.words import words
from pipeline.deduplicate.question import ComparableQuestion, read_stem
from pipeline.deduplicate.rules import judge_pair
from pipeline.ingest.decode import decode
from pipeline.ingest.formats import READERS, SNIFFED_CHARS
from pipeline.ingest.items import SniffedFile
from pipeline.normalize import normalize
from schemas.config.sources import SourceConfig
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import RawRecord
from tests.pipeline.ingest.pdf_file import Page, pdf

# Characters. What a stage does for a record of any length is hidden by what it does for so many.
SHORT, LONG = 4_000, 16_000

# What may stand in any text, and what means something to a reader alone.
SEEDS = {
    "spaces": " ",
    "tabs": "\t",
    "no_break_spaces": "\u00a0",
    "blank_lines": "\n",
    "letters": "a",
    "digits": "1",
    "quotes": '"',
    "curly_quotes": "“",
    "dashes": "-",
    "stars": "*",
    "bold": "**a ",
    "backslashes": "\\",
    "formulas": "\\(",
    "points": ".",
    "brackets": "(",
    "square_brackets": "[",
    "pictures": "![",
    "braces": "{",
    "tags": "<",
    "comments": "<!--",
    "entities": "&amp;",
    "open_entities": "&#",
    "mojibake": "Ã©",
    "marks_in_turn": "\u0323\u0300",
    "letter_with_marks": "a\u0323\u0300",
    "joiners": "\u200d",
    "options": "A. ",
    "lines_of_options": "A. x\nB. y\n",
    "small_options": "a) x\n",
    "options_in_brackets": "? (A) x",
    "questions": "Câu 1 ",
    "chosen": "chọn đáp án A. ",
    "arrays": "array([",
    "statements": "I. ",
    "hyphens": "wh-",
    "negations": "không ",
    "people": "anh A ",
    "sentences": "A b. ",
    "equals": "=",
}
SEEDS_OF_FILES = SEEDS | {
    "rules": "---\n",
    "bars": "|",
    "table_rules": "|-",
    "hashes": "# ",
    "braces_with_answers": "{~a",
    "truth_values": "{T#",
    "bold_tags": "<b>",
    "breaks": "<br ",
    "image_tags": "<img ",
    "pairs": "1 A ",
    "pairs_of_questions": "Câu 1 A ",
    "lines_of_questions": "Câu 1.\n",
    "numbered_lines": "1. x\n",
    "headings_of_keys": "Đáp án\n",
    "tasks": "- [ ] a\n",
    "code_fences": "```\n",
    "blocks": "#Q x\n^ a\nA a\nB b\n",
    "dollars": "$",
    "formulas_that_open": "$ {",
    "commands": "\\x",
    "environments": "\\begin{a}",
    "groups": "{}",
    "items": "\\item[",
    "backticks": "`",
    "templates": "`${",
    "assignments": "=[",
    "objects_of_code": "={a:[",
    "regular_expressions": "=/",
    "remarks": "/*",
    "brackets_of_wikis": "[[",
    "wiki_questions": '{a|type="()"}\n+ b\n',
    "quotes_of_wikis": "''",
    "starred": "*a) x\n",
    "feedback": "... x\n",
    "answers": "ANSWER: A\n",
    "objects": '{"question": "x"},',
    "broken_objects": "{x},",
}

QUESTION = "Câu 1. Số nào chẵn?¤\nA. 1¤\nB. 2\n¤\nCâu 2. Số nào lẻ?\nA. 1\nB. 2\n¤Đáp án: A\n¤"
# Where hostile text stands in a file of each format: once at each of the places, and once alone.
FRAMES = {
    "exam": [QUESTION, "Which?\nA. x\nB. y\n¤", "ĐÁP ÁN ¤\n1 A 2 B", "| A | B |\n¤", "- [ ] a¤\n- [x] b"],
    "markdown": [
        '!!! question "a¤"\n\n    ¤\n\n    - [ ] b\n    - [ ] c\n\n??? success\n\n    **b**¤\n',
        "#flashcards\n> [!question] a¤\n> a) b\n> b) c\n>> [!done]- ¤\n>> b) c\n¤\n?\nB",
        "#### Q1. x¤\n\n- [ ] a¤\n- [x] b\n\n¤\n\n#### Q2. y\n\n- A: a\n- B: b\n\n<details><summary>Answer</summary>¤\n\nB\n\n</details>",
        "| Question | A | B | Answer |\n|---|---|---|---|\n| x¤ | a | b | A |",
        "```json\n¤",
    ],
    "aiken": ["What¤?\nA. 1¤\nB. 2\n¤ANSWER: A\n¤"],
    "gift": ["::a¤:: b¤ {=c¤ ~d#e¤}¤\n\nx {T#y¤}", "x {¤=a ~b"],
    "blocks": ["#Q x¤\n^ a¤\nA a\nB b¤"],
    "csv": ["question,A,B,answer\nx¤,a¤,b,A\n¤", '"question¤",A,B,answer\nx,"a¤'],
    "brightspace": ["NewQuestion,MC\nQuestionText,x¤\nOption,100,a¤\nOption,0,b¤\n", "¤NewQuestion,MC\nOption,¤,a"],
    "blackboard": ["MC\tx¤\ta\tcorrect\tb¤\tincorrect\n", "MC\tx\ta\tcorrect¤"],
    "json": [
        '[{"question": "x¤"}¤',
        '¤[{"question": "x"}, ¤',
        "// ¤\n[{'question': 'x¤', a: 1¤}]",
        '```json\n[{"question": "x¤"}]¤\n```\n¤',
    ],
    "jsonl": ['{"question": "x¤"\n¤'],
    "latex": [
        "\\begin{questions}\\question a¤\n\\begin{choices}\\choice b¤\n\\CorrectChoice c\n\\end{choices}¤\\end{questions}",
        "\\begin{ex} a¤ \\choice{b¤}{\\True c}¤ \\loigiai{¤}\\end{ex}",
        "\\begin{document}\n1. x¤\n\nA. a¤\n\nB. b\n\n¤\\end{document}",
    ],
    "rexams": [
        "Question\n===\na¤\n\nAnswerlist\n---\n* a¤\n* b\n¤\nMeta-information\n===\nexsolution: 10¤\n¤",
        "\\begin{question}a¤\\begin{answerlist}\\item a¤\\item b\\end{answerlist}\\end{question}\n¤\\exsolution{10¤}",
    ],
    "javascript": ["const a = [{question: 'x¤', options: ['a', `b¤`], answer: 'a'}, ¤]; ¤", "x = ¤[¤"],
    "wiki": ['{ a¤ |type="()"}\n+ b¤\n- c\n¤'],
    "text2qti": ["Quiz title: a\n1. b¤\n   c¤\na) d¤\n*b) e\n¤"],
    "respondus": ["Type: MC\n1) a¤\n@ b¤\na. c¤\n*b. d\n~ ¤", "Type: MC\n1) a\na. b\n*b. c\n¤\nAnswers:\n¤1. b"],
    "examview": ["____ 1. a¤\na.\tb¤\tc.\tc\nb.\td\td.\te\nAnswer Section\n1. ANS: B PTS: 1 ¤\n", "¤ANS: B PTS: 1¤"],
    "google_forms": ["a¤\n0/1\nb¤\nc\nCorrect answer\nb\n\nd\n1/1\n¤"],
    "tutor": ['question,"a¤",,single_choice,1,1\nanswer,b¤,text,1,,,,1\nanswer,c,text,0,,,,2\n¤'],
    "cards": [
        "a¤\tb¤\nc\td\n¤",
        "#separator:tab\n#columns:Question\tA\tB\tAnswer\na¤\tb¤\n",
        "#separator:tab\na¤<br>A. x<br>B. y\t<b>A</b><br>¤\n",
        "a\nA. x¤\nB. y\tA\n¤",
    ],
}
ROW = {"question": "x¤", "A": "a¤", "B": "b", "answer": "A¤", "explanation": "¤"}


def moodle(text):
    answer = f"<answer fraction='100'><text><![CDATA[{text}]]></text></answer><answer fraction='0'><text>b</text></answer>"
    question = f"<questiontext><text>{escape(text)}</text></questiontext>{answer}"
    return f"<quiz><question type='multichoice'>{question}</question></quiz>".encode()


def docx(text):
    lines = QUESTION.replace("¤", text, 1).replace("¤", "").split("\n")
    return word_file("".join(f"<w:p><w:r><w:t xml:space='preserve'>{escape(line)}</w:t></w:r></w:p>" for line in lines))


def docx_of_lists(count, style):
    """Each paragraph begins a list of its own."""
    level = f"<w:lvl w:ilvl='0'><w:numFmt w:val='{style}'/><w:lvlText w:val='%1.'/></w:lvl>"
    lists = "".join(f"<w:num w:numId='{n}'><w:abstractNumId w:val='0'/></w:num>" for n in range(count))
    place = "<w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='{}'/></w:numPr></w:pPr>"
    body = "".join(f"<w:p>{place.format(n)}<w:r><w:t>Câu {n}. x</w:t></w:r></w:p>" for n in range(count))
    return word_file(body, f"<w:abstractNum w:abstractNumId='0'>{level}</w:abstractNum>{lists}")


def word_file(body, numbering=""):
    names = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {names}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/numbering.xml", f"<w:numbering {names}>{numbering}</w:numbering>")
    return data.getvalue()


def xlsx(text):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(list(ROW))
    book.active.append([cell.replace("¤", text) for cell in ROW.values()])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def parquet(text):
    data = io.BytesIO()
    pq.write_table(pa.table({name: [cell.replace("¤", text)] for name, cell in ROW.items()}), data)
    return data.getvalue()


def qti(text):
    labels = f"<response_label ident='a'><material><mattext texttype='text/html'>{escape(text)}</mattext></material></response_label>"
    shown = f"<material><mattext>{escape(text)}</mattext></material><response_lid><render_choice>{labels}</render_choice></response_lid>"
    return f"<questestinterop><item><presentation>{shown}</presentation></item></questestinterop>".encode()


def olx(text):
    choice = f"<choicegroup><choice correct='true'>{escape(text)}</choice><choice>b</choice></choicegroup>"
    return f"<problem><p>{escape(text)}</p><multiplechoiceresponse>{choice}</multiplechoiceresponse></problem>".encode()


def h5p(text):
    content = {"question": text, "answers": [{"text": text, "correct": True}, {"text": "b"}]}
    return packed(("h5p.json", "{}"), ("content/content.json", json.dumps(content)))


def anki(text):
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE col (models TEXT)")
        database.execute("CREATE TABLE notes (id INTEGER, mid INTEGER, flds TEXT)")
        database.execute("INSERT INTO col VALUES ('{}')")
        database.execute("INSERT INTO notes VALUES (1, 1, ?)", (f"{text}\x1f{text}",))
        return packed(("collection.anki2", database.serialize()))


def packed(*parts):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return data.getvalue()


def html(text):
    choices = f"<label><input type=radio name=q value='{escape(text)}'>{text}</label><br><input type=radio name=q class=correct>b"
    return f"<html><body><div><p>{text}</p>{choices}<p>{text}</p></div></body></html>".encode()


def yaml(text):
    scalar = json.dumps(text, ensure_ascii=False)
    return f"- question: {scalar}\n  options: [a, b]\n  answer: a\n- question: |\n    x{text}\n{text}".encode()


def python(text):
    return f"a = [{{'question': {text!r}, 'options': ['a', 'b'], 'answer': 'a'}}]\n".encode()


def pdf_of(text):
    """The lines of a question on a page, hostile text wrapped at its edge."""
    lines = [
        line[start : start + 80]
        for line in QUESTION.replace("¤", text, 1).replace("¤", "").split("\n")
        for start in range(0, len(line), 80)
    ]
    return pdf(*[Page(*lines[start : start + 48], size=10) for start in range(0, len(lines), 48)])


def odt(text):
    names = " ".join(f"xmlns:{name}='urn:oasis:names:tc:opendocument:xmlns:{name}:1.0'" for name in ("office", "text"))
    lines = QUESTION.replace("¤", text, 1).replace("¤", "").split("\n")
    body = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
    return f"<office:document {names}><office:body><office:text>{body}</office:text></office:body></office:document>".encode()


BINARY = {
    "moodle": moodle,
    "docx": docx,
    "xlsx": xlsx,
    "parquet": parquet,
    "pdf": pdf_of,
    "odt": odt,
    "doc": lambda text: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + text.encode(),
    "qti": qti,
    "olx": olx,
    "h5p": h5p,
    "anki": anki,
    "html": html,
    "zip": lambda text: packed(("a.xml", qti(text))),
    "yaml": yaml,
    "python": python,
    "toml": lambda text: f"[[questions]]\ntext = {json.dumps(text)}\nchoices = ['a', {json.dumps(text)}]\nanswer = 'a'\n".encode(),
    "hotpot": lambda text: (
        "<hotpot-jquiz-file><data><questions><question-record><question>"
        + escape(text)
        + "</question><answers><answer><text>"
        + escape(text)
        + "</text><correct>1</correct></answer><answer><text>b</text></answer></answers></question-record></questions></data></hotpot-jquiz-file>"
    ).encode(),
    "wpproquiz": lambda text: (
        "<wpProQuiz><question answerType='single'><questionText>"
        + escape(text)
        + "</questionText><answers><answer correct='true'><answerText>"
        + escape(text)
        + "</answerText></answer><answer><answerText>b</answerText></answer></answers></question></wpProQuiz>"
    ).encode(),
}
assert READERS.keys() == FRAMES.keys() | BINARY.keys(), "a new format needs its frame here"


@pytest.fixture(autouse=True)
def _no_collector():
    """What a whole session left behind is walked over at any moment, and takes longer than what is measured."""
    with collector_paused():
        yield


def seconds(work, content):
    start = time.process_time()
    work(content)
    return time.process_time() - start


def grows_with_the_text(work, make, short=SHORT, long=LONG):
    """Whether four times the text takes less than eight times as long; asked again where a machine did something else meanwhile."""
    contents = make(short), make(long)
    # Under a fifth of a millisecond it is the clock that is measured.
    return any(seconds(work, contents[1]) < 8 * max(seconds(work, contents[0]), 2e-4) for _ in range(6))


def repeat(seed, chars):
    return SEEDS_OF_FILES[seed] * (chars // len(SEEDS_OF_FILES[seed]))


def read(form, content):
    """What a format's reader does with a file of its own; what it refuses is refused soon as well."""
    data, text = (b"", content) if isinstance(content, str) else (content, "")
    form.sniff(SniffedFile(data, ".x", text[:SNIFFED_CHARS]))
    with suppress(DataError):
        list(form.read_text(content) if form.read_text else form.read_bytes(content))


@pytest.mark.parametrize("seed", SEEDS_OF_FILES)
@pytest.mark.parametrize("form", READERS.values(), ids=lambda form: form.name)
def test_every_reader_takes_a_time_that_grows_with_the_file(form, seed):
    # Python refuses numbers of more than 4,300 digits, and what is refused is tried in other ways: both sizes are above.
    sizes = (6_000, 24_000) if seed == "digits" else (2_000, 8_000)
    for frame in FRAMES.get(form.name, ()):
        pieces = frame.split("¤")
        for place in range(1, len(pieces)):
            before, after = "".join(pieces[:place]), "".join(pieces[place:])
            assert grows_with_the_text(partial(read, form), lambda n, b=before, a=after: b + repeat(seed, n) + a, *sizes), (
                before,
                after,
            )
    if form.name in BINARY:
        assert grows_with_the_text(partial(read, form), lambda n: BINARY[form.name](repeat(seed, n)), 2_000, 8_000)


CELLS = {"question": "Which one is it?", "options": ["aa", "bb"], "answer": "A"}
SOURCE = SourceConfig(name="s", path="a.json")


def questions_of(cells):
    """The question of one record, if it is one."""
    record = {
        "record_id": "0" * 16,
        "source": "s",
        "role": "train",
        "file": "a.json",
        "locator": "a.json#item:1",
        "part": "",
        "reader": "json",
    }
    record |= {"encoding": None, "file_sha256": "0" * 64, "payload": json.dumps(cells), "reason_codes": [], "detail": None}
    record |= {"unread_fraction": None, "unread": []}
    return normalize(to_frame([record], RawRecord), [SOURCE]).questions.to_dict("records")


def compare(questions):
    """A question beside itself with a word more."""
    for question in questions:
        pair = ComparableQuestion(question), ComparableQuestion(question | {"stem": question["stem"] + " more"})
        assert pair[0].options == pair[1].options
        judge_pair(*pair)


PARTS = {
    "stem": lambda text: CELLS | {"question": f"Which one is it?{text}", "explanation": text, "context": text},
    "option": lambda text: CELLS | {"options": [f"a {text} a", f"a {text} b"]},
    "question_in_one": lambda text: {"question": f"Which one is it? A. x{text} B. y", "answer": "A"},
    "cells": lambda text: CELLS | {"options": text, "answer": f"A{text}", f"note {text} x": text},
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("part", PARTS)
def test_every_stage_takes_a_time_that_grows_with_the_record(part, seed):
    records = {count: PARTS[part](repeat(seed, count)) for count in (SHORT, LONG)}
    questions = {count: questions_of(cells) for count, cells in records.items()}
    assert grows_with_the_text(questions_of, records.get)
    assert grows_with_the_text(lambda found: list(map(measure, found)), questions.get)
    assert grows_with_the_text(compare, questions.get)


TEXTS = [clean, fold, fold_option, is_vietnamese, undo_mojibake, words, read_stem]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_function_on_text_takes_a_time_that_grows_with_it(seed):
    for function in TEXTS:
        assert grows_with_the_text(function, lambda n: f"a{repeat(seed, n)}b"), function


def decode_twice(text):
    """As UTF-8, and as UTF-8 with a line that is none."""
    decode(text.encode())
    decode(text.encode() + b"\xff\n\x93")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_encoding_takes_a_time_that_grows_with_the_file(seed):
    # A few words with marks: only then it is asked whether the rest is Vietnamese.
    assert grows_with_the_text(decode_twice, lambda n: f"{'é è à ' * (n // 50)}a{repeat(seed, n)}b\n")


@pytest.mark.parametrize("style", ["decimal", "upperLetter"])
def test_numbered_lists_of_word_take_a_time_that_grows_with_their_number(style):
    assert grows_with_the_text(partial(read, READERS["docx"]), partial(docx_of_lists, style=style), 1_000, 4_000)


def test_broken_items_take_a_time_that_grows_with_the_array():
    # So long that counting the lines before each error from the start of the text is felt.
    assert grows_with_the_text(
        partial(read, READERS["json"]), lambda n: '[{"question": "x"}, ' + repeat("broken_objects", n), 50_000, 200_000
    )
