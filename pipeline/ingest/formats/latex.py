"""LaTeX: the exam class, Vietnam's ex_test, AMC, moodle.sty, alterqcm, and exams set by hand. Macros aren't executed."""

import re
from collections.abc import Iterator, Sequence

from pipeline.ingest.exam import PLAIN, ExamLine, exam_items, has_options
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.tex import Node, parse
from pipeline.ingest.tex_questions import questions
from pipeline.ingest.tex_text import plain
from schemas.errors import DataError

_SHOWS = re.compile(
    r"\\documentclass|\\begin\{(?:ex|questions|choices|oneparchoices|checkboxes|questionmult|multi|alterqcm|reponses)\}"
    r"|\\choice(?:TF)?\s*+(?:%[^\n\\]*+\s*+)?\{|\\CorrectChoice\b"
)
_NO_QUESTIONS = (
    "LaTeX without questions that are read: looked for \\question with \\choice and \\CorrectChoice (exam class), \\begin{ex} with"
    " \\choice (ex_test), \\begin{question} with \\correctchoice (AMC), \\begin{multi} (moodle), \\AQquestion, and numbered questions"
    " with options A., B.; use one of these, or leave the file out in `path:`"
)
# What sets text off, in an exam set by hand; private characters carry it through to its lines.
_STYLES = {"textbf": "b", "underline": "u", "uline": "u", "textcolor": "color", "colorbox": "highlight", "hl": "highlight", "textit": "i"}
_MARKED = {style: chr(0xE000 + place) for place, style in enumerate(dict.fromkeys(_STYLES.values()))}
_STYLE_OF = {mark: style for style, mark in _MARKED.items()}
_END_OF_STYLE = "\ue0ff"
_LETTERED = re.compile(r"^(\W*)\(([a-jA-J])\)\s*")


def sniff(file: SniffedFile) -> bool:
    """The suffix, or commands that only questions in LaTeX have, in a text file."""
    if file.suffix in (".tex", ".ltx", ".latex"):
        return True
    return file.suffix in ("", ".txt", ".text") and _SHOWS.search(file.text) is not None


def read(text: str) -> Iterator[Item | Text]:
    """One item a question, `item:N`, and the text of the document. Raises DataError for one without questions."""
    nodes = body(parse(text))
    found = list(questions(nodes))
    items = [question.item(number) for number, question in enumerate(found, start=1)] or list(_set_by_hand(nodes))
    if not items:
        raise DataError(_NO_QUESTIONS)
    yield from items
    yield from (Text(line) for line in plain(nodes).split("\n") if line.strip())


def body(nodes: list[Node]) -> list[Node]:
    """What stands in the document, without its preamble."""
    return next((node.children for node in nodes if node.kind == "env" and node.value == "document"), nodes)


def _set_by_hand(nodes: Sequence[Node]) -> Iterator[Item]:
    """An exam whose numbers and letters are typed, or come from lists: read as other exams are."""
    lines = [_line(line) for line in plain(_styled(nodes)).split("\n")]
    lines = [line for line in lines if line.text.strip()]
    if has_options(lines):
        yield from exam_items(lines)


def _styled(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with marks around what is set off."""
    done: list[Node] = []
    for at, node in enumerate(nodes):
        before = nodes[at - 1] if at else None
        if before is not None and before.kind == "group" and at > 1 and nodes[at - 2].value in ("textcolor", "colorbox"):
            before = nodes[at - 2]
        elif before is not None and before.value in ("textcolor", "colorbox"):
            before = None
        inner = _styled(node.children) if node.kind != "code" else node.children
        style = _STYLES.get(before.value) if before is not None and before.kind == "command" and node.kind == "group" else None
        if style:
            inner = [Node("text", _MARKED[style]), *inner, Node("text", _END_OF_STYLE)]
        done.append(Node(node.kind, node.value, inner))
    return done


def _line(raw: str) -> ExamLine:
    """A line without the marks of styles, each character with its own."""
    raw = _LETTERED.sub(lambda match: f"{match[1]}{match[2]}. ", raw)
    text, marks, open_styles = "", list[frozenset[str]](), list[str]()
    for char in raw:
        if char in _STYLE_OF:
            open_styles.append(_STYLE_OF[char])
        elif char == _END_OF_STYLE:
            open_styles = open_styles[:-1]
        else:
            text += char
            marks.append(frozenset(open_styles) if open_styles else PLAIN)
    return ExamLine(text, marks)


FORMAT = Format("latex", sniff, read_text=read)
