"""Reading order of a page: columns one after the other, options that stand side by side with what is wrapped below each, and
paragraphs as one line."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import groupby, pairwise
from typing import NamedTuple

from pipeline.ingest.exam import PLAIN, ExamLine, Marks
from pipeline.ingest.pages.lines import PICTURE, TABLE, Segment, parted

# Fractions of the size of characters: rows that are one, rows that are a stack, rows of one paragraph.
ONE_ROW, STACKED, NEXT_ROW, GUTTER_GAP, TYPED_GAP, LIMITS = 0.35, 0.8, 1.9, 0.6, 0.45, 0.87
# Points; fractions of a column's width between which a gutter is looked for; of its rows that may cross it.
GUTTER, GUTTER_FROM, GUTTER_TO, MAX_CROSSING = 8.0, 0.2, 0.8, 0.3
MIN_ROWS, MAX_COLUMNS = 3, 4
_QUESTION = re.compile(
    r"\s*(?:(?:Câu|CÂU|Question|QUESTION|Bài)\s*(?:hỏi\s*)?(?:số\s*)?\d{1,3}\b(?:\s*[.:)])?|Q?\d{1,3}\s*[.:)/])\s*+(?=\S.{3})"
)
_OPTION = re.compile(r"(?<!\S)([A-J])\s?[.):]\s*(?=\S)|^\s*([a-j])\s?[.)/]\s*(?=\S)")
_NEW = re.compile(
    r"\s*(?:[A-Ja-j]\s?[.):/]|\([A-Ja-j\d]{1,2}\)|(?:Q\s?\.?\s?)?\d{1,3}\s*[.):/](?!\d)|[IVX]{1,5}\s*[.)]|[-–—•●○◦▪*+✓☐☑]\s|\[image\]|[_=*-]{4}"
    r"|(?:Câu|Question|Bài|Phần|Part|Section|Chương|Chủ đề|Đáp án|Answers?|Keys?|Lời giải|Hướng dẫn"
    r"|Giải thích|Giải chi tiết|Chọn|Explanation|Solution"
    r"|Read the|Mark the|Choose|Đọc |Dựa vào|Hết|The end)\b)",
    re.IGNORECASE,
)
_KEYS = re.compile(r"\W*(?:bảng\s+)?(?:đáp\s*án|answers?(?:\s+keys?)?|keys?|hết|the end)\W*\Z", re.IGNORECASE)
_PAIRS = re.compile(r"(?<!\w)\d{1,3}\s?[.:)–-]?\s?[A-J](?!\w)[\s,;.|]+(?:Câu\s)?\d{1,3}\s?[.:)–-]?\s?[A-J](?!\w)")
_MARK = re.compile(r"(?<!\S)([B-J])\s?[.):]")
Region = list[Segment]
Gutters = tuple[float, ...]


def starts_anew(text: str) -> bool:
    """True for a line that begins a question, an option, an item of a list or a part of its own: no line before it goes on with it."""
    return _NEW.match(text) is not None


class Line(NamedTuple):
    """A line in reading order, and whether the next one goes on with it: the first word of that didn't fit. `doubt` as for segments."""

    text: str
    marks: list[Marks]
    size: float
    room: float
    width: float
    first_word: float
    doubt: bool


class _Row(NamedTuple):
    segments: list[Segment]
    y: float
    size: float


def page_lines(segments: list[Segment], gutters: Gutters | None) -> list[Line]:
    """Lines of a page in reading order. `gutters` are where other pages of the document are parted, for one that is too short to show it;
    None for a cell of a table, which has none."""
    if gutters is None:
        return list(_region_lines(segments))
    narrow = _between_gaps(segments)
    own = find_gutters(segments) or tuple(x for x in gutters if _gutter(narrow, least=1, at=x) is not None)
    across = [piece for one in segments for piece in parted(one, partial(_over_gutter, one, own))]
    return [line for region in _regions(across, own) for line in _region_lines(region)]


def _between_gaps(segments: list[Segment]) -> list[Segment]:
    """Pieces between gaps that may be a narrow gutter, or a wide blank of a justified line: only gutters stand below each other."""
    return [piece for one in segments for piece in parted(one, partial(_is_gap, one))]


def _is_gap(segment: Segment, place: int) -> bool:
    start, end = segment.spans[place]
    return end - start > GUTTER_GAP * segment.size


def _over_gutter(segment: Segment, gutters: Gutters, place: int) -> bool:
    start, end = segment.spans[place]
    return end - start > GUTTER_GAP * segment.size and any(start - 1 <= x <= end + 1 for x in gutters)


def rows_of(segments: list[Segment]) -> list[list[Segment]]:
    """Segments on about one height, from left to right, whatever column they stand in."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda one: -one.y):
        if rows and rows[-1][0].y - segment.y <= ONE_ROW * rows[-1][0].size and not _is_table(segment, rows[-1][0]):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [sorted(row, key=lambda one: one.x0) for row in rows]


def _is_table(*segments: Segment) -> bool:
    return any(segment.text.startswith(TABLE) for segment in segments)


def find_gutters(segments: list[Segment]) -> Gutters:
    """Where the text is parted into columns that are read one after the other, from left to right; () where it isn't."""
    return _gutters(_between_gaps(segments), MAX_COLUMNS)


def _gutters(segments: list[Segment], columns: int) -> Gutters:
    middle = _gutter(segments) if columns > 1 else None
    if middle is None:
        return ()
    left, right = [one for one in segments if one.x1 <= middle], [one for one in segments if one.x0 >= middle]
    return (*_gutters(left, columns - 1), middle, *_gutters(right, columns - 1))


def _gutter(segments: list[Segment], least: int = MIN_ROWS, at: float | None = None) -> float | None:
    """A gutter, anywhere or at a place. Options side by side leave a gap as well: there a B stands beside an A, and no question begins
    behind the gap."""
    rows = rows_of(segments)
    if not rows:
        return None
    left, right = min(one.x0 for one in segments), max(one.x1 for one in segments)
    middle = at if at is not None else _clearest(segments, left, right)
    if middle is None or not left < middle < right:
        return None
    parted = [([one for one in row if one.x1 <= middle], [one for one in row if one.x0 >= middle], row) for row in rows]
    # Titles above columns, and keys below them, cross as they like.
    both = [place for place, (one, other, _) in enumerate(parted) if one and other]
    parted = parted[both[0] : both[-1] + 1] if both else []
    crossing = sum(len(one) + len(other) < len(row) for one, other, row in parted)
    before, behind = sum(bool(one) for one, *_ in parted), [other for _, other, _ in parted if other]
    if before < least or len(behind) < least or crossing > MAX_CROSSING * len(parted):
        return None
    pairs = [(one[-1], other[0]) for one, other, _ in parted if one and other]
    options = sum(_side_by_side(one, other) for one, other in pairs)
    if any(_QUESTION.match(other[0].text) for other in behind):
        return middle if options * 2 <= len(pairs) else None
    words = sum(len(one.text) for other in behind for one in other) / len(behind)
    return middle if options * 4 <= len(pairs) and (words >= 15 or at is not None) else None


def _clearest(segments: list[Segment], left: float, right: float) -> float | None:
    """The middle of the widest interval that the fewest segments cover."""
    low, high = left + GUTTER_FROM * (right - left), left + GUTTER_TO * (right - left)
    edges = sorted([(one.x0, 1) for one in segments] + [(one.x1, -1) for one in segments])
    found: list[tuple[int, float, float]] = []
    covered = 0
    for (x, step), (following, _) in pairwise(edges):
        covered += step
        if following - x >= GUTTER and low <= (x + following) / 2 <= high:
            found.append((covered, x - following, (x + following) / 2))
    return min(found)[2] if found else None


def _side_by_side(one: Segment, other: Segment) -> bool:
    """True for "A. x" and "B. y", "C. x" and "D. y", "A. x" and "C. y"."""
    before, behind = list(_OPTION.finditer(one.text)), _OPTION.match(other.text)
    if not before or not behind:
        return False
    step = ord((behind[1] or behind[2]).upper()) - ord((before[-1][1] or before[-1][2]).upper())
    return step == 1 or (step == 2 and len(before) == 1)


def _regions(segments: list[Segment], gutters: Gutters) -> Iterator[Region]:
    """What is read from top to bottom: bands across the page where a row crosses a gutter, and their columns between these."""
    rows = rows_of(segments)
    across = [any(one.x0 < x < one.x1 for one in row for x in gutters) for row in rows]
    if gutters:
        _spread_keys(rows, across, gutters)
    for crosses, group in groupby(zip(across, rows, strict=True), key=lambda one: one[0]):
        band = [one for _, row in group for one in row]
        if crosses:
            yield band
            continue
        for low, high in pairwise([float("-inf"), *gutters, float("inf")]):
            yield [one for one in band if low <= one.x0 < high]


def _spread_keys(rows: list[list[Segment]], across: list[bool], gutters: Gutters) -> None:
    """Marks the heading of a list of keys, and the list, as standing across the page where nothing stands beside them: they come behind
    all columns, even if they fill the first one only."""
    for place in range(len(rows) - 1, -1, -1):
        if across[place]:
            continue
        if len(rows[place]) != 1 or rows[place][0].x0 > gutters[0]:
            return
        lists = _PAIRS.search(rows[place][0].text) is not None
        below = place + 1 < len(rows) and across[place + 1]
        if not lists and not (below and _KEYS.match(rows[place][0].text)):
            return
        across[place] = True


def _region_lines(region: Region) -> Iterator[Line]:
    if not region:
        return
    left = min(one.x0 for one in region)
    right = max((one.x1 for one in region if one.text != PICTURE), default=left)
    rows, doubts = _unstacked(list(_rows(region)))
    place = 0
    while place < len(rows):
        block = _option_block(rows, place)
        if block:
            yield from _block_lines(rows[place : place + block], left, right, any(doubts[place : place + block]))
            place += block
            continue
        yield _line(rows[place].segments, left, right, doubts[place])
        place += 1


def _rows(region: Region) -> Iterator[_Row]:
    row: list[Segment] = []
    for segment in sorted(region, key=lambda one: (-one.y, one.x0)):
        if row and (
            _is_table(segment, row[0])
            or row[0].y - segment.y > ONE_ROW * row[0].size
            or any(one.x0 < segment.x1 and segment.x0 < one.x1 for one in row)
        ):
            yield _row(row)
            row = []
        row.append(segment)
    if row:
        yield _row(row)


def _row(segments: list[Segment]) -> _Row:
    texts = [one for one in segments if one.text != PICTURE] or segments
    row = [piece for one in sorted(segments, key=lambda one: one.x0) for piece in _options(one)]
    return _Row(row, texts[0].y, max(one.size for one in texts))


def _options(segment: Segment) -> list[Segment]:
    """Options that follow each other in one segment, by their letters: "A. x B. y"."""
    if _letter(segment) is None:
        return [segment]
    expected = ord(_letter(segment) or "A") + 1
    places = set[int]()
    for match in _MARK.finditer(segment.text):
        if ord(match[1]) == expected and match.start():
            places.add(match.start() - 1)
            expected += 1
    return parted(segment, places.__contains__)


def _unstacked(rows: list[_Row]) -> tuple[list[_Row], list[bool]]:
    """Rows, and which of them are doubtful: hold a doubtful segment, or several rows that stand closer than lines of a text do. What is
    smaller and stands close above or below a doubtful row (limits of a sum) is part of it."""
    found: list[_Row] = []
    doubts: list[bool] = []
    for row in rows:
        doubt = any(one.doubt for one in row.segments)
        if found and _is_text(row) and _is_text(found[-1]):
            apart, least, most = found[-1].y - row.y, min(found[-1].size, row.size), max(found[-1].size, row.size)
            stacked = apart < STACKED * least
            limits = (doubt or doubts[-1]) and least < LIMITS * most and apart < NEXT_ROW * least and _overlap(found[-1], row)
            if (stacked or limits) and starts_anew(row.segments[0].text) and starts_anew(found[-1].segments[0].text):
                doubts[-1] = doubt = True
            elif stacked or limits:
                larger = max(found[-1], row, key=lambda one: one.size)
                found[-1] = _Row(
                    sorted(found[-1].segments + row.segments, key=lambda one: one.x0), row.y if stacked else larger.y, larger.size
                )
                doubts[-1] = True
                continue
        found.append(row)
        doubts.append(doubt)
    return found, doubts


def _is_text(row: _Row) -> bool:
    return any(one.text != PICTURE and not _is_table(one) for one in row.segments)


def _overlap(upper: _Row, lower: _Row) -> bool:
    return upper.segments[0].x0 < lower.segments[-1].x1 and lower.segments[0].x0 < upper.segments[-1].x1


def _letter(segment: Segment) -> str | None:
    match = _OPTION.match(segment.text)
    return (match[1] or match[2]).upper() if match else None


def _option_block(rows: list[_Row], place: int) -> int:
    """How many rows from here on are options side by side and what is wrapped below them; 0 where there are none."""
    if len(rows[place].segments) < 2 or not all(map(_letter, rows[place].segments)):
        return 0
    count = 1
    for before, row in zip(rows[place:], rows[place + 1 :], strict=False):
        if before.y - row.y > NEXT_ROW * row.size:
            break
        if all(map(_letter, row.segments)):
            count += 1
            continue
        if any(starts_anew(one.text) for one in row.segments):
            break
        count += 1
    return count


def _block_lines(rows: list[_Row], left: float, right: float, doubt: bool) -> Iterator[Line]:
    """Options side by side as lines of one option each, in the order of their letters; what follows them unchanged."""
    cells: list[list[Segment]] = []
    current: list[list[Segment]] = []
    rest: list[_Row] = []
    for place, row in enumerate(rows):
        if all(map(_letter, row.segments)):
            current = [[one] for one in row.segments]
            cells += current
            continue
        found, sure = _continued(current, row, right)
        if not found and not sure:
            doubt = True
        if not found:
            rest = rows[place:]
            break
        for cell, segment in found:
            cell.append(segment)
    letters = [_letter(cell[0]) or "" for cell in cells]
    if letters != sorted(letters):
        columns = sorted(zip(letters, cells, strict=True), key=lambda one: one[0])
        if len(set(letters)) == len(letters):
            cells = [cell for _, cell in columns]
    for cell in cells:
        text, marks = _joined(cell, " ")
        yield Line(
            text,
            marks,
            cell[0].size,
            right - cell[-1].x1 if cell is cells[-1] else 1e6,
            right - left,
            1e6,
            doubt or any(one.doubt for one in cell),
        )
    for row in rest:
        yield _line(row.segments, left, right, doubt or any(one.doubt for one in row.segments))


def _continued(cells: list[list[Segment]], row: _Row, right: float) -> tuple[list[tuple[list[Segment], Segment]], bool]:
    """Which cell each segment goes on with, [] where the row belongs to none; and whether that is sure."""
    found = []
    for segment in row.segments:
        near = [cell for cell in cells if -0.5 * segment.size <= segment.x0 - cell[0].x0 <= 2.5 * segment.size]
        if len(near) != 1:
            return [], len(row.segments) == 1
        found.append((near[0], segment))
    if len(row.segments) > 1 or found[0][0] is not cells[0]:
        return found, True
    if len(cells) == 1:
        return [], True
    # Alone on the left: what is left of the first option, of the last one, or a line of its own.
    segment = row.segments[0]
    word = _first_word(segment)
    typed = all(after[0].x0 - before[0].x1 < TYPED_GAP * segment.size for before, after in pairwise(cells))
    first_full = not typed and cells[0][-1].x1 + word > cells[1][0].x0 - 2 * segment.size
    last_full = cells[-1][-1].x1 + word > right - 0.5 * segment.size
    if first_full and last_full:
        return [], False
    return (found, True) if first_full else ([], True)


def _line(segments: list[Segment], left: float, right: float, doubt: bool) -> Line:
    text, marks = _joined(segments, "\t")
    texts = [one for one in segments if one.text != PICTURE] or segments
    return Line(text, marks, max(one.size for one in texts), right - texts[-1].x1, right - left, _first_word(segments[0]), doubt)


def _joined(segments: list[Segment], between: str) -> tuple[str, list[Marks]]:
    text, marks = "", list[Marks]()
    for segment in segments:
        if text:
            text, marks = text + between, [*marks, PLAIN]
        text, marks = text + segment.text, marks + segment.marks
    return text, marks


def _first_word(segment: Segment) -> float:
    return (segment.x1 - segment.x0) * len(segment.text.split(" ", 1)[0]) / max(len(segment.text), 1)


def paragraphs(lines: list[Line]) -> Iterator[tuple[ExamLine, bool]]:
    """Lines that were wrapped as one, and whether anything in them is doubtful: a line goes on where the next word didn't fit behind it
    and nothing begins there."""
    text, marks, doubt = "", list[Marks](), False
    last: Line | None = None
    for line in lines:
        if last and text and _goes_on(last, line):
            if not text.endswith("-") or text[-2:-1].isspace():
                text, marks = text + " ", [*marks, PLAIN]
            text, marks, doubt = text + line.text, marks + line.marks, doubt or line.doubt
        else:
            if text:
                yield ExamLine(text, marks), doubt
            text, marks, doubt = line.text, list(line.marks), line.doubt
        last = line
    if text:
        yield ExamLine(text, marks), doubt


def _goes_on(line: Line, following: Line) -> bool:
    if abs(line.size - following.size) >= 0.1 * line.size or starts_anew(following.text) or PICTURE in line.text:
        return False
    # In a narrow column a long word may leave much room; a small letter then tells.
    within = following.text[:1].islower() and line.room < 0.35 * line.width and line.text[-1:] not in ".?!:;"
    return within or line.room <= following.first_word + 0.25 * line.size


def usual_gutters(pages: list[Gutters]) -> Gutters:
    """Those of most pages that have any: of pages with as many and at the same places within ten points, those of the first."""
    counts = Counter(tuple(round(x / 10) for x in found) for found in pages if found)
    usual = counts.most_common(1)[0][0] if counts else ()
    return next((found for found in pages if found and tuple(round(x / 10) for x in found) == usual), ())
