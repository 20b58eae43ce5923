"""Web pages (.html, .htm, saved pages): questions with choices to click, tables of questions, and exams that were saved as a page. What
shows a right choice is what the page says of it (`data-correct`, a class, a value) or a key in its text; the choice that someone made
(`checked`) is none."""

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.common.markup import html_text
from pipeline.ingest.clicked import SHOW, SIGNS, clicked_items
from pipeline.ingest.decode import decode
from pipeline.ingest.exam import ExamLine, Marks, exam_items
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.tables import is_question_table, table_items
from pipeline.ingest.xml_files import root_name
from schemas.errors import DataError

_TO_CLICK = re.compile(
    r"\W{0,3}(?:click\s(?:here\s)?to\s|nhấn\s(?:để\s)?)?(?:show|reveal|see|view|hide|check|xem|hiện|ẩn)\s(?:the\s)?(?:correct\s)?"
    r"(?:answers?|solutions?|explanation|đáp án|lời giải|hướng dẫn giải|giải thích)(?:\s(?:and|&|và)\s\w{1,12})?\W{0,3}",
    re.IGNORECASE,
)
MAX_TABLES = 200
MAX_SHEET_CHARS = 200_000
_LEVEL = re.compile(r"lst-kix_\w{1,40}-(\d)")
# Characters that no text holds open and close a style while the page becomes text.
_OPENED, _CLOSED = "\ufdd2", "\ufdd3"
_TAGS = {"u": "underline", "b": "bold", "strong": "bold", "mark": "highlight"}
_CODES = {"underline": "u", "bold": "b", "highlight": "h", "colour": "c"}
_STYLE_OF = {code: style for style, code in _CODES.items()}
_STYLE_SIGN = re.compile(f"({_OPENED}[{''.join(_STYLE_OF)}]|{_CLOSED})")
_DECLARED = {
    "bold": re.compile(r"font-weight\s*+:\s*+(?:bold|[6-9]00)", re.IGNORECASE),
    "underline": re.compile(r"text-decoration(?:-line)?\s*+:\s*+underline", re.IGNORECASE),
    "highlight": re.compile(r"background(?:-color)?\s*+:\s*+(?:yellow|lime|aqua|cyan|#ff0\b|#ffff00|#00ff00|#00ffff)", re.IGNORECASE),
    "colour": re.compile(r"(?<![\w-])color\s*+:\s*+(?:red|green|blue|#f00\b|#ff0000|#c00000|#008000|#00b050|#0000ff)", re.IGNORECASE),
}
_RULE = re.compile(r"\.([\w-]{1,60})\s*+\{([^{}]{1,2000})\}")
_MARK = re.compile(r"\(?[A-Ja-j][.)]?")
_IN_SCRIPT = re.compile(r"[\"']?(?:question|questions|answers|options|choices|correct\w{0,20})[\"']?\s?[:=]\s?[\[\"'`{]", re.IGNORECASE)


def sniff(file: SniffedFile) -> bool:
    """The suffix, or a page's root element."""
    return file.suffix in (".html", ".htm", ".xhtml") or root_name(file) == "html"


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question: of choices, else of tables and of the page's text as an exam. Raises DataError for a page without any."""
    try:
        source = re.sub(f"[{_OPENED}{_CLOSED}]", "", SIGNS.sub("", decode(data).text))
    except UnicodeError as error:
        raise DataError(str(error)) from error
    seen = html_text(source)
    tree = LexborHTMLParser(source)
    items = clicked_items(tree)
    if not any(map(_has_key, items)):
        # The keys of all may stand in a list, behind questions that are numbered.
        tree = LexborHTMLParser(source)
        others = [*_tables(tree), *_as_exam(tree)]
        items = others if not items or (len(others) >= len(items) and any(map(_has_key, others))) else items
    if not items:
        raise DataError(_nothing(tree))
    yield Text(seen)
    yield from items


def _has_key(item: Item) -> bool:
    return isinstance(item.payload, dict) and any(item.payload.get(name) not in (None, [None]) for name in ("answer", "Answer"))


def _tables(tree: LexborHTMLParser) -> Iterator[Item]:
    """Rows of tables whose header names the parts of a question."""
    for number, table in enumerate(tree.css("table")[:MAX_TABLES], start=1):
        if len(table.css("table")) > 1:
            continue
        rows: list[list[Any]] = [[html_text(cell.inner_html or "") for cell in row.css("td, th")] for row in table.css("tr")]
        if rows and is_question_table(rows):
            yield from (item._replace(locator=f"table:{number}/{item.locator}", part=f"table {number}") for item in table_items(rows))
            table.decompose()


def _as_exam(tree: LexborHTMLParser) -> list[Item]:
    """Questions of the page's text; what it underlines, sets bold or colours may be the key."""
    for node in tree.css("nav, footer, button, summary"):
        if node.tag != "summary" or SHOW.fullmatch(node.text(strip=True)):
            node.decompose()
    for node in tree.css("span, a, p, div, label"):
        # What is clicked to see the answer is no text of the question.
        inner = node.child
        if inner is not None and inner.next is None and inner.tag == "-text" and _TO_CLICK.fullmatch(node.text(strip=True)[:60]):
            node.decompose()
    _number_lists(tree)
    classes = _styles_of_classes(tree)
    for node in tree.css("u, b, strong, mark, font, [style], [class]"):
        # What is searched for may be the node itself: one alone is.
        if (styles := _styles_of(node, classes)) and node.child is not None and not node.css("p, div, br, li, table, ul, ol"):
            node.child.insert_before("".join(_OPENED + _CODES[style] for style in styles))
            node.insert_child(_CLOSED * len(styles))
            if node.tag == "u" and _MARK.fullmatch(node.text(strip=True).strip(f"{_OPENED}{_CLOSED}u")):
                node.unwrap()  # An option's letter: no underline that a question could ask about.
    return list(exam_items([_styled_line(line) for line in html_text(tree.html or "").split("\n")]))


def _number_lists(tree: LexborHTMLParser) -> None:
    """Lists of Google Docs tell their level by a class, and show numbers on the first and letters on the second."""
    for node in tree.css("ol[class*=lst-kix]"):
        level = _LEVEL.search(node.attributes.get("class") or "")
        if level and level[1] == "1":
            node.attrs["type"] = "a"
        elif (node.attributes.get("start") or "1") == "1":
            node.attrs["start"] = "01"  # A list of one from 1 shows its number all the same.


def _styles_of_classes(tree: LexborHTMLParser) -> dict[str, tuple[str, ...]]:
    """What the page's own style sheets say of single classes."""
    sheets = "".join(node.text(deep=True)[:MAX_SHEET_CHARS] for node in tree.css("style")[:20])
    return {match[1]: styles for match in _RULE.finditer(sheets[:MAX_SHEET_CHARS]) if (styles := _declared(match[2]))}


def _styles_of(node: LexborNode, classes: dict[str, tuple[str, ...]]) -> list[str]:
    attributes = node.attributes
    found = [_TAGS[node.tag]] if node.tag in _TAGS else []
    found += _declared(attributes.get("style") or "")
    found += [f"colour {attributes['color']}"] if node.tag == "font" and attributes.get("color") else []
    found += [style for name in (attributes.get("class") or "").split() for style in classes.get(name, ())]
    return [style for style in dict.fromkeys(style.partition(" ")[0] for style in found) if style in _CODES]


def _declared(style: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _DECLARED.items() if pattern.search(style))


def _styled_line(raw: str) -> ExamLine:
    """A line without the signs of its styles, each character with its own."""
    text, marks, opened = list[str](), list[Marks](), list[str]()
    for piece in _STYLE_SIGN.split(raw):
        if piece.startswith(_OPENED):
            opened.append(_STYLE_OF[piece[1]])
        elif piece == _CLOSED:
            del opened[-1:]
        else:
            text.append(piece)
            marks += [frozenset(opened)] * len(piece)
    return ExamLine("".join(text), marks)


def _nothing(tree: LexborHTMLParser) -> str:
    scripts = (node.text(deep=True)[:200_000] for node in tree.css("script"))
    if any(len(_IN_SCRIPT.findall(script)) > 1 for script in scripts):
        return "a web page whose questions stand in a script: save the list in it as .json or .js, or copy the page's text into a file"
    return "a web page without questions that can be told: no choices to click, no numbered ones with options; copy them into a text file"


FORMAT = Format("html", sniff, read_bytes=read)
