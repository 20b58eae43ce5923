"""A page of headings, sentences, tables and pictures as one HTML file that needs nothing else. All text is data: nothing that a
question says can act as markup."""

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.common.escapes import visible
from pipeline.common.translations import ENGLISH, Words

if TYPE_CHECKING:
    import jinja2


class Line(NamedTuple):
    """One line of a table cell; `style` is plain, strong, code, dim, or own: words of ours, in which `backticks` mark code. `href` is
    an address of ours that it leads to."""

    text: str
    style: str = "plain"
    href: str = ""


Cell = str | int | float | None | list[Line]


class Heading(NamedTuple):
    """A section's title, and its name in addresses, the same in every language."""

    text: str
    anchor: str


class Text(NamedTuple):
    """A sentence or a few of ours; backticks mark code."""

    text: str


class TableBlock(NamedTuple):
    """Rows under column names. Fractions are given as text; `marked` holds numbers of rows to stress, `wide` the columns to give room."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    marked: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()


class Picture(NamedTuple):
    """A PNG with a transparent ground, so that it stands on a light page and on a dark one."""

    png: bytes
    says: str


class Figures(NamedTuple):
    """A few numbers worth seeing first: (value, what it is)."""

    items: Sequence[tuple[str, str]]


Block = Heading | Text | TableBlock | Picture | Figures


class Page(NamedTuple):
    """A page in one language."""

    title: str
    blocks: Sequence[Block]
    words: Words = ENGLISH


def to_html(page: Page, others: Mapping[str, str] | None = None) -> str:
    """The page as one HTML file: no script, no font, no picture from elsewhere. `others`: the file of the page in other languages, by
    the language's code."""
    return _template().render(
        **page._asdict(), _=page.words, others={LANGUAGE_NAMES[code]: (code, file) for code, file in (others or {}).items()}
    )


LANGUAGE_NAMES = {"en": "English", "vi": "Tiếng Việt"}


@cache
def _template() -> "jinja2.Template":
    """The page's template; whatever it prints is escaped."""
    import jinja2  # here and not above: loading the definitions needs no template

    file = Path(__file__).with_suffix(".html.jinja")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(file.parent),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"kind": _kind, "data_uri": _data_uri, "plain": _plain, "column_classes": _column_classes}
    return environment.get_template(file.name)


def _shown(value: object) -> object:
    """What the template prints, with every character of data to be seen; what it has made itself (`Markup`) is done already."""
    return visible(value) if type(value) is str else value


def _kind(value: object) -> str:
    return type(value).__name__


def _column_classes(table: TableBlock, words: Words) -> list[str]:
    places = range(len(table.columns))
    return ["n" if _is_number(table.rows, at, words) else f"w{len(table.wide)}" if at in table.wide else "" for at in places]


def _plain(cell: str | int | float | None, words: Words) -> str:
    match cell:
        case None:
            return ""
        case int():
            return words.number(cell)
        case float():
            return words.number(cell, 3 if abs(cell) < 1 else 1)
        case str():
            return cell


def _is_number(rows: Sequence[Sequence[Cell]], place: int, words: Words) -> bool:
    """Numbers, percentages and ranges stand right."""
    cells = [row[place] for row in rows]
    beside = (words("undefined"), words("benchmark"), words("none"))
    shown = [_plain(cell, words) for cell in cells if not isinstance(cell, list)]
    return len(shown) == len(cells) and all(text in beside or re.fullmatch(r"[\d.,%–\-\s]*", text) for text in shown)


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def anchor(text: str) -> str:
    """A heading's name in addresses.

    >>> anchor("Why records were left out")
    'why-records-were-left-out'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
