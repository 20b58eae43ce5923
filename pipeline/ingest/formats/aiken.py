"""Aiken, Moodle's simplest text format (docs.moodle.org, "Aiken format"): question lines, `A. option` lines, `ANSWER: B`."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import Format, Item, SniffedFile

KEY = re.compile(r"(?mi)^[ \t]*ANSWER[ \t]*:[ \t]*\(?([A-Z])\)?[ \t.]*$")
_OPTION = re.compile(r"[ \t]*\(?([A-Za-z])[.)][ \t]*(\S.*)")


def sniff(file: SniffedFile) -> bool:
    """A line holds a key and nothing else, and none numbers its questions ("Câu 1."): those are exams."""
    return KEY.search(file.text) is not None and re.search(r"(?mi)^[^\w\n]*+(?:câu|question)\s+\d", file.text) is None


def read(text: str) -> Iterator[Item]:
    """One item a key; a question behind the last key has none.

    >>> next(read("What is 1 + 1?\\nA. 1\\nB. 2\\nANSWER: B\\n")).payload
    {'question': 'What is 1 + 1?', 'options': ['1', '2'], 'answer': 'B'}
    """
    start = number = 0
    for key in KEY.finditer(text):
        number += 1
        yield Item(f"item:{number}", {**_question(text[start : key.start()]), "answer": key[1].upper()})
        start = key.end()
    if text[start:].strip():
        yield Item(f"item:{number + 1}", {**_question(text[start:]), "answer": None})


def _question(block: str) -> dict[str, Any]:
    stem: list[str] = []
    options: list[str] = []
    for line in block.strip().split("\n"):
        match = _OPTION.match(line)
        if match and ord(match[1].upper()) - 65 == len(options):
            options.append(match[2].strip())
        elif options and line.strip():
            options[-1] += " " + line.strip()
        elif line.strip():
            stem.append(line.strip())
    return {"question": "\n".join(stem), "options": options}


FORMAT = Format("aiken", sniff, read_text=read)
