"""Sentences with named fields, read back: what stood in the fields of a template that a sentence was written with.

A field says what it may hold: `{count:n}` a number, `{record:id}` the id of a record, `{key:q}` a text in quotes as Python writes it,
`{letter:letter}` one letter, `{code:code}` a code, `{why:told}` a sentence that is read back itself, `{error:any}` any text, and
`{names}` a text without the separator of sentences.
"""

import re
from collections.abc import Callable, Iterator
from string import Formatter
from typing import NamedTuple

SEPARATOR = "; "
_NUMBER = re.compile(r"-?[0-9]{1,20}+(?:[.,][0-9]{1,20}+){0,8}+%?")
_ID = re.compile(r"[0-9a-f]{16}(?![0-9a-f])")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"")
_LETTER, _CODE = re.compile(r"[A-Z]"), re.compile(r"[a-z][a-z0-9_]{1,40}+")
# What a field of this kind holds that begins at a place; None where it is no such text.
PATTERNS: dict[str, Callable[[str, int], re.Match[str] | None]] = {
    "n": lambda text, at: _NUMBER.match(text, at),
    "id": lambda text, at: _ID.match(text, at),
    "q": lambda text, at: _QUOTED.match(text, at),
    "letter": lambda text, at: _LETTER.match(text, at),
    "code": lambda text, at: _CODE.match(text, at),
}
TOLD, ANY, PLAIN = "told", "any", ""


class Part(NamedTuple):
    """A literal text and the field behind it; the last part may have no field (None)."""

    literal: str
    name: str | None
    kind: str


def _parts(template: str) -> Iterator[Part]:
    waiting = ""
    for literal, name, kind, _ in Formatter().parse(template):
        waiting += literal
        if name is not None:
            yield Part(waiting, name, kind or PLAIN)
            waiting = ""
    if waiting:
        yield Part(waiting, None, PLAIN)


class Steps:
    """How much may still be tried: a hostile text ends the reading, never the patience of who waits for the page."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self) -> bool:
        """Takes a step; False where none is left."""
        self.left -= 1
        return self.left >= 0


class Template:
    """A template, taken apart once. Raises ValueError for a field of an unknown kind, or two fields without a text between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = list(_parts(text))
        kinds = {part.kind for part in self.parts if part.name is not None}
        if unknown := kinds - {*PATTERNS, TOLD, ANY, PLAIN}:
            raise ValueError(f"{text!r} has fields of an unknown kind: {', '.join(sorted(unknown))}")
        if any(not part.literal for part in self.parts[1:]):
            raise ValueError(f"two fields of {text!r} have no text between them")

    @property
    def literal_chars(self) -> int:
        """How much of it is text of its own: of two templates that fit, the one with more is meant."""
        return sum(len(part.literal) for part in self.parts)

    def read(self, text: str, tells: Callable[[str], bool], steps: Steps, loose: bool = False) -> list[dict[str, str]]:
        """What stands in its fields, for each way to read the text so; two ways at most are looked for.

        Args:
            tells: whether a text can be read back itself.
            steps: bounds the work; none left reads as no way.
            loose: `any` may hold the separator of sentences.
        """
        if not self.parts:
            return []
        found: list[dict[str, str]] = []
        for values in self._from(0, text, 0, {}, tells, steps, loose):
            found.append(values)
            if len(found) == 2:
                break
        return found

    def _from(
        self, number: int, text: str, at: int, values: dict[str, str], tells: Callable[[str], bool], steps: Steps, loose: bool
    ) -> Iterator[dict[str, str]]:
        part = self.parts[number]
        if not steps.take() or not text.startswith(part.literal, at):
            return
        at += len(part.literal)
        if part.name is None:
            if at == len(text):
                yield values
            return
        last = number == len(self.parts) - 1
        for end in self._ends(part.kind, "" if last else self.parts[number + 1].literal, text, at, last):
            value = text[at:end]
            if not steps.take():
                return
            if _fits(part.kind, value, loose) and (part.kind != TOLD or tells(value)):
                told = values | {part.name: value}
                if last:
                    yield told
                else:
                    yield from self._from(number + 1, text, end, told, tells, steps, loose)

    def _ends(self, kind: str, following: str, text: str, at: int, last: bool) -> Iterator[int]:
        if kind in PATTERNS:
            match = PATTERNS[kind](text, at)
            if match and (not last or match.end() == len(text)):
                yield match.end()
        elif last:
            yield len(text)
        else:
            end = text.find(following, at + 1)
            while end >= 0:
                yield end
                end = text.find(following, end + 1)

    def filled(self, values: dict[str, str]) -> str:
        """The sentence with these texts in its fields, as they are."""
        return "".join(part.literal + (values[part.name] if part.name is not None else "") for part in self.parts)


def _fits(kind: str, value: str, loose: bool) -> bool:
    if kind in (*PATTERNS, TOLD):
        return True
    return bool(value) and ((kind == ANY and loose) or SEPARATOR not in value)
