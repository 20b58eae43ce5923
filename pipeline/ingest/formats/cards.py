"""Flash cards, cells parted by tabs without a header: Anki's notes (`#separator:tab`), Quizlet's pairs of term and definition."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from pipeline.common.grammar.keys import resolve_key
from pipeline.common.grammar.option_lists import split_options
from pipeline.common.html_signs import is_html
from pipeline.common.letters import LETTERS
from pipeline.common.markup import html_text
from pipeline.ingest.exam.keys import own_key
from pipeline.ingest.items import MAX_COLUMNS, Format, Item, SniffedFile
from pipeline.ingest.tables import is_headless, table_items, usable_header
from schemas.errors import DataError
from schemas.reasons import Reason

_SETTING = re.compile(
    r"#(separator|html|tags column|notetype column|deck column|guid column|columns|notetype|deck|tags|if matches)[ \t]*+:[ \t]*+(.*)",
    re.IGNORECASE,
)
# Tabs within an exam part a number from its question, and options from each other.
_EXAM = re.compile(r"(?mi)^[ \t]*+(?:câu|question)[ \t]*+\d|^[ \t]*+\(?a[.)][^\t\n]*+\t[ \t]*+\(?b[.)]")
_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "colon": ":"}
_SMALL = re.compile(r"(?<!\S)\(?([a-jA-J])[.)]\s+(?=\S)")
# Anki's note types for multiple choice write the key as zeros and ones.
_BITS = re.compile(r"[01](?: [01]){1,9}")


def sniff(file: SniffedFile) -> bool:
    """Anki's settings above all, or two cells a line, in a text file."""
    if file.suffix not in ("", ".txt", ".text"):
        return False
    if file.text.startswith("#separator:"):
        return True
    if "\t" not in file.text or _EXAM.search(file.text):
        return False
    rows = _rows(file.text)
    return len(rows) >= 2 and all(len(row) == 2 for row in rows[:200])


def read(text: str) -> Iterator[Item]:
    """One item a card whose options stand in a cell; Anki's columns by their names. Raises DataError where nothing says what is what."""
    if text.lstrip().startswith("#separator:"):
        yield from _anki(text.lstrip().split("\n"))
        return
    rows = _rows(text)
    if rows and usable_header(rows[0]) is not None:
        yield from table_items([list(row) for row in rows])
        return
    for number, cells in enumerate(rows, start=1):
        yield _pair(number, cells)


def _rows(text: str) -> list[list[str]]:
    """Cells of each card: a line, or what stands in quotes; or lines up to the one that holds the tab, where each card is a question with
    its options so."""
    lines = [line for line in text.split("\n") if line.strip()]
    if text.lstrip().startswith('"'):
        rows = [row for row in csv.reader(io.StringIO(text), delimiter="\t") if row]
        if all(len(row) == 2 for row in rows):
            return [[cell.strip() for cell in row] for row in rows]
    if lines and "\t" not in lines[0] and lines[-1].count("\t") == 1:
        rows = []
        front: list[str] = []
        for line in lines:
            front.append(line)
            if "\t" in line:
                rows.append("\n".join(front).split("\t"))
                front = []
        if all(len(row) == 2 and "\n" in row[0] and _is_key(row[1], row[0]) for row in rows):
            return [[cell.strip() for cell in row] for row in rows]
    return [[cell.strip() for cell in line.split("\t")] for line in lines]


def _is_key(text: str, question: str) -> bool:
    found = _options(question)
    return found is not None and resolve_key(text, "letter", list(LETTERS[: len(found[1])]), found[1]).position is not None


def _pair(number: int, cells: list[str]) -> Item:
    """A question with its options on one side, the right one on the other."""
    locator = f"row:{number}"
    if len(cells) != 2:
        return Item(locator, {"card": cells}, Reason.MALFORMED_ROW, f"{len(cells)} cells; a card has two")
    for front, back in (cells, cells[::-1]):
        if found := _options(front):
            stem, options = found
            return Item(locator, {"question": stem, "options": options, "answer": back})
    why = "a flash card without options in its text (`a. ... b. ...`): a term and its definition are no multiple-choice question"
    return Item(locator, {"question": cells[0], "definition": cells[1]}, Reason.NOT_MULTIPLE_CHOICE, why)


def _options(text: str) -> tuple[str, list[str]] | None:
    """The stem and the options behind marks that run from a."""
    marks: list[re.Match[str]] = []
    for match in _SMALL.finditer(text):
        if match[1].lower() == chr(97 + len(marks)) and (not marks or match[1].islower() == marks[0][1].islower()):
            marks.append(match)
    if len(marks) < 2:
        found = split_options(text)
        return (found.stem, found.texts) if found and found.stem and not found.several else None
    stem = text[: marks[0].start()].strip()
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    options = [text[mark.end() : end].strip(" ,;") for mark, end in zip(marks, ends, strict=True)]
    return (stem, options) if stem and all(options) else None


def _anki(lines: list[str]) -> Iterator[Item]:
    settings: dict[str, str] = {}
    at = 0
    while at < len(lines) and (setting := _SETTING.fullmatch(lines[at])):
        settings[setting[1].lower()] = setting[2].strip()
        at += 1
    named = settings.get("separator", "tab").lower()
    mark = _SEPARATORS.get(named, named[:1] or "\t")
    rows = [row for row in csv.reader(io.StringIO("\n".join(lines[at:])), delimiter=mark) if row]
    if columns := settings.get("columns"):
        yield from table_items([next(csv.reader([columns], delimiter=mark)), *rows])
        return
    aside = {int(value) - 1 for name, value in settings.items() if name.endswith(" column") and value.isdigit()}
    kept = [[cell for place, cell in enumerate(row) if place not in aside] for row in rows]
    if rows and all(len(row) <= MAX_COLUMNS for row in rows) and (places := _bit_column(kept)) is not None:
        yield from (_of_bits(f"row:{number}", cells, places) for number, cells in enumerate(kept, start=1))
        return
    if rows and is_headless(kept):
        yield from table_items(kept, headless=True)
        return
    if rows and (cards := _of_sides(kept)):
        yield from cards
        return
    raise DataError(
        f"Anki's notes without the names of their columns ({len(rows):,} of {len(kept[0]) if kept else 0} fields): nothing tells "
        "what is what: a line like `#columns:Question\tA\tB\tC\tD\tAnswer` below `#separator:tab`, or a csv with a header"
    )


def _of_sides(rows: list[list[str]]) -> list[Item]:
    """Notes whose first cell holds a question with its options, and whose second the key: alone, before its explanation, or behind
    `Answer:`. [] where that isn't so of nearly all."""
    items: list[Item] = []
    keyed = 0
    for number, row in enumerate(rows, start=1):
        front, back = ((html_text(cell) if is_html(cell) else cell).strip() for cell in [*row, ""][:2])
        found = _options(front)
        if found is None:
            why = "the front of the card holds no options (`A. ... B. ...`): a term and its definition are no multiple-choice question"
            items.append(Item(f"row:{number}", {"question": front, "definition": back}, Reason.NOT_MULTIPLE_CHOICE, why))
            continue
        stem, options = found
        lines = [line.strip() for line in back.split("\n") if line.strip()]
        place = next((place for place, line in enumerate(lines) if own_key(line) is not None), 0)
        key: Any = (own_key(lines[place]) or lines[place]) if lines else None
        labels = list(LETTERS[: len(options)])
        keyed += isinstance(key, str) and len(options) <= len(LETTERS) and resolve_key(key, "letter", labels, options).position is not None
        behind = "\n".join(line for at, line in enumerate(lines) if at != place)
        cells = {
            "question": stem,
            "options": [{"label": label, "text": text} for label, text in zip(labels, options, strict=False)],
            "answer": key,
        }
        if len(options) > len(labels):
            cells["options"] = options
        items.append(Item(f"row:{number}", cells | ({"explanation": behind} if behind else {})))
    return items if keyed * 5 >= len(rows) * 4 else []


def _bit_column(rows: list[list[str]]) -> int | None:
    """The column whose cells are as many zeros and ones as options stand between the question and it, in every row."""
    width = min(map(len, rows))
    for place in range(3, width):
        if all(_BITS.fullmatch(row[place].strip()) and len(row[place].split()) == len(_filled(row[1:place])) for row in rows):
            return place
    return None


def _filled(cells: list[str]) -> list[str]:
    """Cells without the empty ones at the end."""
    last = max((place for place, cell in enumerate(cells) if cell.strip()), default=-1)
    return cells[: last + 1]


def _of_bits(locator: str, row: list[str], place: int) -> Item:
    bits = row[place].split()
    options = [{"text": text, "correct": bit == "1"} for text, bit in zip(_filled(row[1:place]), bits, strict=True)]
    cells: dict[str, Any] = {"question": row[0], "options": options}
    if not any(option["correct"] for option in options):
        return Item(locator, cells, Reason.MISSING_ANSWER, f"{row[place]!r} marks no option")
    return Item(locator, cells)


FORMAT = Format("cards", sniff, read_text=read, prose=False)
