"""text2qti (github.com/gpoore/text2qti): `1. question`, `a) wrong`, `*b) right`, `[ ]` and `[*]`, `...` feedback, essays and uploads."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.ingest.emphasis import plain_markdown
from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.errors import DataError
from schemas.reasons import Reason

_START = re.compile(r"(\d{1,4})\.(?:[ \t]++(.*)|$)")
_CHOICE = re.compile(r"(\*?)([a-zA-Z])\)(?:[ \t]++(.*)|$)")
_BOX = re.compile(r"\[( |\*)\](?:[ \t]++(.*)|$)")
_FEEDBACK = re.compile(r"(\.\.\.|[+-])[ \t]++(.*)")
_TYPED = re.compile(r"(?:\*|=)[ \t]+\S.*")
_OPEN = {"_": "an essay", "^": "a file to upload"}
_ESSAY = re.compile(r"_{3,}[ \t]*|\^{3,}[ \t]*")
_SETTING = re.compile(
    r"(?:quiz title|quiz description|text title|text|title|points|pick|points per question|shuffle answers|show correct answers"
    r"|one question at a time|can't go back|feedback is solution|solutions sample groups|solutions randomize groups):(?:[ \t]++(.*)|$)",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?:GROUP|END_GROUP|COMMENT|END_COMMENT)[ \t]*")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADED = re.compile(r"(?mi)^quiz (?:title|description):")
_OWN = re.compile(r"(?m)^(?:\.\.\.[ \t]+\S|\[\*\][ \t]+\S|\*[a-z]\)[ \t]+\S|GROUP[ \t]*$|\^{4,}[ \t]*$)")
_PASSAGE = re.compile(r"\b(?:read|passage|following|text|table|use|refer|questions?|consider|based)\b|.{200}", re.IGNORECASE | re.DOTALL)


class _Line(NamedTuple):
    kind: str
    text: str
    right: bool = False
    label: str = ""


class _Question:
    def __init__(self, number: int, stem: str, title: str, context: str) -> None:
        self.number, self.title, self.context = number, title, context
        self.stem = [stem]
        self.options: list[list[str]] = []
        self.labels: list[str] = []
        self.right: list[bool] = []
        self.feedback: list[str] = []
        self.open = ""
        self.stray = ""


def sniff(file: SniffedFile) -> bool:
    """Its first lines name a quiz, or something that only text2qti writes stands in a text of which every line is its own."""
    if file.suffix not in ("", ".txt", ".text", ".md", ".text2qti"):
        return False
    if not _START_ANYWHERE.search(file.text):
        return False
    return _HEADED.search(file.text) is not None or (_OWN.search(file.text) is not None and _is_whole(file.text))


_START_ANYWHERE = re.compile(r"(?m)^\d{1,4}\.[ \t]")


def _is_whole(text: str) -> bool:
    """Every line belongs to text2qti, and every question has a form of answer."""
    try:
        questions = list(_questions(text))
    except DataError:
        return False
    return bool(questions) and all(not one.stray and (one.options or one.open) and _runs(one.labels) for one in questions)


def _runs(labels: list[str]) -> bool:
    return [label for label in labels if label] == [chr(97 + place) for place in range(sum(map(bool, labels)))]


def read(text: str) -> Iterator[Item]:
    """One item a question. Raises DataError without any, or where a comment or a fence is never closed."""
    number = 0
    for number, question in enumerate(_questions(text), start=1):
        yield _item(number, question)
    if not number:
        raise DataError("a text2qti quiz without questions: looked for lines `1. question` with `a) wrong`, `*b) right` below")


def _item(number: int, found: _Question) -> Item:
    locator = f"item:{number}"
    stem = plain_markdown("\n".join(found.stem)).strip("\n ")
    texts = [plain_markdown("\n".join(option)).strip("\n ") for option in found.options]
    cells: dict[str, Any] = {"question": stem}
    if texts:
        cells["options"] = [{"text": text, "correct": right} for text, right in zip(texts, found.right, strict=True)]
        if any("[image]" in text for text in texts):
            cells["image"] = "[image]"
    more = {"explanation": plain_markdown("\n".join(found.feedback)).strip(), "context": plain_markdown(found.context).strip()}
    cells |= {name: value for name, value in more.items() if value}
    if found.stray:
        return Item(
            locator, cells, Reason.MALFORMED_ROW, f"the line {found.stray[:60]!r} belongs to nothing: indent it as far as the text above it"
        )
    if found.open:
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, f"it asks for {found.open}")
    if not texts:
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, "no choice (`a)`, `[ ]`) stands below it")
    if not any(found.right):
        return Item(locator, cells, Reason.MISSING_ANSWER, "no choice is starred (`*b)`, `[*]`)")
    return Item(locator, cells)


def _questions(text: str) -> Iterator[_Question]:
    current: _Question | None = None
    title = context = ""
    owner = "head"
    for line in _lines(text):
        if line.kind == "start":
            if current:
                yield current
            current, owner = _Question(int(line.label), line.text, title, context), "stem"
            title = ""
        elif line.kind == "setting":
            owner = "head"
            if line.label == "title":
                title = line.text
            elif line.label in ("text", "text title", "word"):
                if current:
                    yield current
                    current = None
                context = line.text if line.label == "text" and _PASSAGE.search(line.text) else ""
                owner = "text" if context else "head"
        elif line.kind in ("more", "code"):
            if owner == "text":
                context += f"\n{line.text}"
            elif current is not None:
                _continue(current, owner, line)
        elif current is None:
            continue
        elif line.kind == "choice":
            current.options.append([line.text])
            current.labels.append(line.label)
            current.right.append(line.right)
            owner = "option"
        elif line.kind == "feedback":
            # Behind a choice that is wrong it is no explanation.
            if line.label == "..." and (not current.options or current.right[-1]):
                current.feedback.append(line.text)
            owner = "feedback"
        elif line.kind == "open":
            current.open = line.text
        elif line.kind == "stray":
            current.stray = current.stray or line.text
    if current:
        yield current


def _continue(question: _Question, owner: str, line: _Line) -> None:
    text = line.text if line.kind == "code" else line.text.strip()
    if owner == "stem":
        question.stem.append(line.text)
    elif owner == "option":
        question.options[-1].append(text)
    elif owner == "feedback" and question.feedback:
        question.feedback.append(text)


def _lines(text: str) -> Iterator[_Line]:
    """What each line is. Indented lines and those in code go on with what stands before them."""
    fence, comment = "", False
    for raw in text.split("\n"):
        if comment:
            comment = raw.strip() != "END_COMMENT"
            continue
        if fence or raw[:1] in (" ", "\t") or not raw.strip() or _FENCE.match(raw):
            mark, inside = _FENCE.match(raw), bool(fence)
            if fence and mark and mark[1].startswith(fence) and not raw.strip().strip(fence[0]):
                fence = ""
            elif not fence and mark:
                fence = mark[1]
            yield _Line("code" if inside or fence else "more", raw.rstrip())
        elif raw.startswith("%"):
            continue
        elif _WORD.fullmatch(raw):
            comment = raw.startswith("COMMENT")
            if not comment:
                yield _Line("setting", "", label="word")
        elif setting := _SETTING.fullmatch(raw):
            yield _Line("setting", (setting[1] or "").strip(), label=raw.partition(":")[0].lower())
        elif start := _START.fullmatch(raw):
            yield _Line("start", start[2] or "", label=start[1])
        elif choice := _CHOICE.fullmatch(raw):
            yield _Line("choice", choice[3] or "", choice[1] == "*", choice[2].lower())
        elif box := _BOX.fullmatch(raw):
            yield _Line("choice", box[2] or "", box[1] == "*")
        elif feedback := _FEEDBACK.fullmatch(raw):
            yield _Line("feedback", feedback[2], label=feedback[1])
        elif _ESSAY.fullmatch(raw):
            yield _Line("open", _OPEN[raw[0]])
        elif _TYPED.fullmatch(raw):
            yield _Line("open", "a number" if raw[0] == "=" else "a text that is typed in")
        else:
            yield _Line("stray", raw)
    if comment or fence:
        raise DataError(f"a {'comment' if comment else 'code block'} opens and is never closed")


FORMAT = Format("text2qti", sniff, read_text=read)
