"""Respondus' text format: `Type: MC`, `1) question`, `a. wrong`, `*b. right`, `@` feedback, a list of keys below `Answers:`."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.errors import DataError
from schemas.reasons import Reason

_SETTING = re.compile(r"(type|title|points|image|randomize|difficulty|category):[ \t]*+(.*)", re.IGNORECASE)
_START = re.compile(r"(\d{1,4})[.)][ \t]++(\S.*)")
_CHOICE = re.compile(r"(\*?)[ \t]?([a-zA-Z])[.)][ \t]++(\S.*)")
_FEEDBACK = re.compile(r"[@~][ \t]*+(.*)")
_LISTED = re.compile(r"(\d{1,4})[.)][ \t]*+([a-zA-Z])[ \t]*+")
_OWN = re.compile(r"(?mi)^(?:type:[ \t]*+(?:mc|t|ma|mr|mu|f|e|m|tf|b|o)[ \t]*+$|@[ \t]+\S|~[ \t]+\S)")
_NUMBERED = re.compile(r"(?m)^\d{1,4}[.)][ \t]+\S")
_LETTERED = re.compile(r"(?m)^\*?[ \t]?[aA][.)][ \t]+\S")
_KEYED = re.compile(r"(?mi)^(?:\*[ \t]?[a-zA-Z][.)][ \t]+\S|answers?:[ \t]*$)")
# What isn't asked by choosing one of some.
_OPEN = {"e": "an essay", "f": "a blank to fill in", "b": "blanks to fill in", "m": "matching", "o": "ordering"}


class _Question:
    def __init__(self, number: str, stem: str, kind: str, picture: str) -> None:
        self.number, self.kind, self.picture = number, kind, picture
        self.stem = [stem]
        self.options: list[list[str]] = []
        self.labels: list[str] = []
        self.right: list[bool] = []
        self.notes: list[str] = []
        self.stray = ""


def sniff(file: SniffedFile) -> bool:
    """A kind of question or feedback as only Respondus writes them, and numbered questions with lettered choices, one starred."""
    if file.suffix not in ("", ".txt", ".text"):
        return False
    return all(pattern.search(file.text) for pattern in (_OWN, _NUMBERED, _LETTERED, _KEYED))


def read(text: str) -> Iterator[Item]:
    """One item a question. Raises DataError without any."""
    questions, keys = _parsed(text)
    if not questions:
        raise DataError("a Respondus quiz without questions: looked for lines `1) question` with `a. wrong`, `*b. right` below")
    for place, question in enumerate(questions, start=1):
        yield _item(f"item:{place}", question, keys.get(question.number))


def _parsed(text: str) -> tuple[list[_Question], dict[str, str]]:
    questions: list[_Question] = []
    keys: dict[str, str] = {}
    kind = picture = ""
    owner: list[str] | None = None
    listing = blank = False
    for raw in text.split("\n"):
        line = raw.strip()
        if not line:
            blank = True
            continue
        if re.fullmatch(r"answers?:", line, re.IGNORECASE):
            listing = True
        elif listing and (key := _LISTED.fullmatch(line)):
            keys[key[1]] = key[2].lower()
        elif setting := _SETTING.fullmatch(line):
            kind, picture = (setting[2].strip().lower(), picture) if setting[1].lower() == "type" else (kind, picture)
            picture = setting[2].strip() if setting[1].lower() == "image" else picture
            owner = None
        elif start := _START.fullmatch(line):
            questions.append(_Question(start[1], start[2], kind, picture))
            kind, picture, listing = "", "", False
            owner = questions[-1].stem
        elif questions and (feedback := _FEEDBACK.fullmatch(line)):
            # Behind a choice that is wrong it is no explanation.
            last = questions[-1]
            owner = last.notes if not last.options or last.right[-1] else []
            owner.append(feedback[1])
        elif questions and (choice := _CHOICE.fullmatch(line)) and choice[2].lower() == chr(97 + len(questions[-1].options)):
            last = questions[-1]
            last.options.append([choice[3]])
            last.labels.append(choice[2].lower())
            last.right.append(bool(choice[1]))
            owner = last.options[-1]
        elif owner is not None and not (blank and questions[-1].options):
            owner.append(line)
        elif questions:
            questions[-1].stray = questions[-1].stray or line
        blank = False
    return questions, keys


def _item(locator: str, found: _Question, key: str | None) -> Item:
    cells: dict[str, Any] = {"question": "\n".join(found.stem)}
    if found.notes:
        cells["explanation"] = "\n".join(found.notes)
    if found.picture:
        cells["image"] = found.picture
    if found.kind in _OPEN or not found.options:
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, f"it asks for {_OPEN.get(found.kind, 'something without choices')}")
    listed = [label == key for label in found.labels] if key else []
    options = zip(found.options, found.right, listed or found.right, strict=True)
    cells["options"] = [{"text": "\n".join(lines), "correct": starred or named} for lines, starred, named in options]
    if found.stray:
        why = f"the line {found.stray[:60]!r} belongs to nothing: put it into its question, or take it out"
        return Item(locator, cells, Reason.MALFORMED_ROW, why)
    if not any(option["correct"] for option in cells["options"]):
        return Item(locator, cells, Reason.MISSING_ANSWER, "no choice is starred (`*b.`), and no list below `Answers:` names one")
    return Item(locator, cells)


FORMAT = Format("respondus", sniff, read_text=read)
