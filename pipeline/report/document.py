"""A page of headings, sentences, tables and pictures, written once as Markdown (for the Dagster UI) and once as one HTML file that
needs nothing else. All text is data: nothing that a question says can act as markup in either."""

import base64
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.common.escapes import markdown, visible

if TYPE_CHECKING:
    import jinja2


class Line(NamedTuple):
    """One line of a table cell; `style` is plain, strong, code, dim, or own: words of ours, in which `backticks` mark code."""

    text: str
    style: str = "plain"


Cell = str | int | float | None | list[Line]


class Heading(NamedTuple):
    """A section's title."""

    text: str


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


def to_markdown(title: str, blocks: Sequence[Block]) -> str:
    """The page as GitHub-flavoured Markdown, pictures inside it."""
    return "\n\n".join([f"# {markdown(title)}", *(_markdown(block) for block in blocks)]) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {markdown(text)}"
        case Text(text):
            return _own(text)
        case Picture(png, says):
            return f"![{markdown(says)}]({_data_uri(png)})"
        case Figures(items):
            return " · ".join(f"**{markdown(value)}** {markdown(what)}" for value, what in items)
        case TableBlock(columns, rows):
            if not rows:
                return "*none*"
            marks = [" ---: " if _is_number(rows, place) else " --- " for place in range(len(columns))]
            lines = [" | ".join(map(markdown, columns)), "|".join(marks)]
            return "\n".join(f"| {line} |" for line in [*lines, *(" | ".join(map(_markdown_cell, row)) for row in rows)])


def _markdown_cell(cell: Cell) -> str:
    return " · ".join(map(_markdown_line, cell)) if isinstance(cell, list) else markdown(_plain(cell))


def _markdown_line(line: Line) -> str:
    if line.style == "own":
        return _own(line.text)
    return f"**{markdown(line.text)}**" if line.style == "strong" and line.text.strip() else markdown(line.text)


def _own(text: str) -> str:
    """Words of ours; what stands between backticks is stressed."""
    return "".join(f"*{markdown(part)}*" if place % 2 else markdown(part) for place, part in enumerate(text.split("`")))


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """The page as one HTML file: no script, no font, no picture from elsewhere."""
    return _template().render(title=title, blocks=blocks)


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
    environment.filters |= {"kind": _kind, "anchor": _anchor, "data_uri": _data_uri, "plain": _plain, "column_classes": _column_classes}
    return environment.get_template(file.name)


def _shown(value: object) -> object:
    """What the template prints, with every character of data to be seen; what it has made itself (`Markup`) is done already."""
    return visible(value) if type(value) is str else value


def _kind(value: object) -> str:
    return type(value).__name__


def _column_classes(table: TableBlock) -> list[str]:
    places = range(len(table.columns))
    return ["n" if _is_number(table.rows, at) else f"w{len(table.wide)}" if at in table.wide else "" for at in places]


def _plain(cell: str | int | float | None) -> str:
    match cell:
        case None:
            return ""
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:.3g}" if abs(cell) < 1 else f"{cell:,.1f}"
        case str():
            return cell


def _is_number(rows: Sequence[Sequence[Cell]], place: int) -> bool:
    """Numbers, percentages and ranges stand right."""
    cells = [row[place] for row in rows]
    return all(not isinstance(cell, list) and re.fullmatch(r"[\d.,%–\-\s]*|undefined|benchmark", _plain(cell)) for cell in cells)


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
