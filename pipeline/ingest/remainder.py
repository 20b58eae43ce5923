"""What of a file's text no record holds. Counted over what came out, not over what a reader says that it took: a reader that loses
lines can't hide it."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

SHOWN_PIECES, SHOWN_CHARS = 5, 200
# Chinese and Japanese part no words: each character counts.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
# What opens a line and belongs to no text: a box, a number, an option's letter, a bullet.
_BULLET = " \t-–—*+•·>#([\"'“"
_BOX = re.compile(r"\[[ x]?\]", re.IGNORECASE)
_MARK = re.compile(r"(?:(?:câu|question|bài|q|option|choice|phương án)[ ]?)?(?:\d{1,4}|[A-J])[ ]?[.):/\]．、]", re.IGNORECASE)
# What marks an option within a line.
_INNER_MARK = re.compile(r"(?<![^\s(\[])[A-Ja-j](?=[.):\]])")
# Lines of these alone list keys.
_OF_KEYS = re.compile(
    r"\d{1,4}|[a-jA-J]{1,4}|[đs]{1,8}|câu|question|đáp|án|bảng|answers?|keys?|correct|chọn|đúng|sai|phần|part|i{1,3}|iv|v", re.IGNORECASE
)
_HEADING = re.compile(r"\s*+(?:#|(?:phần|part|section|chương|chapter|bài|mục|unit)\b)", re.IGNORECASE)
_RUN = 3


class Piece(NamedTuple):
    """Lines one behind the other that no record holds. `kind`: heading, keys or text; `words` counts what of them is in no record."""

    kind: str
    text: str
    words: int


class Remainder(NamedTuple):
    """The share of a file's words that is in no record (0-1; keys don't count), and the pieces in the file's order."""

    fraction: float
    pieces: list[Piece]

    def longest(self) -> list[str]:
        """What is shown of it: the longest pieces, cut, those of most words first."""
        pieces = sorted((piece for piece in self.pieces if piece.kind != "keys"), key=lambda piece: -piece.words)
        return [_cut(piece.text) for piece in pieces[:SHOWN_PIECES]]


def remainder(text: str, payloads: Iterable[str], whole: bool = True) -> Remainder:
    """What of a text stands in none of its records' payloads (as `RawRecord.payload` has them). Where the text isn't the `whole` file
    but what its reader leaves out of it, the share is one of these words and those of the payloads.

    A line counts as held where a payload has it as a line, or word by word in runs of three: readers take marks off and join lines.

    >>> remainder("Part one\\n1. Which is even?\\nA. 1\\nB. 2\\n", ['{"question":"Which is even?","options":["1","2"]}']).pieces
    [Piece(kind='heading', text='Part one', words=2)]
    """
    held = _Held(payloads)
    # Most files have their lines verbatim in their records.
    if not any(map(_WORD.search, set(map(str.strip, text.split("\n"))) - held.lines)):
        return Remainder(0.0, [])
    found: list[tuple[str | None, str, int]] = []
    in_records = left = 0
    for line in map(str.strip, text.split("\n")):
        if line in held.lines:
            in_records += line.count(" ") + 1
            found.append((None, line, 0))
            continue
        words = _words(line)
        if not words:
            continue
        missing = held.missing(words)
        in_records += len(words) - missing
        kind = None if not missing else "keys" if all(map(_OF_KEYS.fullmatch, words)) else "heading" if _HEADING.match(line) else "text"
        left += missing if kind != "keys" else 0
        found.append((kind, line, missing))
    pieces = [
        Piece(kind, "\n".join(line for _, line, _ in lines), sum(words for *_, words in lines))
        for kind, group in groupby(found, key=lambda line: line[0])
        if kind and (lines := list(group))
    ]
    words_of_file = left + (in_records if whole else held.words)
    return Remainder(left / words_of_file if words_of_file else 0.0, pieces)


def _words(line: str) -> list[str]:
    line = line.lstrip(_BULLET.replace("[", ""))
    for pattern in (_BOX, _MARK):
        if mark := pattern.match(line):
            line = line[mark.end() :].lstrip(_BULLET)
    return [word.casefold() for word in _WORD.findall(_INNER_MARK.sub("", line))]


class _Held:
    """The lines and words of all payloads. Runs of words are collected when one is asked for: most files have their lines verbatim."""

    def __init__(self, payloads: Iterable[str]) -> None:
        self._texts = [text for payload in payloads for text in _texts(payload)]
        self.lines = {line.strip() for text in self._texts for line in text.split("\n")} - {""}
        self._runs: set[tuple[str, ...]] | None = None
        # Texts of one or two words, which make no run: short options.
        self._short: set[tuple[str, ...]] = set()

    @property
    def words(self) -> int:
        """How many words they hold."""
        return sum(len(_WORD.findall(text)) for text in self._texts)

    def missing(self, words: list[str]) -> int:
        """How many words of a line stand in no payload."""
        if self._runs is None:
            self._runs = set()
            for text in self._texts:
                parts = [word.casefold() for word in _WORD.findall(text)]
                self._runs.update(zip(*(parts[start:] for start in range(_RUN)), strict=False))
                for line in text.split("\n"):
                    self._short.add(tuple(_words(line)))
        held = bytearray(len(words))
        for start in range(len(words) - _RUN + 1):
            if tuple(words[start : start + _RUN]) in self._runs:
                held[start : start + _RUN] = b"\1" * _RUN
        for size in range(_RUN - 1, 0, -1):
            for start in range(len(words) - size + 1):
                if not any(held[start : start + size]) and tuple(words[start : start + size]) in self._short:
                    held[start : start + size] = b"\1" * size
        return held.count(0)


def _texts(payload: str) -> Iterator[str]:
    """All texts of a payload, names of cells too: a header's words are held as well. A block is its own text."""
    if payload[:1] not in "{[":
        yield payload
        return
    try:
        waiting: list[Any] = [json.loads(payload)]
    except (ValueError, RecursionError):
        yield payload
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif value is not None:
            yield str(value)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
