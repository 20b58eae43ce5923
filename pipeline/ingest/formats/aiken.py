"""Aiken, Moodle's simplest text format (docs.moodle.org, "Aiken format"): question lines, `A. option` lines, `ANSWER: B`."""

import re
from collections.abc import Iterator

from pipeline.ingest.exam import Block, block_items
from pipeline.ingest.items import Format, Item, SniffedFile

KEY = re.compile(r"(?mi)^[ \t]*ANSWER[ \t]*:[ \t]*\(?([A-Z])\)?[ \t.]*$")


def sniff(file: SniffedFile) -> bool:
    """A line holds a key and nothing else, and none numbers its questions ("Câu 1."): those are exams."""
    return KEY.search(file.text) is not None and re.search(r"(?mi)^[^\w\n]*+(?:(?:câu|question|bài|q)\s?\d|\d{1,3}\s?[.):/])", file.text) is None


def read(text: str) -> Iterator[Item]:
    """One item a key; a question behind the last key has none.

    >>> next(read("What is 1 + 1?\\nA. 1\\nB. 2\\nANSWER: B\\n")).payload["options"]
    [{'label': 'A', 'text': '1'}, {'label': 'B', 'text': '2'}]
    """
    start, blocks = 0, list[Block]()
    for key in KEY.finditer(text):
        blocks.append(Block(text[start : key.start()], key[1].upper()))
        start = key.end()
    if text[start:].strip():
        blocks.append(Block(text[start:], None))
    yield from block_items(blocks)


FORMAT = Format("aiken", sniff, read_text=read)
