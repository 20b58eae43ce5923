"""GIFT, Moodle's rich text format (docs.moodle.org, "GIFT format"): `::title:: question {=right ~wrong#feedback}`."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.reasons import Reason
from schemas.tables.row import MAX_TEXT_CHARS

# `{1:MULTICHOICE:=a~b}` is the form of embedded answers.
_EMBEDDED = r"(?:\d*:(?:MULTICHOICE|MULTICHOICE_[VHS]+|MC|MC[VHS]+):)"
# What shows a GIFT file: an answer block with a right answer (=), a wrong one (~) or a truth value. An empty one is LaTeX's as well.
BLOCK = re.compile(
    rf"(?<!\\)\{{\s*+(?:(?:{_EMBEDDED}|\d+:)\s*+)?(?:[=~]|(?:T|F|TRUE|FALSE)\s*+(?:#(?:\\.|[^{{}}\\])*+)?\}})", re.IGNORECASE
)
_ANSWER = re.compile(r"(?<!\\)([=~])((?:\\.|[^=~\\])*)", re.DOTALL)
_WEIGHT = re.compile(r"\s*%(-?[\d.,]+)%")
_CATEGORY = re.compile(r"[ \t]*\$CATEGORY:[ \t]*(.*)")
FORMAT_TAG = re.compile(r"\A\s*\[(?:html|moodle|plain|markdown)\]", re.IGNORECASE)
_WRONG = re.compile(r"(?<!\\)~")


def sniff(file: SniffedFile) -> bool:
    """The suffix, or an answer block."""
    return file.suffix == ".gift" or re.search(r"(?m)^::[^:\n]+::.*\{", file.text) is not None or BLOCK.search(file.text) is not None


def read(text: str) -> Iterator[Item]:
    """One item a question; `//` lines are comments, `$CATEGORY:` lines the subject of what follows.

    >>> next(read("::q1:: Which is even? {=2 ~1 ~3#no}")).payload
    {'question': 'Which is even?', 'options': ['2', '1', '3'], 'answer': ['2'], 'id': 'q1'}
    """
    number, subject = 0, None
    for chunk in re.split(r"\n[ \t]*\n", text):
        lines = []
        for line in chunk.split("\n"):
            if category := _CATEGORY.match(line):
                subject = category[1].strip().rpartition("/")[2] or None
            elif not line.lstrip().startswith("//"):
                lines.append(line)
        if body := "\n".join(lines).strip():
            number += 1
            if len(body) > MAX_TEXT_CHARS:
                yield Item(f"item:{number}", body, Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARS:,} characters")
                continue
            yield Item(f"item:{number}", _question(body) | ({"subject": subject} if subject else {}))


def _question(chunk: str) -> dict[str, Any]:
    title = re.match(r"::((?:\\.|[^:\\])*)::\s*", chunk)
    body = FORMAT_TAG.sub("", chunk[title.end() :] if title else chunk)
    found = re.match(r"(?>(.*?)(?<!\\)\{)(.*)(?<!\\)\}(.*)", body, re.DOTALL)
    cells: dict[str, Any] = {"question": _unescape(body), "options": [], "answer": None}
    if found:
        before, inside, after = found[1], found[2].strip(), found[3]
        cells["question"] = _unescape(f"{before.strip()} _____ {after.strip()}" if after.strip() else before)
        inside = re.sub(rf"^(?:{_EMBEDDED}|\d+:)\s*", "", inside, flags=re.IGNORECASE)
        inside, _, general = inside.partition("####")
        truth = re.fullmatch(r"(TRUE|T|FALSE|F)\s*(?:#.*)?", inside.strip(), re.DOTALL | re.IGNORECASE)
        if truth:
            cells |= {"options": ["True", "False"], "answer": ["True" if truth[1][0] in "Tt" else "False"]}
        elif _WRONG.search(inside):  # without a wrong one it is a matching question (=a -> b), a number or an open one
            cells |= _options(inside)
        if general.strip():
            cells["explanation"] = _unescape(general)
    return {**cells, **({"id": _unescape(title[1])} if title else {})}


def _options(inside: str) -> dict[str, Any]:
    """Options in order. An answer of 100% is right as much as one marked =; where none is whole, every share counts."""
    found: list[tuple[str, float]] = []
    for mark, raw in _ANSWER.findall(inside):
        weight = _WEIGHT.match(raw)
        text = _unescape(re.split(r"(?<!\\)#", raw[weight.end() :] if weight else raw, maxsplit=1)[0])
        text = FORMAT_TAG.sub("", text).strip()
        share = float(weight[1].replace(",", ".")) if weight and re.fullmatch(r"-?\d+(?:[.,]\d+)?", weight[1]) else 0.0
        found.append((text, 100.0 if mark == "=" and not weight else share))
    whole = [text for text, share in found if share >= 100]
    return {"options": [text for text, _ in found], "answer": whole or [text for text, share in found if share > 0]}


def _unescape(text: str) -> str:
    return re.sub(r"\\([=~#{}:\\])", r"\1", re.sub(r"(?<!\\)\\n", "\n", text)).strip()


FORMAT = Format("gift", sniff, read_text=read)
