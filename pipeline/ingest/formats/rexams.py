"""R/exams exercises (r-exams.org): Question, Answerlist, Solution and Meta-information in Markdown (.Rmd) or LaTeX (.Rnw). R is never run:
a question whose text or options R computes is refused."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from pipeline.ingest.emphasis import plain_markdown
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.tex import Node, parse, walk
from pipeline.ingest.tex_questions import Question, question_of
from pipeline.ingest.tex_text import plain
from schemas.errors import DataError
from schemas.reasons import Reason

_SECTIONS = "question|questionlist|answerlist|solution|solutionlist|meta-information"
# A heading underlined, or behind hashes.
_HEADING = re.compile(rf"(?:#{{1,4}}[ \t]++)?({_SECTIONS})[ \t]*+#*[ \t]*", re.IGNORECASE)
_RULE = re.compile(r"[=-]{3,}[ \t]*")
_META = re.compile(r"(ex[a-z]+)(?:\[[^\]]*+\])?[ \t]*+:[ \t]*+(.*)", re.IGNORECASE)
_BULLET = re.compile(r"[*+-][ \t]+(.*)")
_CHUNK = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*\{[ \t]*[rR]\b")
_INLINE = re.compile(r"`r\s[^`\n]*`")
_SWEAVE = re.compile(r"(?m)^<<[^\n]*>>=[ \t]*$")
_SHOWN_MD = re.compile(r"(?mi)^[ \t]*(?:exsolution|extype)[ \t]*:")
_SHOWN_TEX = re.compile(r"\\ex(?:solution|type)\s*\{")
_COMMENTED = re.compile(r"(?m)^%+[ \t]*+(?=\\ex[a-z]{1,20}(?:\[[^\]\n]{0,40}\])?\{)")
_KINDS = {"num": "a number", "string": "a text", "cloze": "several answers in one text", "essay": "an essay", "file": "a file"}
_COMPUTED = "R computes {}: render the exercise first (exams2moodle writes Moodle XML with the values in place) and read that"


class _Exercise(NamedTuple):
    """The parts of one exercise as text; `computed` says what only R could tell."""

    stem: str
    options: list[str]
    solution: str
    meta: dict[str, str]
    computed: str = ""


def sniff(file: SniffedFile) -> bool:
    """Meta-information that says the type or the solution, and a question before it."""
    if file.suffix not in (".rmd", ".rnw", ".md", ".txt", ".tex", ".qmd", ""):
        return False
    markdown = _SHOWN_MD.search(file.text) is not None and re.search(r"(?mi)^(?:#+[ \t]+)?question[ \t]*$", file.text) is not None
    return markdown or (_SHOWN_TEX.search(file.text) is not None and "\\begin{question}" in file.text)


def read(text: str) -> Iterator[Item | Text]:
    """One item an exercise: a file holds one, several may stand behind one another. Raises DataError where there is none."""
    exercises = list(_of_latex(text) if _SHOWN_TEX.search(text) else _of_markdown(text))
    if not exercises:
        raise DataError("no R/exams exercise: looked for the section Question, an Answerlist, and exsolution in the Meta-information")
    for number, exercise in enumerate(exercises, start=1):
        yield _item(number, exercise)
        yield from (Text(piece) for piece in (exercise.stem, *exercise.options, exercise.solution) if piece)


def _item(number: int, found: _Exercise) -> Item:
    kind = found.meta.get("extype", "schoice").strip().lower()
    bits = found.meta.get("exsolution", "").strip()
    right = [bit in "1TtWw" for bit in bits] if re.fullmatch(r"[01]{1,30}", bits) else []
    cells: dict[str, object] = {"question": found.stem}
    if found.options:
        marks = right if len(right) == len(found.options) else [False] * len(found.options)
        cells["options"] = [{"text": text, "correct": mark} for text, mark in zip(found.options, marks, strict=True)]
    more = {
        "explanation": found.solution,
        "id": found.meta.get("exname", ""),
        "subject": found.meta.get("exsection", "").rpartition("/")[2],
    }
    cells |= {name: value for name, value in more.items() if value}
    if any("[image]" in option for option in found.options):
        cells["image"] = "[image]"
    fault = _fault(found, kind, bits, right)
    return Item(f"item:{number}", cells, *fault) if fault else Item(f"item:{number}", cells)


def _fault(found: _Exercise, kind: str, bits: str, right: list[bool]) -> tuple[Reason, str] | None:
    if kind in _KINDS:
        return Reason.NOT_MULTIPLE_CHOICE, f"extype: {kind} asks for {_KINDS[kind]}"
    if found.computed:
        return Reason.MALFORMED_ROW, _COMPUTED.format(found.computed)
    if not found.options:
        return Reason.NOT_MULTIPLE_CHOICE, "it has no Answerlist in its Question"
    if not bits or not any(right):
        return Reason.MISSING_ANSWER, f"exsolution {bits!r} marks no option; expected a 0 or 1 for each, like 0100"
    if len(right) != len(found.options):
        return Reason.ANSWER_NOT_IN_OPTIONS, f"exsolution {bits!r} has {len(right)} places for {len(found.options)} options"
    return None


def _of_markdown(text: str) -> Iterator[_Exercise]:
    sections: list[tuple[str, list[str]]] = []
    for name, lines in _sections(text):
        if name == "question" and any(other == "question" for other, _ in sections):
            yield _markdown_exercise(sections)
            sections = []
        sections.append((name, lines))
    if any(name == "question" for name, _ in sections):
        yield _markdown_exercise(sections)


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Name and lines of each section; what stands before the first is called ""."""
    name, lines, fence = "", list[str](), ""
    rows = text.split("\n")
    at = 0
    while at < len(rows):
        row = rows[at]
        if fence or (opened := re.match(r"[ \t]*(`{3,}|~{3,})", row)):
            mark = row.strip()
            if not fence:
                fence = opened[1] if opened else ""
            elif mark.startswith(fence) and not mark.strip(fence[0]):
                fence = ""
        elif heading := _HEADING.fullmatch(row):
            ruled = at + 1 < len(rows) and _RULE.fullmatch(rows[at + 1]) is not None
            if ruled or row.startswith("#"):
                yield name, lines
                name, lines = heading[1].lower(), []
                at += 2 if ruled else 1
                continue
        lines.append(row)
        at += 1
    yield name, lines


def _markdown_exercise(sections: list[tuple[str, list[str]]]) -> _Exercise:
    stem: list[str] = []
    options: list[str] | None = None
    solution: list[str] = []
    meta: dict[str, str] = {}
    owner = ""
    for name, lines in sections:
        owner = name if name in ("question", "solution") else owner
        if name == "question":
            stem = lines
        elif name in ("answerlist", "questionlist") and owner == "question":
            options = _bullets(lines)
        elif name == "solution":
            solution = lines
        elif name == "meta-information":
            meta |= {match[1].lower(): match[2].strip() for line in lines if (match := _META.fullmatch(line.strip()))}
    asked = "\n".join([*stem, *(options or [])])
    computed = ""
    if _INLINE.search(asked) or any(_CHUNK.match(line) and "include=FALSE" not in line.replace(" ", "") for line in stem):
        computed = "the question or its options"
    elif "`r" in meta.get("exsolution", "") or "`r" in meta.get("extype", ""):
        computed = "its key (exsolution)"
    texts = [plain_markdown(option).strip() for option in options or []]
    return _Exercise(plain_markdown("\n".join(stem)).strip(), texts, plain_markdown("\n".join(solution)).strip(), meta, computed)


def _bullets(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        bullet = _BULLET.match(line)
        if bullet or re.fullmatch(r"[*+-][ \t]*", line):
            items.append(bullet[1] if bullet else "")
        elif items:
            items[-1] += "\n" + line.strip()
    return [item.strip() for item in items]


def _of_latex(text: str) -> Iterator[_Exercise]:
    # Meta-information stands in comments as well.
    nodes = parse(_COMMENTED.sub("", _without_chunks(text)))
    starts = [at for at, node in enumerate(nodes) if node.kind == "env" and node.value == "question"]
    found = [node for node in walk(nodes) if node.kind == "env" and node.value == "question"]
    if len(found) != len(starts):
        nodes, starts = found, list(range(len(found)))
    for start, end in zip(starts, [*starts[1:], len(nodes)], strict=True):
        behind = nodes[start + 1 : end]
        meta = {
            node.value: plain(after.children)
            for node, after in pairwise(behind)
            if node.kind == "command" and node.value.startswith("ex") and after.kind == "group"
        }
        question = question_of(nodes[start].children)
        solution = next((node.children for node in behind if node.kind == "env" and node.value == "solution"), [])
        yield _latex_exercise(question, solution, meta)


def _latex_exercise(question: Question, solution: list[Node], meta: dict[str, str]) -> _Exercise:
    asked = [*question.stem, *question.behind, *(node for nodes, _ in question.options for node in nodes)]
    computed = ""
    if any(node.value in ("Sexpr", "RChunk") for node in walk(asked)):
        computed = "the question or its options"
    elif "\\Sexpr" in meta.get("exsolution", ""):
        computed = "its key (exsolution)"
    told = [node for node in solution if not (node.kind == "env" and node.value == "answerlist")]
    options = [plain(nodes) for nodes, _ in question.options]
    return _Exercise(plain([*question.stem, *question.behind]), options, plain(told), meta, computed)


def _without_chunks(text: str) -> str:
    """Chunks of R (`<<...>>=` to `@`) as a command that says so."""
    pieces: list[str] = []
    at = 0
    for chunk in _SWEAVE.finditer(text):
        if chunk.start() < at:
            continue
        end = text.find("\n@", chunk.end() - 1)
        pieces += [text[at : chunk.start()], "" if "include=FALSE" in chunk[0].replace(" ", "") else "\\RChunk{}"]
        at = len(text) if end < 0 else end + 2
        if end < 0:
            break
    return "".join([*pieces, text[at:]])


FORMAT = Format("rexams", sniff, read_text=read)
