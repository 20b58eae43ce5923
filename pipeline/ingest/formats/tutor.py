"""Quizzes of Tutor LMS as it exports them (csv): a row `question,text,,single_choice,...`, then a row `answer,text,text,1,...` an answer.

Source: Tutor LMS' "Quiz Import/Export": the fourth cell of an answer is 1 where it is right.
"""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.choices import refused
from pipeline.ingest.formats.csv import find_rows
from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.reasons import Reason

_KINDS = (
    "single_choice|multiple_choice|true_false|open_ended|short_answer|fill_in_the_blank|matching|image_matching|image_answering|ordering"
)
_QUESTION = re.compile(rf"(?m)^\"?question\"?,.*,\"?(?:{_KINDS})\"?,")
_ANSWER = re.compile(r"(?m)^\"?answer\"?,.*,\"?(?:text|image|text_image|)\"?,\"?[01]?\"?,")
_CHOICES = ("single_choice", "multiple_choice", "true_false")
MAX_LINES = 2_000


def sniff(file: SniffedFile) -> bool:
    """A row that opens a question of a kind that Tutor names so, and one of an answer."""
    return file.suffix in (".csv", ".txt", "") and _QUESTION.search(file.text) is not None and _ANSWER.search(file.text) is not None


def read(text: str) -> Iterator[Item]:
    """One item a question, `item:N`; the quiz's settings before the first are none."""
    rows, broken = find_rows(text, ",")
    records: list[list[list[str]]] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if cells[0].lower() == "question":
            records.append([])
        if records and cells[0].lower() in ("question", "answer"):
            records[-1].append([*cells, *[""] * 8])
    for number, record in enumerate(records, start=1):
        locator = f"item:{number}"
        if len(record) > MAX_LINES:
            yield Item(locator, record[0], Reason.TOO_LARGE, f"{len(record):,} rows in one question; at most {MAX_LINES:,} are read")
        else:
            yield _item(locator, *record)
    for number, line in broken:
        yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, f"a quote opens in line {number} and is never closed")


def _item(locator: str, question: list[str], *answers: list[str]) -> Item:
    _, title, description, kind, *_ = question
    shown = re.sub(r"<[^<>]{1,200}>|&nbsp;", "", description).strip()
    if kind not in _CHOICES:
        return refused(locator, title, f"Tutor's {kind.replace('_', ' ')} offers no choice of one among some", {"description": shown})
    cells: dict[str, Any] = {"question": title, "question_type": kind}
    if shown:
        cells["context"] = description
    cells["options"] = [{"text": answer[1], "correct": answer[3] == "1"} for answer in answers]
    if any(answer[2] in ("image", "text_image") for answer in answers):
        cells["image"] = "answers with pictures"
    if not any(option["correct"] for option in cells["options"]):
        return Item(locator, cells, Reason.MISSING_ANSWER, "no answer is marked by a 1 in its fourth cell")
    return Item(locator, cells)


FORMAT = Format("tutor", sniff, read_text=read, prose=False)
