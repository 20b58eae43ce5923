"""Words as search compares them: without case and diacritics, and where they stand in a text."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

# A word with what is set on its letters, composed or not.
WORD = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*+")
MAX_MARKS = 500


class Mark(NamedTuple):
    """A word that was searched for: its place in a text, in characters, the end not included."""

    start: int
    end: int


def composed(text: str) -> str:
    """In Unicode's form C: equal where a reader sees the same letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def unstroked(text: str) -> str:
    """With d for stroked d, which has no decomposition, and for eth, which old files write in its place."""
    # Over millions of texts a pattern or a table of translation would take three times as long.
    return text if text.isascii() else text.replace("đ", "d").replace("Đ", "d").replace("ð", "d").replace("Ð", "d")


def fold(text: str) -> str:
    """Without case and diacritics.

    >>> fold("Tổ hợp Đ\u0309") == fold("to\u0302\u0309 ho\u031b\u0323p d") == "to hop d"
    True
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", unstroked(text)) if not unicodedata.combining(c))
    return text.lower()


def words(text: str) -> list[str]:
    """The words of a text, as it writes them."""
    return WORD.findall(text)


def marks(text: str, wanted: Iterable[str], beginnings: Iterable[str] = ()) -> list[Mark]:
    """Where a text has these words, or words that begin so (all folded); the first MAX_MARKS of them.

    >>> marks("Đường tròn là đường cong", {"duong"})
    [Mark(start=0, end=5), Mark(start=14, end=19)]
    """
    wanted, begin = set(wanted), tuple(beginnings)
    found: list[Mark] = []
    if wanted or begin:
        for word in WORD.finditer(text):
            folded = fold(word[0])
            if folded in wanted or (begin and folded.startswith(begin)):
                found.append(Mark(*word.span()))
                if len(found) == MAX_MARKS:
                    break
    return found


class Snippet(NamedTuple):
    """A piece of a text with its marks, and whether the text goes on before and after it."""

    text: str
    marks: list[Mark]
    cut_before: bool
    cut_after: bool


def snippet(text: str, found: list[Mark], chars: int) -> Snippet:
    """The piece of a text, at most so many characters, that begins a little before the first mark."""
    start = max(0, min(found[0].start - chars // 4, len(text) - chars)) if found else 0
    end = start + chars
    inside = [Mark(mark.start - start, mark.end - start) for mark in found if start <= mark.start and mark.end <= end]
    return Snippet(text[start:end], inside, start > 0, end < len(text))
