"""What differs between two texts, word by word, for people who compare them side by side."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from schemas.tables.row import option_identity

# Words with the spaces behind them, so that the pieces of a text joined are the text. Comparing is quadratic at worst.
WORD = re.compile(r"\S+\s*|\s+")
MOST_WORDS = 1_500
LIKE_ENOUGH = 0.5


class Piece(NamedTuple):
    """A part of a text, and whether the other text holds something else there."""

    text: str
    differs: bool


Marked = list[Piece]


def compared(left: str, right: str) -> tuple[Marked, Marked]:
    """Both texts in pieces; joined, they are the texts. Texts of more than MOST_WORDS words are one piece each, marked where they differ.

    >>> compared("the old chapel", "the new chapel")[0]
    [Piece(text='the ', differs=False), Piece(text='old ', differs=True), Piece(text='chapel', differs=False)]
    """
    if left == right:
        return _whole(left, False), _whole(right, False)
    ours, others = WORD.findall(left), WORD.findall(right)
    if max(len(ours), len(others)) > MOST_WORDS:
        return _whole(left, True), _whole(right, True)
    matcher = SequenceMatcher(None, [word.strip() for word in ours], [word.strip() for word in others], autojunk=False)
    pieces: tuple[Marked, Marked] = ([], [])
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        for side, words in zip(pieces, (ours[start:end], others[other_start:other_end]), strict=True):
            if words:
                side.append(Piece("".join(words), kind != "equal"))
    return pieces


def _whole(text: str, differs: bool) -> Marked:
    return [Piece(text, differs)] if text else []


def compared_options(left: Sequence[str], right: Sequence[str]) -> tuple[list[Marked], list[Marked]]:
    """Each option in pieces against its likest on the other side, wherever it stands there; one that has none is marked whole."""
    return _against(left, right, 0), _against(right, left, 1)


def _against(options: Sequence[str], others: Sequence[str], side: int) -> list[Marked]:
    same = {option_identity(other) for other in others}
    found = []
    for option in options:
        if option_identity(option) in same:
            found.append(_whole(option, False))
            continue
        other = max(others, key=lambda one: _likeness(option, one), default="")
        if _likeness(option, other) < LIKE_ENOUGH:
            found.append(_whole(option, True))
        else:
            found.append(compared(option, other)[0] if side == 0 else compared(other, option)[1])
    return found


def _likeness(left: str, right: str) -> float:
    ours, others = set(left.casefold().split()), set(right.casefold().split())
    return 2 * len(ours & others) / max(len(ours) + len(others), 1)
