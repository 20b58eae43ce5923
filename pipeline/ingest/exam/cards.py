"""Flash cards (Quizlet, Anki): a line each, the question with its options in front of a tab, the right one behind it."""

import re

from pipeline.ingest.exam.lines import plain_line
from pipeline.ingest.exam.marks import LOWER, UPPER, find_options
from pipeline.ingest.items import Item

_RIGHT = re.compile(r"\s*\(?([A-Ja-j])(?:[.)]\s*(?P<text>.*)|\s*)\Z")


def card_items(text: str) -> list[Item]:
    """One item a card; [] where not every line is one.

    >>> card_items("Which barks? a. cat b. dog\\tb. dog\\nWhich swims? a. cod b. owl\\ta. cod")[0].payload["answer"]
    'B'
    """
    rows = [line.split("\t") for line in text.split("\n") if line.strip()]
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        return []
    items: list[Item] = []
    for number, (front, back) in enumerate(rows, start=1):
        line, right = plain_line(front), _RIGHT.match(back)
        found = find_options([line], (UPPER, LOWER))
        if right is None or len(found.marks) < 2 or found.fault or not front[: found.marks[0].start].strip():
            return []
        ends = [*(mark.start for mark in found.marks[1:]), len(front)]
        options = [{"label": mark.letter, "text": front[mark.end : end].strip()} for mark, end in zip(found.marks, ends, strict=True)]
        key = right[1].upper()
        told = next((option["text"] for option in options if option["label"] == key), "")
        if right["text"] and right["text"].strip(" .").casefold() != told.strip(" .").casefold():
            return []
        items.append(Item(f"item:{number}", {"question": front[: found.marks[0].start].strip(), "options": options, "answer": key}))
    return items
