"""HTML as the text that a browser shows. Parsed by lexbor (HTML Living Standard), walked without recursion."""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()aeinx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢₙₓ")
_WORD = re.compile(r"[^\W\d_]{2}")
_ORDINAL = re.compile(r"st|nd|rd|th|ère|ème", re.IGNORECASE)

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre section "
    "summary table tbody td tfoot th thead tr ul xmp".split()
)
_VERBATIM = frozenset("pre code listing plaintext xmp textarea".split())
_DROPPED = frozenset("head title style noscript template datalist rp annotation-xml".split())
# What shows something other than text.
_PICTURES = frozenset("img svg canvas object embed video audio iframe".split())
_FORMULA_IMAGE = re.compile(r"\b(?:equation_image|tex\b|latex\b|mwe-math|mathjax|math\b)", re.IGNORECASE)
_TYPED_IN = frozenset(("", "text", "number", "search"))
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNDERLINE = re.compile(r"text-decoration(?:-line)?\s*:\s*underline", re.IGNORECASE)
_UNDERLINING = re.compile(r"underlin|gạch (?:chân|dưới)", re.IGNORECASE)
# Characters that no text holds stand for the ends of underlining, until what is around it is known.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_UNDERLINED = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*+){_CLOSE}")
_WHITE_SPACE = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
# lexbor takes the square of elements that are open at once, and of formatting that is opened again in each block behind it.
_MAX_OPEN, _MAX_FORMATTING, _MAX_ATTRIBUTES, _MAX_DEPTH, _SURELY_SOUND = 1_500, 200, 500, 500, 2_000
_NAME = re.compile(r"<(/?)(!--|[a-zA-Z][a-zA-Z0-9:-]{0,30}+)")
# The end of a tag, white space between attributes, and where a quoted value begins.
_TAG_MARK = re.compile(r">|=[ \t\r\n]{0,20}+[\"']|(?<![ \t\r\n])[ \t\r\n]")
_RAW_TEXT = frozenset("script style textarea title xmp iframe noembed noframes plaintext".split())
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# Never open, or closed by the next of their kind.
_UNCLOSED = frozenset("p li dd dt td th tr tbody thead tfoot option optgroup colgroup html head body rb rt rtc rp".split()) | frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()
)
# All elements of HTML, those of old too, of formulas and of drawings. What else stands between < and > is text: `List<String>`.
_ELEMENTS = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br button "
    "canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset "
    "figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins "
    "isindex kbd keygen label legend li link listing main map mark marquee menu menuitem meta meter nav nobr noembed noframes "
    "noscript object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby s samp script search "
    "section select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead "
    "time title tr track tt u ul var video wbr xmp math annotation maction maligngroup malignmark menclose merror mfenced mfrac "
    "mglyph mi mlabeledtr mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mscarries msgroup mspace msqrt "
    "msrow mstack mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics circle clippath defs ellipse filter "
    "foreignobject g line lineargradient marker mask path pattern polygon polyline radialgradient rect stop symbol text textpath "
    "tspan use view".split()
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)(?![\w:-])([^<>]*+)>")
_ATTRIBUTE = re.compile(r"[\s/]*+(?:[a-zA-Z_:@-][\w:.-]*+\s*+=|hidden\b|\Z)")
_ANY_TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*+>")


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
    """HTML as lines of text: blocks, list items and rows of tables are lines, cells are parted by ` | `, superscripts stay apart, code
    stays as it is written, pictures are `[image]`, formulas that name their TeX are it; what a browser doesn't show is left out. White
    space is folded as a browser does, but no-break spaces stay.

    >>> html_text("<p>2 &lt; 3<sup>2</sup>?<br/>Yes,  <b>al</b>ways.</p><p>H<sub>2</sub>O</p>")
    '2 < 3²?\\nYes, always.\\nH₂O'
    >>> html_text("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>Which tag is <code>&lt;p&gt;</code>?")
    'a | b\\n1 | 2\\nWhich tag is <p>?'
    """
    if _is_hostile(fragment):
        return "\n".join(line for line in map(str.strip, html.unescape(_ANY_TAG.sub("\n", fragment)).split("\n")) if line)
    tree = LexborHTMLParser(_TAG.sub(_as_meant, fragment.replace(_OPEN, "").replace(_CLOSE, "")))
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


def _as_meant(tag: re.Match[str]) -> str:
    """A tag, or the text that it is: no element of HTML is called so, or nothing behind the name is an attribute (`a<b and c>d`)."""
    name = tag[2].lower()
    compares = len(name) == 1 and not _ATTRIBUTE.match(tag[3])
    return f"&lt;{tag[0][1:]}" if name not in _ELEMENTS or compares else tag[0]


def _is_hostile(fragment: str) -> bool:
    """Whether more elements stand open at once, or a tag bears more attributes, than anybody writes."""
    if len(fragment) < _SURELY_SOUND:
        return False
    opened: Counter[str] = Counter()
    depth = formatting = end = 0
    while match := _NAME.search(fragment, end):
        name, end = match[2].lower(), match.end()
        if name == "!--":
            if (end := fragment.find("-->", match.start() + 2)) < 0:
                return False
            continue
        words = 0
        while (mark := _TAG_MARK.search(fragment, end)) is not None:
            words += mark[0].isspace()
            end = mark.end()
            if words > _MAX_ATTRIBUTES:
                return True
            if mark[0] == ">":
                break
            if mark[0][0] == "=" and (end := fragment.find(mark[0][-1], end) + 1) == 0:
                return False
        if mark is None:
            return False
        if name in _RAW_TEXT and not match[1]:
            closing = re.compile(f"</{name}", re.IGNORECASE).search(fragment, end)
            if closing is None:
                return False
            end = closing.start()
            continue
        change = -1 if match[1] else 1
        if name not in _UNCLOSED and (change > 0 or opened[name] > 0):
            opened[name] += change
            depth += change
            formatting += change if name in _FORMATTING else 0
            if depth > _MAX_OPEN or formatting > _MAX_FORMATTING:
                return True
    return False


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

    __slots__ = ("cells", "children", "number", "role", "start", "tag", "verbatim", "wide")

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
        text = "\n".join(line.rstrip(" \t\r") for line in "".join(self.out).split("\n")).strip("\n")
        if _OPEN not in text:
            return text
        # A line under a part of a word is what its question asks about, and so is one that the text speaks of; others are emphasis.
        keep = _UNDERLINING.search(text) is not None
        shown = _UNDERLINED.sub(lambda part: f"<u>{part[1]}</u>" if keep or _is_part(text, part) else part[1], text)
        return shown.replace(_OPEN, "").replace(_CLOSE, "")

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
        if self.space and self.line_open and not self.out[-1].endswith(" "):
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
        if self._is_dropped(tag, attributes, parent):
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
                self._put(f"\\({node.text().strip()}\\)")
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
        frame.role = _role(tag, parent, place) or ("underline" if tag == "u" or _UNDERLINE.search(attributes.get("style") or "") else "")
        if frame.role and self.space and self.line_open:
            self.out.append(" ")
            self.space = False
        if tag in _VERBATIM or _WHITE_SPACE.search(attributes.get("style") or ""):
            frame.verbatim = True
        frame.start = len(self.out)
        self.frames.append(frame)

    def _is_dropped(self, tag: str, attributes: dict[str, Any], parent: _Frame | None) -> bool:
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
            if frame.role != "underline":
                text = text.replace(_OPEN, "").replace(_CLOSE, "")
            del self.out[frame.start :]
            self.out.append(_ROLES[frame.role](text))
            self.line_open = self.line_open or bool(text)
        if frame.tag in _BLOCKS and not (frame.wide and frame.tag in ("td", "th")):
            self.line()


def _is_part(text: str, part: re.Match[str]) -> bool:
    """Whether letters stand right beside a part of a text."""
    return text[part.start() - 1 : part.start()].isalpha() or text[part.end() : part.end() + 1].isalpha()


def _wrapped(text: str) -> str:
    inner = text.strip()
    return inner if len(inner) <= 1 or inner.isalnum() else f"({inner})"


_ROLES: dict[str, Callable[[str], str]] = {
    "sup": raised,
    "sub": lowered,
    "numerator": _wrapped,
    "denominator": lambda text: f"/{_wrapped(text)}",
    "root": lambda text: f"√{_wrapped(text)}",
    "degree": lambda text: f"[{text.strip()}]",
    "underline": lambda text: f"{_OPEN}{text}{_CLOSE}" if text.strip() else text,
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
    return found.text().strip() if found is not None else ""
