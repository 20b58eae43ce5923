"""A page of headings, sentences, tables and pictures, written once as Markdown (for the Dagster UI) and once as one HTML file that
needs nothing else. All text is data: nothing that a question says can act as markup in either."""

import base64
import html
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple


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


class Table(NamedTuple):
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


Block = Heading | Text | Table | Picture | Figures


def to_markdown(title: str, blocks: Sequence[Block]) -> str:
    """The page as GitHub-flavoured Markdown, pictures inside it."""
    return "\n\n".join([f"# {safe(title)}", *(_markdown(block) for block in blocks)]) + "\n"


def safe(text: str) -> str:
    """Text that is no markup in Markdown, on one line: every ASCII punctuation mark as an entity, which Markdown never takes for its own.

    >>> safe("a|b <i> [x](y)")
    'a&#124;b &#60;i&#62; &#91;x&#93;&#40;y&#41;'
    """
    return re.sub(r"[!-/:-@\[-`{-~]", lambda mark: f"&#{ord(mark[0])};", re.sub(r"\s+", " ", text))


def _markdown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {safe(text)}"
        case Text(text):
            return _own(text, safe, "*{}*")
        case Picture(png, says):
            return f"![{safe(says)}]({_data_uri(png)})"
        case Figures(items):
            return " · ".join(f"**{safe(value)}** {safe(what)}" for value, what in items)
        case Table(columns, rows):
            if not rows:
                return "*none*"
            marks = [" ---: " if _is_number(rows, place) else " --- " for place in range(len(columns))]
            lines = [" | ".join(map(safe, columns)), "|".join(marks)]
            return "\n".join(f"| {line} |" for line in [*lines, *(" | ".join(map(_markdown_cell, row)) for row in rows)])


def _markdown_cell(cell: Cell) -> str:
    return " · ".join(map(_markdown_line, cell)) if isinstance(cell, list) else safe(_plain(cell))


def _markdown_line(line: Line) -> str:
    if line.style == "own":
        return _own(line.text, safe, "*{}*")
    return f"**{safe(line.text)}**" if line.style == "strong" and line.text.strip() else safe(line.text)


def _own(text: str, escape: Callable[[str], str], code: str) -> str:
    """Words of ours, escaped, what stands between backticks as code."""
    return "".join(code.format(escape(part)) if place % 2 else escape(part) for place, part in enumerate(text.split("`")))


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """The page as one HTML file: no script, no font, no picture from elsewhere."""
    sections = [block.text for block in blocks if isinstance(block, Heading)]
    links = "".join(f'<a href="#{_anchor(text)}">{html.escape(text)}</a>' for text in sections)
    body = "\n".join(_html(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{CSS}</style></head>\n"
        f"<body><main>\n<h1>{html.escape(title)}</h1>\n<nav>{links}</nav>\n{body}\n</main></body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text):
            return f'<h2 id="{_anchor(text)}">{html.escape(text)}</h2>'
        case Text(text):
            return f"<p>{_own(text, html.escape, '<code>{}</code>')}</p>"
        case Picture(png, says):
            return f'<figure><img src="{_data_uri(png)}" alt="{html.escape(says)}"><figcaption>{html.escape(says)}</figcaption></figure>'
        case Figures(items):
            return (
                '<dl class="figures">'
                + "".join(f"<div><dt>{html.escape(w)}</dt><dd>{html.escape(v)}</dd></div>" for v, w in items)
                + "</dl>"
            )
        case Table(columns, rows, marked, wide):
            if not rows:
                return '<p class="dim">none</p>'
            kinds = [" class=n" if _is_number(rows, at) else f" class=w{len(wide)}" if at in wide else "" for at in range(len(columns))]
            head = "".join(f"<th{kind}>{html.escape(name)}</th>" for kind, name in zip(kinds, columns, strict=True))
            lines = [
                f"<tr{' class=marked' if number in marked else ''}>"
                + "".join(f"<td{kind}>{_html_cell(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))
                + "</tr>"
                for number, row in enumerate(rows)
            ]
            body = "\n".join(lines)
            full = " class=full" if wide else ""
            return f'<div class="table"><table{full}><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _html_cell(cell: Cell) -> str:
    if isinstance(cell, list):
        return "".join(f'<div class="{line.style}">{_html_line(line)}</div>' for line in cell)
    return html.escape(_plain(cell))


def _html_line(line: Line) -> str:
    return _own(line.text, html.escape, "<code>{}</code>") if line.style == "own" else html.escape(line.text)


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


CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --dim: #667085; --line: #e3e6ec; --ground: #fff; --soft: #f6f7f9; --mark: #fdf3e3;
  --link: #2457c5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ed; --dim: #98a2b3; --line: #2c323d; --ground: #14171c; --soft: #1b1f26;
  --mark: #33291a; --link: #8fb2ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", "Noto Sans", sans-serif }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 96px }
h1 { font-size: 27px; line-height: 1.25; font-weight: 650; margin: 0 0 12px; letter-spacing: -.01em }
h2 { font-size: 19px; font-weight: 650; margin: 52px 0 10px; padding-top: 18px; border-top: 1px solid var(--line) }
p { max-width: 78ch; margin: 8px 0 14px }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 20px; font-size: 13.5px }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 }
.figures div { background: var(--soft); border-radius: 10px; padding: 14px 16px }
.figures dt { color: var(--dim); font-size: 13px }
.figures dd { margin: 2px 0 0; font-size: 23px; font-weight: 620; font-variant-numeric: tabular-nums }
.table { overflow-x: auto; margin: 12px 0 20px }
table { border-collapse: collapse; font-size: 14px }
table.full { width: 100% }
th, td { padding: 7px 22px 7px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { font-weight: 600; color: var(--dim); font-size: 12.5px; vertical-align: bottom }
td { overflow-wrap: break-word; min-width: 5.5em }
th:last-child, td:last-child { padding-right: 0 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0 }
.full .n { width: 1% }
code { font: 12.5px ui-monospace, "DejaVu Sans Mono", monospace; background: var(--soft); border-radius: 4px; padding: 1px 4px }
.w1 { width: 62% }
.w2 { width: 42% }
.w3 { width: 33% }
.w1, .w2, .w3, .code { overflow-wrap: anywhere }
tr.marked td { background: var(--mark) }
.strong { font-weight: 600 }
.dim { color: var(--dim); font-size: 13px }
.code { font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; color: var(--dim) }
div + .code { margin-top: 6px }
figure { margin: 14px 0 20px }
figure img { max-width: min(100%, 820px); height: auto; display: block }
figcaption { color: var(--dim); font-size: 13px; margin-top: 4px }
@media print { nav { display: none } h2 { break-after: avoid } tr { break-inside: avoid } }
"""
