"""Characters on a page to lines of text: what stands on one baseline, raised and lowered characters at their base, stacks (fractions,
sums) marked as doubtful, since their parts have no order in a text."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from pipeline.common.markup import lowered, raised
from pipeline.ingest.exam import PLAIN, Marks
from pipeline.ingest.pages.content import MISSING, Box, Color, Face, Glyph, Page

# Fractions of the size of the characters, measured on documents of Word, LibreOffice and TeX.
SAME_BASELINE, WORD_GAP, SEGMENT_GAP, SCRIPT_GAP, SCRIPT_SIZE = 0.05, 0.18, 1.4, 0.22, 0.87
SCRIPT_RISE, SCRIPT_DROP = 0.8, 0.6
# At most so many characters are looked at beside one that may be raised or lowered.
NEIGHBOURS = 40
# A picture in a text, a picture among characters, and a mark that stands in place of a table.
PICTURE, OBJECT, TABLE = "[image]", "\ufffc", "\ufdd1"
# Without a text of their own, parts of large brackets, signs with something above and below, roots that may reach over more than a number.
_UNTOLD = re.compile(rf"[{MISSING}\ue000-\uf8ff\u239b-\u23b3∑∏⋃⋂⨁⨂∐]|[√∛∜](?!\d++(?![\w(]))")


class Segment(NamedTuple):
    """A piece of a line without a wide gap; `spans` are where its characters begin and end. `doubt`: its characters stand in more than
    one line, or have no text."""

    text: str
    marks: list[Marks]
    x0: float
    x1: float
    y: float
    size: float
    doubt: bool
    spans: list[tuple[float, float]]


class _Run(NamedTuple):
    """Characters of one size on one baseline without a blank or gap; `spaced` where a blank stands before them."""

    glyphs: list[Glyph]
    spaced: bool
    x0: float
    x1: float
    y: float
    size: float


def segments_of(glyphs: list[Glyph], styles: "Styles") -> list[Segment]:
    """Segments from top to bottom and left to right, pictures among them as "[image]"."""
    found = [segment for line in _with_scripts(_runs(glyphs)) for segment in _segments(line, styles)]
    return sorted(found, key=lambda segment: (-segment.y, segment.x0))


def with_pictures(page: Page) -> list[Glyph]:
    """The page's characters, and its pictures as such: on the baseline that a line through the picture's middle would have."""
    size = body_size(page.glyphs)
    face = Face("", size, False, (0, 0, 0), True, False)
    return page.glyphs + [Glyph(OBJECT, box.x0, box.x1, (box.y0 + box.y1) / 2 - 0.3 * size, face) for box in page.pictures]


def body_size(glyphs: Iterable[Glyph]) -> float:
    """The size of most characters, 12 where there are none."""
    counts: dict[float, int] = defaultdict(int)
    for glyph in glyphs:
        counts[round(glyph.face.size, 1)] += 1
    return max(counts, key=lambda size: counts[size], default=12.0)


def _baselines(glyphs: list[Glyph]) -> Iterator[list[Glyph]]:
    """Characters by baseline, from left to right; a mark stays behind the letter that it was written after."""
    placed: list[tuple[float, float, int, Glyph]] = []
    before: Glyph | None = None
    for order, glyph in enumerate(glyphs):
        mark = unicodedata.category(glyph.char) == "Mn" and before is not None
        y, x = (before.y, before.x0) if mark and before else (glyph.y, glyph.x0)
        placed.append((y, x, order, glyph))
        before = before if mark else glyph
    placed.sort(key=lambda place: -place[0])
    line: list[tuple[float, float, int, Glyph]] = []
    for place in placed:
        if line and line[0][0] - place[0] > SAME_BASELINE * min(line[0][3].face.size, place[3].face.size):
            yield [glyph for *_, glyph in sorted(line, key=lambda found: found[1:3])]
            line = []
        line.append(place)
    if line:
        yield [glyph for *_, glyph in sorted(line, key=lambda found: found[1:3])]


def _runs(glyphs: list[Glyph]) -> list[list[_Run]]:
    lines = []
    for line in _baselines(glyphs):
        runs: list[tuple[list[Glyph], bool]] = []
        blank = False
        for glyph in line:
            if glyph.char == " ":
                blank = True
                continue
            last = runs[-1][0][-1] if runs and not blank and glyph.char != OBJECT and runs[-1][0][-1].char != OBJECT else None
            if last and abs(last.face.size - glyph.face.size) < 0.05 * last.face.size and glyph.x0 - last.x1 < WORD_GAP * last.face.size:
                runs[-1][0].append(glyph)
            else:
                runs.append(([glyph], blank))
            blank = False
        lines.append([_Run(run, spaced, run[0].x0, max(glyph.x1 for glyph in run), run[0].y, run[0].face.size) for run, spaced in runs])
    return [line for line in lines if line]


class _Piece(NamedTuple):
    """A run at its place in a line; `shift` is 1 for raised, -1 for lowered characters, 2 for what is raised twice."""

    run: _Run
    shift: int


def _with_scripts(lines: list[list[_Run]]) -> list[list[_Piece]]:
    """The lines, with raised and lowered runs in the line of what they stand at."""
    ends, starts = _Edges(lines, "x1"), _Edges(lines, "x0")
    homes: dict[tuple[int, int], tuple[int, int]] = {}
    for place, line in enumerate(lines):
        for order, run in enumerate(line):
            before = line[order - 1] if order else None
            if (place, order - 1) in homes and before and _adjoins(before, run):
                homes[place, order] = homes[place, order - 1]
            elif base := ends.base(run, place) or starts.base(run, place):
                homes[place, order] = base
    pieces: list[list[_Piece]] = [[] for _ in lines]
    for place, line in enumerate(lines):
        for order, run in enumerate(line):
            home, shift = homes.get((place, order), (place, 0))
            # What its base stands in may have gone elsewhere itself: a power in an exponent.
            onward = next((homes[home, i] for i in range(len(lines[home])) if (home, i) in homes), None) if shift else None
            pieces[onward[0] if onward else home].append(_Piece(run, 2 if onward else shift))
    return [sorted(line, key=lambda piece: (piece.run.x0, piece.shift)) for line in pieces if line]


def _adjoins(before: _Run, run: _Run) -> bool:
    return run.x0 - before.x1 < 2 * SCRIPT_GAP * run.size and abs(run.size - before.size) < 0.1 * run.size


class _Edges:
    """Where runs end, or begin, by place on the page."""

    CELL = 8.0

    def __init__(self, lines: list[list[_Run]], edge: str) -> None:
        self.ends = edge == "x1"
        cells: dict[int, list[tuple[float, int, int, _Run]]] = defaultdict(list)
        for place, line in enumerate(lines):
            for order, run in enumerate(line):
                cells[round(getattr(run, edge) / self.CELL)].append((run.y, place, order, run))
        self.cells = {cell: sorted(found, key=lambda one: one[:3]) for cell, found in cells.items()}

    def base(self, run: _Run, place: int) -> tuple[int, int] | None:
        """The line, and 1 or -1, of the larger run that ends where this one begins, or begins where it ends (²³Na)."""
        if self.ends and run.spaced:
            return None
        cell = round((run.x0 if self.ends else run.x1) / self.CELL)
        for near in (self.cells.get(cell + step, []) for step in (0, -1, 1)):
            start = bisect_left(near, run.y - 2 * run.size, key=lambda one: one[0])
            for y, line, _, base in near[start : start + NEIGHBOURS]:
                gap, rise = (run.x0 - base.x1 if self.ends else base.x0 - run.x1), run.y - y
                apart = abs(gap) > SCRIPT_GAP * base.size or (base.spaced and not self.ends)
                if line == place or base.glyphs[0].char == OBJECT or base.size * SCRIPT_SIZE < run.size or apart:
                    continue
                if -SCRIPT_DROP * base.size < rise < SCRIPT_RISE * base.size:
                    return line, 1 if rise > 0 else -1
        return None


class Styles:
    """What sets a character off from others, in Word's words: u, b, color:ff0000, highlight:ffff00, circle."""

    def __init__(self, page: Page) -> None:
        self.underlines = _Index([rule for rule in page.rules if rule.y1 - rule.y0 < rule.x1 - rule.x0])
        self.colors = dict(page.areas)
        self.areas = _Index(list(self.colors))
        self.circles = _Index(
            [box for box in page.drawings if box.x1 - box.x0 < 40 and 0.6 < (box.x1 - box.x0) / max(box.y1 - box.y0, 1) < 1.7]
        )

    def of(self, glyph: Glyph) -> Marks:
        x, size = (glyph.x0 + glyph.x1) / 2, glyph.face.size
        found = set()
        if glyph.face.bold:
            found.add("b")
        if not _is_black(glyph.face.color):
            found.add("color:{:02x}{:02x}{:02x}".format(*glyph.face.color))
        if any(rule.x0 <= x <= rule.x1 for rule in self.underlines.between(glyph.y - 0.3 * size, glyph.y - 0.02 * size)):
            found.add("u")
        middle = glyph.y + 0.3 * size
        for area in self.areas.around(middle, 3 * size):
            if area.x0 <= x <= area.x1 and area.y0 <= middle <= area.y1:
                found.add("highlight:{:02x}{:02x}{:02x}".format(*self.colors[area]))
        if any(box.x0 <= x <= box.x1 and box.y0 <= middle <= box.y1 for box in self.circles.around(middle, 40)):
            found.add("circle")
        return frozenset(found) if found else PLAIN

    def struck(self, x0: float, x1: float, y: float, size: float) -> bool:
        """Whether a line runs through characters or close above them: a fraction's bar, a root's, or a cancellation."""
        bars = self.underlines.between(y + 0.1 * size, y + 0.85 * size)
        return any(min(bar.x1, x1) - max(bar.x0, x0) > 0.5 * min(bar.x1 - bar.x0, size) for bar in bars)


def _is_black(color: Color) -> bool:
    return max(color) <= 100 and max(color) - min(color) <= 24


class _Index:
    """Boxes by height. So many at one height are no text's: the rest is left out."""

    def __init__(self, boxes: list[Box]) -> None:
        self.boxes = sorted(boxes, key=lambda box: box.y0)
        self.heights = [box.y0 for box in self.boxes]

    def between(self, low: float, high: float) -> list[Box]:
        start = bisect_left(self.heights, low)
        return [box for box in self.boxes[start : start + NEIGHBOURS] if box.y0 <= high]

    def around(self, y: float, most: float) -> list[Box]:
        """Boxes that begin at most so far below a height, and don't begin above it."""
        return self.between(y - most, y)


def _segments(line: list[_Piece], styles: Styles) -> Iterator[Segment]:
    base = max((piece.run.size for piece in line if not piece.shift), default=line[0].run.size)
    group: list[_Piece] = []
    end = 0.0
    for piece in line:
        if group and piece.run.x0 - end > SEGMENT_GAP * base:
            yield _segment(group, styles)
            group = []
        end = max(end, piece.run.x1) if group else piece.run.x1
        group.append(piece)
    yield _segment(group, styles)


def _segment(pieces: list[_Piece], styles: Styles) -> Segment:
    text, marks, spans, end = "", list[Marks](), list[tuple[float, float]](), pieces[0].run.x0
    for shift, group in groupby(pieces, key=lambda piece: piece.shift):
        runs = [piece.run for piece in group]
        if shift:
            written = "".join(glyph.char for run in runs for glyph in run.glyphs).strip()
            found = raised(written) if shift > 0 else lowered(written)
            end = max(run.x1 for run in runs)
            text, marks = text + found, marks + [styles.of(runs[0].glyphs[0])] * len(found)
            spans += [(runs[0].x0, end)] * len(found)
            continue
        for run in runs:
            if text and (run.spaced or run.x0 - end >= WORD_GAP * run.size) and not text.endswith(" "):
                text, marks, spans = text + " ", [*marks, PLAIN], [*spans, (end, run.x0)]
            for glyph in run.glyphs:
                written = PICTURE if glyph.char == OBJECT else glyph.char
                text += written
                marks += [styles.of(glyph)] * len(written)
                spans += [(glyph.x0, glyph.x1)] * len(written)
            end = run.x1
    level = [piece.run for piece in pieces if not piece.shift] or [piece.run for piece in pieces]
    x1, y, size = max(piece.run.x1 for piece in pieces), level[0].y, max(run.size for run in level)
    doubt = any(piece.shift == 2 for piece in pieces) or _UNTOLD.search(text) is not None or styles.struck(pieces[0].run.x0, x1, y, size)
    return Segment(text, marks, pieces[0].run.x0, x1, y, size, doubt, spans)


def parted(segment: Segment, blanks: Callable[[int], bool]) -> list[Segment]:
    """The pieces of a segment between those of its blanks for whose place in the text `blanks` holds."""
    places = [place for place, char in enumerate(segment.text) if char == " " and blanks(place)]
    if not places:
        return [segment]
    edges = [-1, *places, len(segment.text)]
    return [_piece(segment, low + 1, high) for low, high in pairwise(edges) if high > low + 1]


def _piece(segment: Segment, low: int, high: int) -> Segment:
    spans = segment.spans[low:high]
    text, marks = segment.text[low:high], segment.marks[low:high]
    return segment._replace(text=text, marks=marks, x0=spans[0][0], x1=max(end for _, end in spans), spans=spans)
