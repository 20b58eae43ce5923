"""What stands on pages and belongs to no text: headers, footers and page numbers, pictures on every page."""

import re
from collections import Counter

from pipeline.ingest.pages.columns import rows_of, starts_anew
from pipeline.ingest.pages.lines import PICTURE, TABLE, Segment

# Rows at the edge of a page that may be repeated; how high on the page a lone page number stands at least or at most.
EDGE_ROWS, EDGE = 3, 0.1
# Fraction of the pages on which a row or picture stands: headers of left and right pages take turns.
MIN_SHARE = 0.4
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:trang|page|tr\.?|p\.?)\s*)?(?:số\s*)?\d{1,3}(?:\s*(?:/|of|trên|-)\s*\d{1,3})?\W*"
    r"|\W*(?:trang|page)\s*\d{1,3}\s*(?:/|of|trên)\s*\d{1,3}\b.{0,60}|.{0,60}\b(?:trang|page)\s*\d{1,3}\s*(?:/|of|trên)\s*\d{1,3}\W*",
    re.IGNORECASE,
)
Pages = list[list[Segment]]


def without_furniture(pages: Pages, heights: list[float]) -> Pages:
    """The segments of each page (its height in points) without what is repeated at its edges, or is its number."""
    edges = [_edge_rows(segments, height) for segments, height in zip(pages, heights, strict=True)]
    counts = Counter(key for rows in edges for key in {_key(row) for row in rows})
    places = Counter(place for segments in pages for place in {_place(one) for one in segments if one.text == PICTURE})
    least = max(2, MIN_SHARE * len(pages))
    kept = []
    for segments, rows, height in zip(pages, edges, heights, strict=True):
        dropped = {id(one) for row in rows if counts[_key(row)] >= least or _is_number(row, height) for one in row}
        dropped |= {id(one) for one in segments if one.text == PICTURE and places[_place(one)] >= least}
        kept.append([one for one in segments if id(one) not in dropped])
    return kept


def _edge_rows(segments: list[Segment], height: float) -> list[list[Segment]]:
    """Rows at the top and bottom of a page that open neither a question nor an option."""
    rows = [row for row in rows_of(segments) if row[0].text != PICTURE and not row[0].text.startswith(TABLE)]
    near = rows if len(rows) <= 2 * EDGE_ROWS else rows[:EDGE_ROWS] + rows[-EDGE_ROWS:]
    return [row for row in near if not 0.2 * height < row[0].y < 0.8 * height and (_is_number(row, height) or not starts_anew(row[0].text))]


def _is_number(row: list[Segment], height: float) -> bool:
    return not EDGE * height < row[0].y < (1 - EDGE) * height and _PAGE_NUMBER.fullmatch(_text(row)) is not None


def _key(row: list[Segment]) -> tuple[str, int]:
    return _DIGITS.sub("#", _text(row)), round(row[0].y / 20)


def _text(row: list[Segment]) -> str:
    return " ".join(one.text for one in row)[:300]


def _place(segment: Segment) -> tuple[int, int, int]:
    return round(segment.x0 / 4), round(segment.x1 / 4), round(segment.y / 4)
