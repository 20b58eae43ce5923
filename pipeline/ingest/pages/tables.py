"""Tables that are drawn with rules: rows of cells, each with the characters in it. What a rule doesn't part is one cell."""

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from pipeline.ingest.pages.content import Box, Glyph, Page

# Points that the ends of rules may be apart and still meet; a cell is at least so high and wide.
MEET, CELL = 3.0, 6.0
# More rules are a drawing. A cell with more characters is a column of text, and its frame no table.
MAX_RULES, MAX_CELL_CHARS = 3_000, 1_500


class Table(NamedTuple):
    """Its outline, and characters by row and cell."""

    box: Box
    rows: list[list[list[Glyph]]]


def find_tables(page: Page, glyphs: list[Glyph]) -> tuple[list[Table], list[Glyph]]:
    """The page's tables from top to bottom, and the characters outside of them."""
    if len(page.rules) > MAX_RULES:
        return [], glyphs
    tables, rest = [], glyphs
    for group in _groups(page.rules):
        table, outside = _table(group, rest)
        if table:
            tables.append(table)
            rest = outside
    return sorted(tables, key=lambda table: -table.box.y1), rest


def _groups(rules: list[Box]) -> list[list[Box]]:
    """Rules that touch."""
    groups = list(range(len(rules)))

    def root(place: int) -> int:
        while groups[place] != place:
            groups[place] = groups[groups[place]]
            place = groups[place]
        return place

    order = sorted(range(len(rules)), key=lambda place: rules[place].y0)
    bottoms = [rules[place].y0 for place in order]
    for place, rule in enumerate(rules):
        for other in order[: bisect_right(bottoms, rule.y1 + MEET)]:
            near = rules[other]
            if near.y1 >= rule.y0 - MEET and near.x0 <= rule.x1 + MEET and near.x1 >= rule.x0 - MEET:
                groups[root(other)] = root(place)
    found: dict[int, list[Box]] = {}
    for place, rule in enumerate(rules):
        found.setdefault(root(place), []).append(rule)
    return [group for group in found.values() if len(group) > 3]


def _table(rules: list[Box], glyphs: list[Glyph]) -> tuple[Table | None, list[Glyph]]:
    upright = [rule for rule in rules if rule.y1 - rule.y0 > rule.x1 - rule.x0 and rule.y1 - rule.y0 >= CELL]
    level = [rule for rule in rules if rule.x1 - rule.x0 >= max(rule.y1 - rule.y0, CELL)]
    xs, ys = _distinct([rule.x0 for rule in upright]), _distinct([rule.y0 for rule in level])
    if len(xs) < 3 or len(ys) < 2:
        return None, glyphs
    box = Box(xs[0], ys[0], xs[-1], ys[-1])
    rows: list[list[list[Glyph]]] = []
    edges = [_cell_edges(xs, upright, (low + high) / 2) for low, high in pairwise(ys)]
    rows = [[[] for _ in found[1:]] for found in edges]
    outside = []
    for glyph in glyphs:
        x, y = (glyph.x0 + glyph.x1) / 2, glyph.y + 0.3 * glyph.face.size
        if not (box.x0 <= x < box.x1 and box.y0 <= y < box.y1):
            outside.append(glyph)
            continue
        row = min(bisect_right(ys, y) - 1, len(rows) - 1)
        rows[row][min(bisect_right(edges[row], x) - 1, len(rows[row]) - 1)].append(glyph)
    if any(len(cell) > MAX_CELL_CHARS for row in rows for cell in row) or not any(cell for row in rows for cell in row):
        return None, glyphs
    return Table(box, rows[::-1]), outside


def _cell_edges(xs: list[float], upright: list[Box], y: float) -> list[float]:
    """Where a row at this height is parted."""
    inner = [x for x in xs[1:-1] if any(abs(rule.x0 - x) <= MEET and rule.y0 <= y <= rule.y1 for rule in upright)]
    return [xs[0], *inner, xs[-1]]


def _distinct(values: list[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > CELL:
            found.append(value)
    return found
