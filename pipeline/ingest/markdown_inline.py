"""What stands within a paragraph of Markdown: its text, what each piece of it is set off by, and the HTML in it."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from pipeline.common.markup import lowered, raised
from pipeline.ingest.exam import PLAIN, Marks

_STYLES = {"strong_open": "bold", "em_open": "italic", "s_open": "strike", "link_open": "link"}
_TAG_STYLES = {"b": "bold", "strong": "bold", "u": "under", "ins": "under", "mark": "mark", "i": "italic", "em": "italic", "a": "link"}
# Tags that show nothing of themselves, and those that part questions, keys and text.
_FORMATTING = {*_TAG_STYLES, *"p div span font center small big del s kbd sub sup code tt var abbr q cite li ul ol blockquote".split()}
_STRUCTURE = {"details", "summary", "quiz"}
_BLOCKS = {"p", "div", "center", "li", "ul", "ol", "blockquote"}
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*+)")
_MARK = re.compile(r"\[[ xX]{0,3}\]|\b(?:[A-Ja-j]|\d{1,2})[.):]|\b(?:Option|Choice)\s\d{1,2}")
_CHECKED = re.compile(r"\bchecked\b", re.IGNORECASE)


class Piece(NamedTuple):
    """Text with what sets it off, or a tag that parts lines ("details", "/details")."""

    text: str
    marks: Marks
    tag: str = ""


def pieces_of(tokens: Sequence[Token], in_item: bool) -> Iterator[list[Piece]]:
    """The pieces of each line of a paragraph; `in_item`: its first line begins an item of a list."""
    lines: list[list[int]] = [[]]
    for place, token in enumerate(tokens):
        if token.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(place)
    paired = _paired(tokens)
    marks: list[str] = []
    for number, line in enumerate(lines):
        before = list(marks)
        shown = list(_shown(tokens, line, paired, marks, alone=not _has_text(tokens, line) and not (in_item and number == 0)))
        text = "".join(piece.text for piece in shown)
        tagged = not any(piece.tag for piece in shown) and any(tokens[i].type == "html_inline" for i in line)
        if tagged and _is_bare(text) and ((number == 0 and in_item) or _has_text(tokens, line)):
            # Nothing but tags behind the mark of an option: they are what it says.
            marks[:] = before
            shown = [Piece("".join(tokens[i].content for i in line), frozenset(before))]
        yield shown


def _is_bare(text: str) -> bool:
    """True where nothing is seen but the mark of an option."""
    return len(text) < 40 and not any(map(str.isalnum, _MARK.sub("", text)))


def _has_text(tokens: Sequence[Token], line: list[int]) -> bool:
    return any(tokens[i].type != "html_inline" and tokens[i].content.strip() for i in line)


def _paired(tokens: Sequence[Token]) -> set[int]:
    """Places of the tags that another one closes or opens, with something between them."""
    opened: dict[str, list[int]] = {}
    found: set[int] = set()
    for place, token in enumerate(tokens):
        match = _NAME.match(token.content) if token.type == "html_inline" else None
        if match is None:
            continue
        name = match[1].lower()
        if not token.content.startswith("</"):
            opened.setdefault(name, []).append(place)
        elif opened.get(name):
            start = opened[name].pop()
            if place - start > 1 or "=" in tokens[start].content:
                found |= {start, place}
    return found


def _shown(tokens: Sequence[Token], line: list[int], paired: set[int], marks: list[str], alone: bool) -> Iterator[Piece]:
    shift = ""
    for place in line:
        token = tokens[place]
        if token.type == "html_inline":
            name, closing = _tag_name(token.content)
            if name in ("sub", "sup") and place in paired:
                shift = "" if closing else name
            else:
                yield from _html(token.content, place in paired or alone, marks)
        elif style := _STYLES.get(token.type):
            marks.append(style)
        elif token.nesting < 0:
            if marks:
                marks.pop()
        elif token.type == "image":
            yield Piece("[image]", frozenset(marks))
        elif token.type == "code_inline":
            room = " " if token.content.startswith("`") or token.content.endswith("`") else ""
            yield Piece(f"{token.markup}{room}{token.content}{room}{token.markup}", frozenset(marks))
        elif token.content:
            text = {"sub": lowered, "sup": raised}[shift](token.content) if shift else token.content
            yield Piece(text, frozenset(marks))


def _tag_name(tag: str) -> tuple[str, bool]:
    match = _NAME.match(tag)
    return (match[1].lower() if match else "", tag.startswith("</"))


def _html(tag: str, is_markup: bool, marks: list[str]) -> Iterator[Piece]:
    """What a tag shows: nothing, a line's end, a picture, a box; a tag that formats nothing is text itself."""
    name, closing = _tag_name(tag)
    here = frozenset(marks)
    if tag.startswith("<!--"):
        return
    if name in _STRUCTURE:
        yield Piece("", PLAIN, ("/" if closing else "") + name)
    elif name == "br":
        yield Piece("\n", here)
    elif name == "img" and "src" in tag.lower():
        yield Piece("[image]", here)
    elif name == "input" and "type" in tag.lower():
        yield Piece("[x] " if _CHECKED.search(tag) else "[ ] ", here)
    elif name in ("code", "tt") and is_markup:
        yield Piece("`", here)
    elif name in _FORMATTING and is_markup:
        if style := _TAG_STYLES.get(name):
            if not closing:
                marks.append(style)
            elif style in marks:
                marks.remove(style)
        if name in _BLOCKS:
            yield Piece("\n", here)
    else:
        yield Piece(html.unescape(tag), here)
