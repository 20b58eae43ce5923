"""Whether the text of a page is what is seen on it: text that isn't shown, scans, drawings that stand for pictures, letters that fonts
give a wrong character."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from itertools import groupby

from pipeline.ingest.pages.content import MISSING, Box, Glyph, Page
from pipeline.ingest.vietnamese import repair_vietnamese, tcvn3_text, vni_text
from schemas.errors import DataError

# A scan covers its page and leaves at most a page number and a stamp as text.
SCAN_SHARE, SCAN_CHARS = 0.6, 60
# Points: drawings that near each other are one, and smaller ones are bullets, boxes to tick and brackets.
DRAWING_CELL, DRAWING_SIZE, FRAMED_CHARS, MAX_CELLS = 16, 28, 150, 1_000_000
# Fraction of letters without a character, and of words in two scripts, that a sound file stays under.
MAX_MISSING, MAX_MIXED = 0.02, 0.02
_SYMBOLS = {
    0xF0B7: "•",
    0xF0A7: "▪",
    0xF0D8: "➢",
    0xF0FC: "✓",
    0xF0A8: "☐",
    0xF0FE: "☒",
    0xF06F: "☐",
    0xF0B0: "°",
    0xF0B4: "×",
    0xF0B1: "±",
}
_SYMBOLS |= {
    0xF0A3: "≤",
    0xF0B3: "≥",
    0xF0B9: "≠",
    0xF0AE: "→",
    0xF0DE: "⇒",
    0xF0DB: "⇔",
    0xF0CE: "∈",
    0xF0C8: "∪",
    0xF0C7: "∩",
    0xF0A5: "∞",
}
_SYMBOLS |= dict(zip(range(0xF061, 0xF07B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True))
_SYMBOLS |= {
    0xF044: "Δ",
    0xF057: "Ω",
    0xF02B: "+",
    0xF02D: "−",
    0xF03D: "=",
    0xF028: "(",
    0xF029: ")",
    0xF03C: "<",
    0xF03E: ">",
    0xF020: " ",
}
# Letters that old fonts draw as a horn and PDFs then call by the name of another letter.
_HORNS = str.maketrans("ƣƢ", "ưƯ")
_WORD = re.compile(r"[^\W\d_]{2,}+")


def visible(glyphs: list[Glyph]) -> list[Glyph]:
    """Characters that are shown level. Where all are hidden they lie over a scan whose text was recognised, and count."""
    level = [glyph for glyph in glyphs if glyph.face.level]
    shown = [glyph for glyph in level if not glyph.face.hidden]
    return shown if 2 * len(shown) >= len(level) else level


def is_scan(page: Page) -> bool:
    """True for a page that is a picture and hardly any text."""
    return len(page.glyphs) < SCAN_CHARS and any(_share(box, page) > SCAN_SHARE for box in page.pictures)


def shown_pictures(page: Page) -> list[Box]:
    """The page's pictures and drawings, without those that lie behind its text: scans below recognised text, watermarks, frames."""
    found = [box for box in page.pictures if _share(box, page) <= SCAN_SHARE]
    return found + [box for box in _drawn(page) if _share(box, page) <= SCAN_SHARE and _chars_in(box, page) <= FRAMED_CHARS]


def _share(box: Box, page: Page) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0) / max(page.width * page.height, 1)


def _chars_in(box: Box, page: Page) -> int:
    return sum(box.x0 <= glyph.x0 <= box.x1 and box.y0 <= glyph.y <= box.y1 for glyph in page.glyphs)


def _drawn(page: Page) -> list[Box]:
    """Boxes around drawings that touch: cells of a grid that hold one, with their neighbours."""
    cells: set[tuple[int, int]] = set()
    work = 0
    for box in page.drawings:
        columns = range(int(box.x0 // DRAWING_CELL), int(box.x1 // DRAWING_CELL) + 1)
        rows = range(int(box.y0 // DRAWING_CELL), int(box.y1 // DRAWING_CELL) + 1)
        work += len(columns) * len(rows)
        if work > MAX_CELLS:
            raise DataError("a page of the PDF is covered with drawings")
        cells.update((column, row) for column in columns for row in rows)
    found = []
    while cells:
        waiting = [cells.pop()]
        group = list(waiting)
        while waiting:
            column, row = waiting.pop()
            near = {(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)} & cells
            cells -= near
            waiting += near
            group += near
        xs, ys = [column for column, _ in group], [row for _, row in group]
        found.append(Box(*(DRAWING_CELL * edge for edge in (min(xs), min(ys), max(xs) + 1, max(ys) + 1))))
    return [box for box in found if min(box.x1 - box.x0, box.y1 - box.y0) > DRAWING_SIZE]


def in_letters(pages: list[Page]) -> list[Page]:
    """The pages in Unicode. Raises DataError where fonts give no characters, or those of other letters."""
    pages = [page._replace(glyphs=[_symbol(glyph) for glyph in page.glyphs]) for page in pages]
    pages = _decoded(pages)
    chars = [glyph.char for page in pages for glyph in page.glyphs if glyph.char != " "]
    missing = sum(char == MISSING or "\ue000" <= char <= "\uf8ff" for char in chars)
    text = "\n".join(_text(page.glyphs) for page in pages)
    words = _WORD.findall(text)
    mixed = sum(len(_scripts(word)) > 1 for word in words)
    if missing > MAX_MISSING * len(chars) or mixed > MAX_MIXED * len(words):
        what = f"{missing:,} of {len(chars):,} characters" if missing > MAX_MISSING * len(chars) else f"{mixed:,} of {len(words):,} words"
        raise DataError(
            f"the fonts of the PDF don't say which letters they draw ({what} are none): export it again from its source, or recognise"
            " its text as that of a scan (`ocrmypdf --force-ocr --language vie+eng IN.pdf OUT.pdf`)"
        )
    return pages


def _symbol(glyph: Glyph) -> Glyph:
    char = _SYMBOLS.get(ord(glyph.char), glyph.char) if len(glyph.char) == 1 else glyph.char
    return glyph if char is glyph.char else glyph._replace(char=char)


def _decoded(pages: list[Page]) -> list[Page]:
    """The letters of .VnTime and VNI fonts, or of all where the words tell, as Unicode."""
    fonts: dict[str, list[str]] = defaultdict(list)
    for page in pages:
        for glyph in page.glyphs:
            fonts[glyph.face.font].append(glyph.char)
    repairs = {font: repair for font, chars in fonts.items() if (repair := _repair(font, "".join(chars)))}
    if not repairs and (found := repair_vietnamese("\n".join(_text(page.glyphs) for page in pages))):
        repairs = dict.fromkeys(fonts, found[0])
    horns = any("\u1ea0" <= char <= "\u1ef9" for chars in fonts.values() for char in chars)
    if horns and any("ƣ" in chars or "Ƣ" in chars for chars in fonts.values()):
        repairs = {font: repairs.get(font, lambda text: text.translate(_HORNS)) for font in fonts}
    return [page._replace(glyphs=_repaired(page.glyphs, repairs)) for page in pages] if repairs else pages


def _repair(font: str, text: str) -> Callable[[str], str] | None:
    name = font.lower()
    if text.isascii() or any(ord(char) > 0x2FF for char in text):
        return None
    if name.startswith(".vn"):
        capitals = name.rstrip("bi-,old").endswith("h")
        return (lambda found: tcvn3_text(found).upper()) if capitals else tcvn3_text
    return vni_text if name.startswith("vni") else None


def _repaired(glyphs: list[Glyph], repairs: dict[str, Callable[[str], str]]) -> list[Glyph]:
    """Two letters of VNI are one of Unicode: the first takes it, the second is left out."""
    found: list[Glyph] = []
    for font, group in groupby(glyphs, key=lambda glyph: glyph.face.font):
        run = list(group)
        repair = repairs.get(font)
        if repair is None:
            found += run
            continue
        place = 0
        while place < len(run):
            pair = repair(run[place].char + run[place + 1].char) if place + 1 < len(run) else ""
            if len(pair) == 1:
                found.append(run[place]._replace(char=pair, x1=run[place + 1].x1))
                place += 2
            else:
                found.append(run[place]._replace(char=repair(run[place].char)))
                place += 1
    return found


def _text(glyphs: list[Glyph]) -> str:
    """The characters as they were written, with a blank where the next one stands elsewhere."""
    text: list[str] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if last and (abs(glyph.y - last.y) > 0.5 * last.face.size or not -0.3 <= (glyph.x0 - last.x1) / last.face.size <= 0.18):
            text.append(" ")
        text.append(glyph.char)
        last = glyph
    return "".join(text)


def _scripts(word: str) -> set[str]:
    """The scripts of a word's letters, micro and ohm left out."""
    names = (unicodedata.name(char, "").split(" ", 1)[0] for char in word if char not in "µμΩΔαβγλπ")
    return {
        name
        for name in names
        if name in ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "THAI", "ARMENIAN", "GEORGIAN", "CJK", "ETHIOPIC")
    }
