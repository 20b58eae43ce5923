"""Gaps that a sentence leaves as blanks: a text cleaned of them would read as a whole sentence, with its question gone."""

import re
from collections.abc import Sequence

# Behind a word, before a word or the end of the sentence. Tabs align, and so do blanks behind a number or a colon.
_BLANKS = re.compile(r"([^\W\d_]|[,’\"”])([ \u00a0]{4,}+|\u3000{2,}+)(?=[^\W\d_A-Z]|[.,!?]|[A-Z][a-z])")
_WIDE = re.compile(r"(?<=[^\s.?!:;])(?:[ \u00a0\u3000]{3,}+|\t)(?=\S)")
# Blanks between words, or in front of what closes a sentence.
_LONE = re.compile(r"(?<=[^\s])[ \u00a0]{5,}+(?=[^\s])|\n[ \u00a0]{5,}+(?=[.,!?])")
# Blanks in pairs, which justified and scanned texts have everywhere: there a gap has to be wider.
_PAIR = re.compile(r"(?<=\S)[ \u00a0]{2}(?=\S)")
_MARKED = re.compile(r"_{2}|\.{3}|…|\([ \u00a0\u3000]*+\)|（[ \u00a0\u3000]*+）|\||`{3}|\[image\]")
# A sentence that says itself where its answer belongs.
_ASKS = re.compile(r"(?:[:：]|\b(?:là|bằng|is|are|was|were|by))\s*+\Z")
_PARTS = re.compile(r"/|;|,|…|\.{3}|--|\s[-–]\s")
_FEW_WORDS, _MAX_OPTION_WORDS, _MANY = 3, 6, 5


def with_gaps(text: str, options: Sequence[str]) -> str:
    """The text with its blanks as gaps, where it has exactly one, or as many as each option has parts, and no other sign of where it asks.

    >>> with_gaps("He      home      midnight.", ["came / at", "comes / on"])
    'He ____ home ____ midnight.'
    >>> with_gaps("Name      age      town of the boy", ["Tom", "Tim"])
    'Name      age      town of the boy'
    """
    if "    " not in text.replace("\u00a0", " ") and "\u3000\u3000" not in text:
        return text
    least = _MANY if _PAIR.search(text) else 0
    blanks = [blank for blank in _BLANKS.finditer(text) if len(blank[2]) >= least or "\u3000" in blank[2]]
    if (
        not blanks
        or len(options) < 2
        or _MARKED.search(text)
        or (text.isascii() and len(text.split()) < _FEW_WORDS)
        or len(_WIDE.findall(text)) > len(blanks)
    ):
        return text
    if any(len(option.split()) > _MAX_OPTION_WORDS or not option for option in options):
        return text
    parts = {len(_PARTS.split(option)) for option in options}
    if len(blanks) > 1 and parts != {len(blanks)}:
        return text
    # A sentence that is a question without its gap as well needs more of one.
    if len(blanks) == 1 and text.rstrip()[-1] in "?？" and len(blanks[0][2]) < _MANY:
        return text
    if len(blanks) == 1 and (text.count("\n") >= _MANY or _ASKS.search(text)):
        return text
    wide = {blank.start() for blank in blanks}
    return _BLANKS.sub(lambda blank: blank[0] if blank.start() not in wide else _filled(blank, text), text)


def may_miss_a_gap(text: str, options: Sequence[str]) -> bool:
    """Whether a text without any sign of a gap has blanks that could be one: a sentence that reads whole, with its question gone.

    >>> may_miss_a_gap("--- I'm sorry!     ---       . Nobody is perfect.", ["No problem", "So do I"])
    True
    """
    few = all(len(option.split()) <= _MAX_OPTION_WORDS for option in options)
    return few and "\t" not in text and not _MARKED.search(text) and "____" not in text and _LONE.search(text) is not None


def _filled(blank: re.Match[str], text: str) -> str:
    return blank[1] + (" ____" if text[blank.end()] in ".,!?" else " ____ ")
