"""Slow patterns behind a quick look: every match of a pattern holds one of its signs, and most texts hold none. A test proves it for each,
so that no pattern outgrows its signs (tests/pipeline/common/test_guards.py)."""

import re
from collections.abc import Set
from typing import Any

# What IGNORECASE takes for i and s, and lower() doesn't turn into them (İ becomes i and a dot).
_ODD_LETTERS = ("ı", "ſ", "\u0307")
RUN = re.compile(r"\w+").findall
GUARDED: list["Guarded"] = []


class Guarded:
    """A pattern that is tried only where a text holds one of its signs.

    Args:
        pattern: as `re.compile` takes it.
        words: whole words in small letters, with spaces between them; every match holds one of these or
        texts: one of these, with | between them; in small letters where case is ignored.
        quick: for a pattern without such words and texts, a quicker one that matches wherever it does.
        flags: as `re.compile` takes them.

    >>> pointer = Guarded(r"\\b(?:this|the) (?:passage|reading)s?\\b", texts="passage|reading")
    >>> pointer.search("Who wrote this reading?")[0], pointer.may_match("Who won?")
    ('this reading', False)
    """

    def __init__(
        self, pattern: str | re.Pattern[str], *, words: str = "", texts: str = "", quick: re.Pattern[str] | None = None, flags: int = 0
    ) -> None:
        self.pattern, self.quick = re.compile(pattern, flags), quick
        self.words, self.texts = frozenset(words.split()), tuple(texts.split("|") if texts else ())
        self._ignores_case = bool(self.pattern.flags & re.IGNORECASE) and texts.upper() != texts
        self._ascii_texts = tuple(filter(str.isascii, self.texts))
        self._all_texts = self.texts + _ODD_LETTERS if self._ignores_case else self.texts
        GUARDED.append(self)

    def may_match(self, text: str, words: Set[str] | None = None) -> bool:
        """Whether a text holds a sign; where not, the pattern doesn't match. `words`: its runs of letters, small, where they are known."""
        if self.words and not self.words.isdisjoint(RUN(text.lower()) if words is None else words):
            return True
        if self.texts:
            if self._ignores_case:
                text = text.lower()
            # One by one: a generator takes longer than the whole look.
            for sign in self._ascii_texts if text.isascii() else self._all_texts:
                if sign in text:
                    return True
        return self.quick is not None and self.quick.search(text) is not None

    def search(self, text: str, words: Set[str] | None = None) -> re.Match[str] | None:
        """`re.Pattern.search`."""
        return self.pattern.search(text) if self.may_match(text, words) else None

    def findall(self, text: str) -> list[Any]:
        """`re.Pattern.findall`."""
        return self.pattern.findall(text) if self.may_match(text) else []
