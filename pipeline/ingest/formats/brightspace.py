"""Brightspace (D2L) question csv: a record opens with `NewQuestion,TYPE`, and each of its rows names one part of it.

Source: D2L's sample file, whose rows are `Title`, `QuestionText`, `Option,weight,text,,feedback`, `TRUE,weight`, `Hint`, `Feedback`, ...
"""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.formats.csv import find_rows
from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.reasons import Reason

_OPENING = re.compile(r"(?mi)^\"?NewQuestion\"?\s?([,;\t])\s?\"?(?:MC|MS|TF|M|O|ORD|WR|SA|MSA|LA|FIB)\b")
_CHOICES = ("MC", "MS")
MAX_LINES = 2_000


def sniff(file: SniffedFile) -> bool:
    """A line that opens a question."""
    return file.suffix in (".csv", ".txt", ".tsv", "") and _OPENING.search(file.text) is not None


def read(text: str) -> Iterator[Item]:
    """One item a question, `item:N`; rows before the first are remarks."""
    opening = _OPENING.search(text)
    rows, broken = find_rows(text, opening[1] if opening else ",")
    records: list[list[list[str]]] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if cells[0].casefold() == "newquestion":
            records.append([])
        if records and any(cells) and not cells[0].startswith("//"):
            records[-1].append(cells)
    for number, record in enumerate(records, start=1):
        if len(record) > MAX_LINES:
            yield Item(
                f"item:{number}", record[0], Reason.TOO_LARGE, f"{len(record):,} rows in one question; at most {MAX_LINES:,} are read"
            )
        else:
            yield Item(f"item:{number}", _record(record))
    for number, line in broken:
        yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, f"a quote opens in line {number} and is never closed")


def _record(rows: list[list[str]]) -> dict[str, Any]:
    kind = rows[0][1].upper() if len(rows[0]) > 1 else ""
    found: dict[str, Any] = {"question_type": kind}
    options: list[dict[str, Any]] = []
    for name, value, *rest in ([*row, "", ""] for row in rows[1:]):
        part = name.casefold()
        if part == "option" and kind in _CHOICES:
            options.append({"text": rest[0], "is_correct": _weight(value) > 0})
        elif part in ("true", "false") and kind == "TF":
            options.append({"text": name.capitalize(), "is_correct": _weight(value) > 0})
        elif part in _NAMES and value:
            found.setdefault(_NAMES[part], value)
    return found | ({"options": options} if options else {})


# A hint helps to answer: it is neither part of the question nor its explanation.
_NAMES = {"id": "id", "questiontext": "question", "image": "image", "feedback": "explanation"}


def _weight(text: str) -> float:
    try:
        return float(text.rstrip("% ").replace(",", ".") or 0)
    except ValueError:
        return 0.0


FORMAT = Format("brightspace", sniff, read_text=read, prose=False)
