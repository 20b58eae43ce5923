"""Where two texts differ, word by word, so that the eye needn't look for it."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from pipeline.common.text import fold

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Comparing takes the product of both lengths at worst; longer texts are compared up to here.
MAX_WORDS = 1_500


class Piece(NamedTuple):
    """A part of one text, and whether the other lacks it."""

    text: str
    differs: bool


def differences(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces. Case, quotes, dashes and spaces make no difference.

    >>> differences("Duy Tân là vua", "Hàm Nghi  là vua")[1]
    [Piece(text='Hàm Nghi', differs=True), Piece(text='  là vua', differs=False)]
    """
    words = [[match[0] for match in WORDS.finditer(text)] for text in (left, right)]
    rests = [words_of[MAX_WORDS:] for words_of in words]
    a, b = (words_of[:MAX_WORDS] for words_of in words)
    matcher = SequenceMatcher(None, [fold(word) for word in a], [fold(word) for word in b], autojunk=False)
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        for side, text in ((0, "".join(a[start:end])), (1, "".join(b[other_start:other_end]))):
            _add(pieces[side], text, kind != "equal")
    for side, rest in enumerate(rests):
        _add(pieces[side], "".join(rest), False)
    return pieces


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    """Adds a piece; spaces alone never differ, and pieces of one kind are one."""
    if not text:
        return
    differs = differs and bool(text.strip())
    if pieces and pieces[-1].differs == differs:
        pieces[-1] = Piece(pieces[-1].text + text, differs)
    else:
        pieces.append(Piece(text, differs))
