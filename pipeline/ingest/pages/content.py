"""What stands on a page of a PDF and where (PDFium): characters with their baseline, size and style, rules, coloured areas, pictures."""

import ctypes
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from schemas.errors import DataError

# A page of an exam has 6,000 characters and 500 drawn objects.
MAX_CHARS, MAX_OBJECTS, MAX_FORM_DEPTH, MAX_SEGMENTS = 60_000, 60_000, 8, 2_000
# Points. What is thinner is a line, what is smaller in both directions a dot.
THIN, DOT = 2.5, 4.0
# A line that leaves the level by more, in points and as a fraction of its length, is sloped.
SLOPE_POINTS, SLOPE = 0.4, 0.03
MISSING = "\ufffd"
_BOLD_WEIGHT, _FORCE_BOLD = 600, 1 << 18
_INVISIBLE = 3
Matrix = tuple[float, float, float, float, float, float]
UNIT: Matrix = (1, 0, 0, 1, 0, 0)
Color = tuple[int, int, int]


class Box(NamedTuple):
    """In points, from the lower left corner of the page."""

    x0: float
    y0: float
    x1: float
    y1: float


class Face(NamedTuple):
    """What characters of one text object share."""

    font: str
    size: float
    bold: bool
    color: Color
    level: bool
    hidden: bool


class Glyph(NamedTuple):
    """A character from `x0` to `x1` on the baseline `y`."""

    char: str
    x0: float
    x1: float
    y: float
    face: Face


class Page(NamedTuple):
    """`rules` are lines as thin boxes, `areas` filled boxes with their colour, `drawings` paths with curves or slopes."""

    width: float
    height: float
    glyphs: list[Glyph]
    rules: list[Box]
    areas: list[tuple[Box, Color]]
    pictures: list[Box]
    drawings: list[Box]


def read_page(document: Any, index: int) -> Page:
    """The page, turned upright where it says that it is shown so. Raises DataError for one that can't be loaded or holds too much."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        raise DataError(f"page {index + 1} of the PDF is broken: open it and print it into a new PDF")
    try:
        return _read(page, index + 1)
    finally:
        pdfium.FPDF_ClosePage(page)


def _read(page: Any, number: int) -> Page:
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    upright = _upright(page, width, height)
    text = pdfium.FPDFText_LoadPage(page)
    try:
        if pdfium.FPDFText_CountChars(text) > MAX_CHARS:
            raise DataError(f"page {number} of the PDF holds more than {MAX_CHARS:,} characters")
        glyphs = [glyph for glyph in _glyphs(text, upright) if 0 <= glyph.x0 <= width and 0 <= glyph.y <= height]
    finally:
        pdfium.FPDFText_ClosePage(text)
    found = Page(width, height, glyphs, [], [], [], [])
    for count, (shape, matrix) in enumerate(_objects(page, upright)):
        if count >= MAX_OBJECTS:
            raise DataError(f"page {number} of the PDF holds more than {MAX_OBJECTS:,} drawn objects")
        _add_shape(found, shape, matrix)
    return found


def _upright(page: Any, width: float, height: float) -> Matrix:
    """From the page's own coordinates to those of what is seen: its box begins at 0, and a turned page is turned back."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    boxes = (pdfium.FPDFPage_GetCropBox, pdfium.FPDFPage_GetMediaBox)
    x, y = next(((left.value, bottom.value) for box in boxes if box(page, left, bottom, right, top)), (0.0, 0.0))
    return (
        (1, 0, 0, 1, -x, -y),
        (0, -1, 1, 0, -y, height + x),
        (-1, 0, 0, -1, width + x, height + y),
        (0, 1, -1, 0, width + y, -x),
    )[pdfium.FPDFPage_GetRotation(page) % 4]


def _glyphs(text: Any, upright: Matrix) -> Iterator[Glyph]:
    faces: dict[int | None, Face] = {}
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    for place in range(pdfium.FPDFText_CountChars(text)):
        if pdfium.FPDFText_IsGenerated(text, place) == 1:
            continue
        owner = pdfium.FPDFText_GetTextObject(text, place)
        address = ctypes.cast(owner, ctypes.c_void_p).value
        if address not in faces:
            faces[address] = _face(text, place, owner, upright)
        pdfium.FPDFText_GetCharOrigin(text, place, x, y)
        pdfium.FPDFText_GetLooseCharBox(text, place, box)
        start, baseline = _moved(upright, x.value, y.value)
        edge = _box(upright, box.left, box.bottom, box.right, box.top)
        yield Glyph(_char(text, place), start, max(edge.x1, start), baseline, faces[address])


def _char(text: Any, place: int) -> str:
    code = pdfium.FPDFText_GetUnicode(text, place)
    # PDFium's mark of a hyphen at the end of a line.
    if code == 2:
        return "-"
    if pdfium.FPDFText_HasUnicodeMapError(text, place) == 1 or (code < 32 and code not in (9, 10, 13)) or 0xD800 <= code < 0xE000:
        return MISSING
    return " " if code in (9, 10, 13, 0xA0) else chr(code)


def _face(text: Any, place: int, owner: Any, upright: Matrix) -> Face:
    name, flags, matrix = ctypes.create_string_buffer(256), ctypes.c_int(), pdfium.FS_MATRIX()
    pdfium.FPDFText_GetFontInfo(text, place, name, 256, flags)
    pdfium.FPDFText_GetMatrix(text, place, matrix)
    turned = _product((matrix.a, matrix.b, matrix.c, matrix.d, 0, 0), upright)
    font = name.value.decode("utf-8", "replace").rpartition("+")[2]
    bold = "bold" in font.lower() or "black" in font.lower() or bool(flags.value & _FORCE_BOLD)
    size = pdfium.FPDFText_GetFontSize(text, place) * math.hypot(turned[2], turned[3])
    color = _color(pdfium.FPDFText_GetFillColor, text, place)
    hidden = bool(owner) and pdfium.FPDFTextObj_GetTextRenderMode(owner) == _INVISIBLE
    level = turned[0] > 0 and abs(turned[1]) < 0.1 * turned[0]
    return Face(font, size or 1.0, bold or pdfium.FPDFText_GetFontWeight(text, place) >= _BOLD_WEIGHT, color, level, hidden)


def _color(function: Any, *what: Any) -> Color:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    return (red.value, green.value, blue.value) if function(*what, red, green, blue, alpha) else (0, 0, 0)


def _objects(page: Any, upright: Matrix) -> Iterator[tuple[Any, Matrix]]:
    """Drawn objects that are no text, those within forms too, each with the way from its coordinates to the page's."""
    waiting = [
        (pdfium.FPDFPage_GetObject(page, i), upright, 0) for i in reversed(range(min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS + 1)))
    ]
    while waiting:
        found, matrix, depth = waiting.pop()
        kind = pdfium.FPDFPageObj_GetType(found)
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_FORM_DEPTH:
            inner = _product(_matrix(found), matrix)
            count = min(pdfium.FPDFFormObj_CountObjects(found), MAX_OBJECTS + 1)
            waiting += [(pdfium.FPDFFormObj_GetObject(found, i), inner, depth + 1) for i in reversed(range(count))]
        # Forms within forms count as well: they may hold each other a thousand times.
        yield found, matrix


def _add_shape(page: Page, shape: Any, matrix: Matrix) -> None:
    kind = pdfium.FPDFPageObj_GetType(shape)
    if kind not in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING):
        return
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(shape, left, bottom, right, top):
        return
    found = _box(matrix, left.value, bottom.value, right.value, top.value)
    box = Box(max(found.x0, 0), max(found.y0, 0), min(found.x1, page.width), min(found.y1, page.height))
    if not (box.x1 >= box.x0 and box.y1 >= box.y0):
        return
    if kind != pdfium.FPDF_PAGEOBJ_PATH:
        if box.x1 - box.x0 > DOT or box.y1 - box.y0 > DOT:
            page.pictures.append(box)
        return
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(shape, mode, stroke)
    if not mode.value and not stroke.value:
        return
    if box.x1 - box.x0 <= THIN or box.y1 - box.y0 <= THIN:
        page.rules.append(box)
        return
    sides = _sides(shape, _product(_matrix(shape), matrix))
    if sides is None:
        page.drawings.append(box)
    elif stroke.value:
        page.rules.extend(sides)
    if mode.value and sides is not None:
        color = _color(pdfium.FPDFPageObj_GetFillColor, shape)
        if min(color) < 250:
            page.areas.append((box, color))


def _sides(path: Any, matrix: Matrix) -> list[Box] | None:
    """The lines of a path that runs level and upright only, else None."""
    count = pdfium.FPDFPath_CountSegments(path)
    if count > MAX_SEGMENTS:
        return None
    sides: list[Box] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    start = last = (0.0, 0.0)
    for place in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, place)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = _moved(matrix, x.value, y.value)
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            return None
        ways = [(last, point)] if kind == pdfium.FPDF_SEGMENT_LINETO else []
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        if pdfium.FPDFPathSegment_GetClose(segment):
            ways.append((point, start))
        for (x0, y0), (x1, y1) in ways:
            short, long = sorted((abs(x1 - x0), abs(y1 - y0)))
            if short > max(SLOPE_POINTS, SLOPE * long):
                return None
            sides.append(Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        last = point
    return sides


def _matrix(shape: Any) -> Matrix:
    found = pdfium.FS_MATRIX()
    return (found.a, found.b, found.c, found.d, found.e, found.f) if pdfium.FPDFPageObj_GetMatrix(shape, found) else UNIT


def _product(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        e * then[0] + f * then[2] + then[4],
        e * then[1] + f * then[3] + then[5],
    )


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]


def _box(matrix: Matrix, left: float, bottom: float, right: float, top: float) -> Box:
    (x0, y0), (x1, y1) = _moved(matrix, left, bottom), _moved(matrix, right, top)
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
