"""What templates do to data so that people see all of it: text that the template escapes, or markup in which data is escaped here."""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from cli.audit_server.visit import moment, pretty
from pipeline.audit.differences import Piece
from pipeline.audit.folding import Mark, snippet
from pipeline.common.escapes import visible

# What `visible` writes for a character that nobody sees, and control tokens as chat templates of the known families write them.
UNSEEN_MARK = re.compile(r"<U\+[0-9A-F]{4,6}>")
CONTROL = re.compile(r"<\|[a-zA-Z0-9_]{1,40}\|>|</?s>|\[/?INST\]|</?(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>")
BAR_WIDTH = 100


def letter(place: int) -> str:
    """The letter of an option, counted from 0.

    >>> letter(1)
    'B'
    """
    return string.ascii_uppercase[place] if 0 <= place < len(string.ascii_uppercase) else str(place)


def seen(text: Any) -> Markup:
    """A text with what no reader sees as a small mark of its number.

    >>> str(seen("a<b\u202e"))
    'a&lt;b<span class="unseen">U+202E</span>'
    """
    return _marked(visible("" if text is None else str(text)), UNSEEN_MARK, lambda found: ("unseen", found[1:-1]))


def tokens(text: str) -> Markup:
    """A rendered prompt or completion: control tokens stand out, and each line's end is seen."""
    shown = _marked(visible(text), CONTROL, lambda found: ("token", found))
    return Markup(str(shown).replace("\n", '<span class="newline" aria-hidden="true">↵</span>\n'))


def _marked(text: str, pattern: re.Pattern[str], named: Callable[[str], tuple[str, str]]) -> Markup:
    parts, start = [], 0
    for match in pattern.finditer(text):
        style, shown = named(match[0])
        parts += [str(escape(text[start : match.start()])), f'<span class="{style}">{escape(shown)}</span>']
        start = match.end()
    return Markup("".join([*parts, str(escape(text[start:]))]))


def pieces(marked: Sequence[Piece]) -> Markup:
    """A text of which some words differ from another's; the space behind a word isn't marked."""
    parts = []
    for piece in marked:
        text = piece.text.rstrip() if piece.differs else ""
        parts += [Markup("<mark>{}</mark>").format(seen(text)) if text else "", seen(piece.text[len(text) :])]
    return Markup("").join(parts)


def found(text: str, marks: Sequence[Mark], chars: int = 600) -> Markup:
    """A piece of a text around the words that were searched for, which stand out."""
    cut = snippet(text, list(marks), chars)
    parts, start = [], 0
    for mark in cut.marks:
        parts += [seen(cut.text[start : mark.start]), Markup("<mark>{}</mark>").format(seen(cut.text[mark.start : mark.end]))]
        start = mark.end
    ends = [Markup("…") if cut.cut_before else Markup(""), Markup("…") if cut.cut_after else Markup("")]
    return Markup("").join([ends[0], *parts, seen(cut.text[start:]), ends[1]])


def elsewhere(row: Mapping[str, Any], marks: Mapping[str, Any]) -> tuple[str, list[Mark]] | None:
    """The first text beside the stem that holds what was searched for, where the stem doesn't: an option, the context, the explanation."""
    if not marks or marks.get("stem"):
        return None
    for option, places in zip(row["options"] or [], marks.get("options") or [], strict=False):
        if places:
            return option, places
    return next(((row[name], marks[name]) for name in ("context", "explanation") if marks.get(name)), None)


def bar(fraction: float | None, kind: str = "") -> Markup:
    """A bar of 0-1 of its width; for the eye alone, the number stands beside it."""
    width = round(BAR_WIDTH * min(max(fraction or 0.0, 0.0), 1.0), 1)
    return Markup(
        '<svg class="bar {}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" width="100" height="8"/><rect class="fill" width="{}" height="8"/></svg>'
    ).format(kind, width)


def spark(values: Sequence[float], marked: int | None = None) -> Markup:
    """A line through values, from 0 up, with a dot on one of them (from 0); for the eye alone, the numbers stand beside it."""
    highest = max([*values, 1e-9])
    step = BAR_WIDTH / max(len(values) - 1, 1)
    points = [(round(place * step, 1), round(22 - 20 * value / highest, 1)) for place, value in enumerate(values)]
    line = " ".join(f"{x},{y}" for x, y in points)
    dot = Markup('<circle cx="{}" cy="{}" r="3"/>').format(*points[marked]) if marked is not None and 0 <= marked < len(points) else ""
    return Markup('<svg class="spark" viewBox="-4 -2 108 28" aria-hidden="true"><polyline points="{}"/>{}</svg>').format(line, dot)


def code(text: str) -> Markup:
    """A sentence of ours: what stands between backticks is code."""
    parts = visible(str(text)).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))


FILTERS: dict[str, Callable[..., Any]] = {
    "seen": seen,
    "tokens": tokens,
    "pieces": pieces,
    "bar": bar,
    "spark": spark,
    "letter": letter,
    "found": found,
    "elsewhere": elsewhere,
    "code": code,
    "moment": moment,
    "pretty": pretty,
}
