"""Where two texts differ, word by word, so that the eye needn't look for it."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from pipeline.common.text import fold

WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
# Between the words that both begin and end with. To compare takes the cube of their number at worst; of more, all count as different.
MAX_WORDS = 250


class Piece(NamedTuple):
    """A part of one text, and whether the other lacks it."""

    text: str
    differs: bool


def differences(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces. Case, quotes, dashes and spaces make no difference.

    >>> differences("Duy Tân là vua", "Hàm Nghi  là vua")[1]
    [Piece(text='Hàm Nghi  ', differs=True), Piece(text='là vua', differs=False)]
    """
    words = [[match[0] for match in WORDS.finditer(text)] for text in (left, right)]
    folded = [[fold(word) for word in side] for side in words]
    shortest = min(map(len, folded))
    head = next((i for i in range(shortest) if folded[0][i] != folded[1][i]), shortest)
    tail = next((i for i in range(shortest - head) if folded[0][-1 - i] != folded[1][-1 - i]), shortest - head)
    ends = [len(side) - tail for side in words]
    spans = [("equal", 0, head, 0, head), *_middle(folded, head, ends), ("equal", ends[0], len(words[0]), ends[1], len(words[1]))]
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, start, end, other_start, other_end in spans:
        _add(pieces[0], "".join(words[0][start:end]), kind != "equal")
        _add(pieces[1], "".join(words[1][other_start:other_end]), kind != "equal")
    return pieces


def _middle(folded: list[list[str]], head: int, ends: list[int]) -> list[tuple[str, int, int, int, int]]:
    a, b = (side[head:end] for side, end in zip(folded, ends, strict=True))
    if max(len(a), len(b)) > MAX_WORDS:
        return [("replace", head, ends[0], head, ends[1])]
    found = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [(kind, head + i, head + j, head + k, head + m) for kind, i, j, k, m in found]


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    """Adds a piece; spaces alone never differ, and pieces of one kind are one."""
    if not text:
        return
    differs = differs and bool(text.strip())
    if pieces and pieces[-1].differs == differs:
        pieces[-1] = Piece(pieces[-1].text + text, differs)
    else:
        pieces.append(Piece(text, differs))
