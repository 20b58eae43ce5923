"""HTML as the text that a browser shows, and whether a text is HTML at all. Parsed by lexbor (HTML Living Standard) and walked without recursion."""

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()aeinx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢₙₓ")
_WORD = re.compile(r"[^\W\d_]{2}")
_ORDINAL = re.compile(r"st|nd|rd|th|ère|ème", re.IGNORECASE)

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre section summary table tbody td tfoot"
    " th thead tr ul xmp".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math q rp rt ruby s samp small span strike"
    " strong sub sup svg time tt u var wbr".split()
)
_VERBATIM = frozenset("pre code listing plaintext xmp textarea".split())
_DROPPED = frozenset("head title style noscript template datalist rp annotation-xml".split())
# What shows something other than text.
_PICTURES = frozenset("img svg canvas object embed video audio iframe".split())
_FORMULA_IMAGE = re.compile(r"\b(?:equation_image|tex|latex|mwe-math\S*|mathjax\S*|math)\b", re.IGNORECASE)
_TYPED_IN = frozenset(("", "text", "number", "search"))
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WHITE_SPACE = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
# Formatting elements that are never closed are opened again in each block that follows: that many of each, at most, are tried.
_OPENED = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_MAX_FORMATTING, _MAX_DEPTH = 5_000, 500
_ANY_TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*>")


def raised(text: str) -> str:
    """A superscript on one line: Unicode's where it has all of its characters, else in braces; ordinals as people write them.

    >>> raised("2"), raised("n-1"), raised("ab"), raised("th")
    ('²', 'ⁿ⁻¹', '^{ab}', 'th')
    """
    return text if _ORDINAL.fullmatch(text.strip()) else _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """A subscript on one line.

    >>> lowered("2"), lowered("max")
    ('₂', '_{max}')
    """
    return _shifted(text, _LOWERED, "_")


def _shifted(text: str, table: dict[int, int], mark: str) -> str:
    inner = text.strip()
    if not inner:
        return text
    # A word is no row of small letters: x_{in}, not xᵢₙ.
    whole = all(ord(char) in table for char in inner) and not _WORD.search(inner)
    return inner.translate(table) if whole else f"{mark}{{{inner}}}"


def html_text(fragment: str) -> str:
    """HTML as lines of text: blocks, list items and rows of tables are lines, cells are parted by ` | `, superscripts stay apart, code stays
    as it is written, pictures are `[image]`, formulas that name their TeX are it; what a browser doesn't show is left out. White space
    is folded as a browser does, but no-break spaces stay.

    >>> html_text("<p>2 &lt; 3<sup>2</sup>?<br/>Yes,  <b>al</b>ways.</p><p>H<sub>2</sub>O</p>")
    '2 < 3²?\\nYes, always.\\nH₂O'
    >>> html_text("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>Which tag is <code>&lt;p&gt;</code>?")
    'a | b\\n1 | 2\\nWhich tag is <p>?'
    """
    if len(_OPENED.findall(fragment)) > _MAX_FORMATTING:
        # Nobody's question: time that grows with the square of the text, for the same words.
        return _SPACES.sub(" ", _ANY_TAG.sub(" ", fragment)).strip()
    tree = LexborHTMLParser(fragment)
    root = tree.body or tree.root
    if root is None:
        return ""
    page = _Page("math/tex" in fragment)
    for node, opened in _walk(root, page):
        if opened:
            page.open(node)
        else:
            page.close()
    return page.text()


def _walk(root: Any, page: "_Page") -> Iterator[tuple[Any, bool]]:
    """Nodes in order, each twice: when it is opened, and when it is closed (children of what is dropped are left out)."""
    node, depth = root, 0
    while True:
        yield node, True
        child = None if page.childless or depth > _MAX_DEPTH else node.child
        if child is not None:
            node, depth = child, depth + 1
            continue
        if depth > _MAX_DEPTH and not page.childless and node.is_element_node:
            page.write(node.text(deep=True))
        while True:
            yield node, False
            if depth == 0:
                return
            if (following := node.next) is not None:
                node = following
                break
            node, depth = node.parent, depth - 1


class _Frame:
    """An open element: what to do with its text when it is closed."""

    __slots__ = ("children", "cells", "number", "role", "start", "tag", "verbatim", "wide")

    def __init__(self, tag: str, role: str, start: int, verbatim: bool, wide: bool) -> None:
        self.tag, self.role, self.start, self.verbatim, self.wide = tag, role, start, verbatim, wide
        self.children = self.cells = 0
        self.number: tuple[str, int] | None = None


class _Page:
    """The text so far. `space`: white space was read, and is written before the next character of the same line."""

    def __init__(self, has_tex: bool) -> None:
        self.out: list[str] = []
        self.space, self.line_open = False, False
        self.frames: list[_Frame] = []
        self.childless = False
        self.has_tex = has_tex

    def text(self) -> str:
        return "\n".join(line.rstrip(" \t\r") for line in "".join(self.out).split("\n")).strip("\n")

    def write(self, text: str) -> None:
        """Text of a node, folded as a browser does."""
        if self.frames and self.frames[-1].verbatim:
            self._verbatim(text)
            return
        text = _SPACES.sub(" ", text)
        if text[:1] == " ":
            self.space, text = True, text[1:]
        if not text:
            return
        trailing = text[-1] == " "
        self._put(text[:-1] if trailing else text)
        self.space = trailing

    def _verbatim(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text:
            if self.space and self.line_open:
                self.out.append(" ")
            self.out.append(text)
            self.space, self.line_open = False, not text.endswith("\n")

    def _put(self, text: str) -> None:
        if self.space and self.line_open:
            self.out.append(" ")
        self.out.append(text)
        self.space, self.line_open = False, True

    def line(self) -> None:
        """The end of a line, where one is open; inside a row of cells blanks part the lines."""
        if self.frames and self.frames[-1].wide:
            self.space = True
        elif self.line_open:
            self.out.append("\n")
            self.line_open = self.space = False

    def open(self, node: Any) -> None:
        """A node is met: text is written, an element begins."""
        parent = self.frames[-1] if self.frames else None
        self.childless = False
        if node.is_text_node:
            self.frames.append(_Frame("", "", 0, False, False))
            self.frames.pop()
            self.write(node.text_content or "")
            self.childless = True
            self.frames.append(_Frame("#", "", len(self.out), False, False))
            return
        if not node.is_element_node:
            self.childless = True
            self.frames.append(_Frame("#", "", len(self.out), False, False))
            return
        tag = (node.tag or "").lower()
        attributes = node.attributes or {}
        place = 0
        if parent is not None:
            place = parent.children
            parent.children += 1
        frame = _Frame(tag, "", 0, bool(parent and parent.verbatim), bool(parent and parent.wide))
        if self._is_dropped(node, tag, attributes, parent):
            self.childless = True
            frame.start = len(self.out)
            self.frames.append(frame)
            return
        if tag in _PICTURES:
            self.childless = True
            self._put(_picture(tag, attributes))
        elif tag == "script":
            self.childless = True
            if (attributes.get("type") or "").startswith("math/tex"):
                self._put(f"\\({(node.text_content or '').strip()}\\)")
        elif tag == "math":
            if tex := _tex_of(node):
                self.childless = True
                self._put(f"\\({tex}\\)")
        elif tag == "br":
            if frame.wide:
                self.space = True
            else:
                self.out.append("\n")
                self.line_open = self.space = False
        elif tag == "input":
            if (attributes.get("type") or "").lower() in _TYPED_IN:
                self._put("____")
        elif tag in ("td", "th"):
            self._open_cell(frame, parent)
        elif tag in _BLOCKS:
            self.line()
            self._open_block(node, tag, attributes, frame, parent)
        frame.role = _role(tag, parent, place)
        if frame.role and self.space and self.line_open:
            self.out.append(" ")
            self.space = False
        if tag in _VERBATIM or _WHITE_SPACE.search(attributes.get("style") or ""):
            frame.verbatim = True
        frame.start = len(self.out)
        self.frames.append(frame)

    def _is_dropped(self, node: Any, tag: str, attributes: dict[str, Any], parent: _Frame | None) -> bool:
        names = attributes.get("class") or ""
        return (
            tag in _DROPPED
            or (tag == "annotation")
            or "hidden" in attributes
            or bool(_HIDDEN.search(attributes.get("style") or ""))
            or "katex-html" in names
            or (self.has_tex and "MathJax" in names)
            or (tag == "svg" and (attributes.get("aria-hidden") == "true" or bool(parent and parent.tag.startswith("mjx-"))))
        )

    def _open_cell(self, frame: _Frame, parent: _Frame | None) -> None:
        if parent is None or parent.tag != "tr" or parent.number is None:
            self.line()
            return
        if parent.cells:
            self.out.append(" |")
            self.space = self.line_open = True
        parent.cells += 1
        frame.wide = True

    def _open_block(self, node: Any, tag: str, attributes: dict[str, Any], frame: _Frame, parent: _Frame | None) -> None:
        if tag == "tr":
            # A row of one cell is a frame around what it holds, no row of a table.
            if _count(node, ("td", "th"), 2) > 1:
                frame.number = ("", 0)
        elif tag == "ol":
            start = attributes.get("start") or "1"
            if _count(node, ("li",), 2) > 1 or start != "1":
                frame.number = (attributes.get("type") or "1", int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1)
        elif tag == "li" and parent is not None and parent.tag == "ol" and parent.number is not None:
            kind, number = parent.number
            given = attributes.get("value") or ""
            number = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else number
            parent.number = (kind, number + 1)
            self._put(f"{_written(kind, number)}.")
            self.space = True

    def close(self) -> None:
        """The element that was opened last ends."""
        frame = self.frames.pop()
        self.childless = False
        if frame.role:
            text = "".join(self.out[frame.start :])
            del self.out[frame.start :]
            self.out.append(_ROLES[frame.role](text))
            self.line_open = self.line_open or bool(text)
        if frame.tag in _BLOCKS and frame.tag not in ("td", "th"):
            self.line()
        elif frame.tag in ("td", "th") and not frame.wide:
            self.line()


def _wrapped(text: str) -> str:
    inner = text.strip()
    return inner if len(inner) <= 1 or inner.isalnum() else f"({inner})"


_ROLES = {
    "sup": raised,
    "sub": lowered,
    "numerator": _wrapped,
    "denominator": lambda text: f"/{_wrapped(text)}",
    "root": lambda text: f"√{_wrapped(text)}",
    "degree": lambda text: f"[{text.strip()}]",
    "reading": lambda text: f"({text.strip()})" if text.strip() else "",
}
_ROLE_IN = {
    ("msup", 1): "sup",
    ("msub", 1): "sub",
    ("msubsup", 1): "sub",
    ("msubsup", 2): "sup",
    ("munder", 1): "sub",
    ("mover", 1): "sup",
    ("munderover", 1): "sub",
    ("munderover", 2): "sup",
    ("mfrac", 0): "numerator",
    ("mfrac", 1): "denominator",
    ("mroot", 0): "root",
    ("mroot", 1): "degree",
}


def _role(tag: str, parent: _Frame | None, place: int) -> str:
    if tag in ("sup", "sub"):
        return tag
    if tag == "msqrt":
        return "root"
    if tag == "rt":
        return "reading"
    return _ROLE_IN.get((parent.tag, place), "") if parent is not None else ""


def _count(node: Any, tags: tuple[str, ...], enough: int) -> int:
    found, child = 0, node.child
    while child is not None and found < enough:
        found += child.tag in tags
        child = child.next
    return found


def _written(kind: str, number: int) -> str:
    if kind in ("A", "a") and 1 <= number <= 26:
        return chr(ord(kind) + number - 1)
    if kind in ("I", "i") and 1 <= number <= 12:
        roman = "I II III IV V VI VII VIII IX X XI XII".split()[number - 1]
        return roman if kind == "I" else roman.lower()
    return str(number)


def _picture(tag: str, attributes: dict[str, Any]) -> str:
    """`[image]`; for a formula or a sign that was drawn, what its author wrote of it."""
    if tag != "img":
        return "[image]"
    names, alt = attributes.get("class") or "", (attributes.get("alt") or "").strip()
    tex = attributes.get("data-equation-content") or attributes.get("data-latex") or attributes.get("data-tex") or ""
    if not tex and alt.startswith("LaTeX:"):
        tex = alt.removeprefix("LaTeX:")
    if not tex and alt and _FORMULA_IMAGE.search(names):
        tex = alt
    if tex.strip():
        return f"\\({_SPACES.sub(' ', tex.strip())}\\)"
    if alt and "emoji" in names and len(alt) < 12:
        return alt
    return "[image]"


def _tex_of(node: Any) -> str:
    """The TeX that a MathML formula was made from, "" where it doesn't say."""
    found = node.css_first('annotation[encoding="application/x-tex"]')
    return (found.text_content or "").strip() if found is not None else ""
