"""ExamView's tests as text: numbered questions as in any exam, and keys that bear details (`1. ANS: B PTS: 1 DIF: Easy`)."""

import re
from collections.abc import Iterator

from pipeline.ingest.formats import exam_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text

_DETAIL = r"(?:PTS|DIF|REF|OBJ|TOP|STA|KEY|NOT|MSC|LOC|NAT|BLM|NUM|SKL|LO|CON|FEEDBACK)"
_KEY = re.compile(rf"(?m)^[ \t]*+(?:(\d{{1,4}})[.)][ \t]*+)?ANS:[ \t]*+([A-Za-z])[ \t]++{_DETAIL}:.*$")
_PLAIN_KEY = re.compile(r"(?m)^[ \t]*+(\d{1,4})[.)][ \t]*+ANS:[ \t]*+([A-Za-z])[ \t]*+$")
_DETAILS = re.compile(rf"(?m)^[ \t]*+{_DETAIL}:[ \t].*\n?")
_SECTION = re.compile(r"(?m)^[ \t]*+(?:.{0,80} )?Answer Section[ \t]*+$")
# A line to write the letter on.
_BLANK = re.compile(r"(?m)^[ \t]*+_{2,12}[ \t]++(?=\d{1,4}[.)])")
# Options in two columns: a. and c. in one line, b. and d. in the next.
_OPTION = re.compile(r"(?:\A|(?<=\t))[ ]*+([a-j])[.)][ \t]++")


def sniff(file: SniffedFile) -> bool:
    """A key with details behind it, or with its number before it below the heading of the answer section."""
    return file.suffix in ("", ".txt", ".text") and (
        _KEY.search(file.text) is not None or (_SECTION.search(file.text) is not None and _PLAIN_KEY.search(file.text) is not None)
    )


def read(text: str) -> Iterator[Item | Text]:
    """Items of the test as of any exam, its keys told from their details. Raises DataError for a text without questions.

    >>> [i.payload["answer"] for i in read("1. Who?\\na. I\\nb. you\\n\\nAnswer Section\\n\\n1. ANS: B PTS: 1\\n") if isinstance(i, Item)]
    ['B']
    """
    yield Text(text)
    heading = _SECTION.search(text)
    asked, answers = (text[: heading.start()], text[heading.end() :]) if heading else (text, "")
    plain = _in_order(_BLANK.sub("", _DETAILS.sub("", _KEY.sub(_own, asked))))
    keys = [(match[1], match[2].upper()) for pattern in (_KEY, _PLAIN_KEY) for match in pattern.finditer(answers) if match[1]]
    numbers = [number for number, _ in keys]
    if len(set(numbers)) < len(numbers):
        keys = []  # Numbers that begin anew: which question a key is for can't be told.
    listed = "".join(f"{number}. {letter}\n" for number, letter in keys)
    yield from exam_text.read(f"{plain}\n\nANSWER KEY\n{listed}" if listed else plain)


def _own(match: re.Match[str]) -> str:
    """A key behind its question, without its details."""
    return f"{match[1]}. {match[2].upper()}" if match[1] else f"Answer: {match[2].upper()}"


def _in_order(text: str) -> str:
    """The text, a line an option, in the order of their letters.

    >>> _in_order("a.\\tx\\tc.\\ty\\nb.\\tz\\td.\\tw")
    'a. x\\nb. z\\nc. y\\nd. w'
    """
    lines: list[str] = []
    options: list[tuple[str, str]] = []
    for line in [*text.split("\n"), ""]:
        marks = list(_OPTION.finditer(line))
        if marks and not line[: marks[0].start()].strip():
            ends = [*(mark.start() for mark in marks[1:]), len(line)]
            options += [(mark[1], line[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
            continue
        lines += [f"{letter}. {option}" for letter, option in sorted(options, key=lambda one: one[0])]
        options = []
        lines.append(line)
    return "\n".join(lines[:-1])


FORMAT = Format("examview", sniff, read_text=read)
