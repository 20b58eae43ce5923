"""Markdown as lines: what the parser (CommonMark, GitHub's tables) takes for markup goes, what it takes for text or code stays as it is.

Formulas, names like `__init__` and operators like `a**2` are no markup, whatever CommonMark says of them.
"""

import builtins
import re
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from pipeline.ingest.exam import PLAIN, Marks
from pipeline.ingest.markdown_inline import Piece, pieces_of

# Emphasis and links in a longer paragraph aren't looked for: that would take the square of its length. No question is so long in one.
MAX_INLINE_CHARS, MAX_BRACKETS = 20_000, 300
# Lists and quotes within each other; what stands deeper isn't shown by others either.
MAX_NESTING = 100
_VERBATIM = re.compile(r"<(?:(!)--|(pre|script|style)\b)", re.IGNORECASE)
_FENCE = re.compile(r"(?P<indent>[\s>]*+)(?P<mark>`{3,}+|~{3,}+)[ ]*+(?P<info>[^`\n]*)$")
_BOXED_FENCE = re.compile(r"(?m)^(?P<indent>[ \t]*+)(?P<box>[-*+][ ]\[[ xX]?\])[ ]++(?=`{3}[^`\n]*+\n[ ]{2})")
_TASK, _NUMBERED_HEADING = re.compile(r"\s*[-*+]\s\[[ xX]?\]\s"), re.compile(r"#{2,6}\s[^\n]*\d")
_FORMULA = re.compile(r"\$[^$\s](?:[^$]{0,200}[^$\s])?\$(?!\d)")
_CODE_SPAN = re.compile(r"(?<!`)(`++)(?!`)")
_DUNDERS = {name for kind in vars(builtins).values() if isinstance(kind, type) for name in dir(kind) if name.startswith("__")}
_DUNDERS |= {
    f"__{name}__" for name in "main name file slots proto call enter exit aenter aexit await del missing path package spec".split()
}
_DUNDERS -= {"__and__", "__or__"}
_DUNDER = re.compile(r"__(?:\d{1,3}|[a-z][a-z\d_]{0,30}?)__(?![_\w])")


class Line(NamedTuple):
    """A line as people see it.

    `kind`: text, heading, code (a whole block with its fence), rule, table, summary, hidden (a comment), open or close (a tag that sets
    questions off). Lines of one block share `block`. `lists` are the lists around it, outermost first; `marker` is "-" or "3." where it
    begins an item. `folds` are the `<details>` around it.
    """

    text: str
    marks: list[Marks]
    kind: str = "text"
    block: int = 0
    level: int = 0
    lists: tuple[int, ...] = ()
    marker: str = ""
    folds: tuple[int, ...] = ()
    quote: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    info: str = ""
    link: bool = False


def markdown_lines(text: str) -> list[Line]:
    """All lines of a text that bear something, and the rules and tags between them."""
    front, body = _front_matter(text)
    # CommonMark opens no fence behind a box, but people do.
    found = list(_Walk(_with_closed_fences(_BOXED_FENCE.sub(r"\g<indent>\g<box>\n\g<indent>  ", body))).lines())
    return [*(Line(line, [PLAIN] * len(line), "hidden") for line in front), *found]


def _front_matter(text: str) -> tuple[list[str], str]:
    """The settings that open a page between two rules, and the page."""
    if not text.startswith("---\n"):
        return [], text
    lines = text.split("\n", 60)
    end = next((place for place, line in enumerate(lines[1:60], start=1) if line.rstrip() == "---"), 0)
    if not end or not all(re.match(r"[\w-]+\s?:|\s|- |#|$", line) for line in lines[1:end]):
        return [], text
    return [line for line in lines[1:end] if line.strip()], "\n".join(lines[end + 1 :])


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    # HTML is read with the text around it: question lists put Markdown into it. A line of dashes below a text is a rule between questions
    # more often than it makes the text a heading.
    parser.disable(["html_block", "lheading", "inline"])
    parser.block.ruler.before("fence", "verbatim", _verbatim, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("escape", "math", _math)
    parser.inline.ruler.before("emphasis", "literal", _literal)
    return parser


def _verbatim(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Comments, `<pre>`, `<script>` and `<style>`, up to where they are closed."""
    begins, line = state.bMarks[start] + state.tShift[start], start
    opened = _VERBATIM.match(state.src, begins)
    if not opened:
        return False
    closing = "-->" if opened[1] else f"</{opened[2].lower()}>"
    unclosed = state.env.setdefault("unclosed", set())
    while closing not in unclosed and line < end:
        if closing in state.src[begins if line == start else state.bMarks[line] : state.eMarks[line]].lower():
            if not silent:
                state.line = line + 1
                token = state.push("html_block", opened[2] or "!", 0)
                token.content = state.getLines(start, line + 1, state.blkIndent, False)
            return True
        line += 1
    unclosed.add(closing)
    return False


def _math(state: StateInline, silent: bool) -> bool:
    """Formulas between dollars or TeX's brackets."""
    src, pos = state.src, state.pos
    if src[pos] not in "$\\":
        return False
    for opening, closing in (("$$", "$$"), ("$", "$"), ("\\\\(", "\\\\)"), ("\\\\[", "\\\\]"), ("\\(", "\\)"), ("\\[", "\\]")):
        if not src.startswith(opening, pos) or closing in state.env["unclosed"]:
            continue
        begins = pos + len(opening)
        ends = src.find(closing, begins, state.posMax)
        if ends < 0:
            state.env["unclosed"].add(closing)
            continue
        inner, after = src[begins:ends], src[ends + len(closing) : ends + len(closing) + 1]
        if not inner.strip() or (opening == "$" and (inner[0].isspace() or inner[-1] in " \n\\" or after.isdigit())):
            continue
        if not silent:
            state.push("text", "", 0).content = src[pos : ends + len(closing)].replace("\\\\(", "\\(").replace("\\\\)", "\\)")
        state.pos = ends + len(closing)
        return True
    return False


def _literal(state: StateInline, silent: bool) -> bool:
    """Stars between letters or digits (`a**2`, `3*4*5`), names like `__init__` and gaps like `__1__`."""
    src, pos = state.src, state.pos
    if src[pos] == "_":
        name = _DUNDER.match(src, pos)
        called = name and (src[name.end() : name.end() + 1] == "(" or src[pos - 1 : pos] == "." or name[0][2].isdigit())
        if not name or not (called or name[0] in _DUNDERS) or src[pos - 1 : pos].isalnum():
            return False
        end = name.end()
    elif src[pos] == "*":
        end = pos
        while src[end : end + 1] == "*":
            end += 1
        if not (_joins(src[pos - 1 : pos] if pos else "") and _joins(src[end : end + 1])):
            return False
    else:
        return False
    if not silent:
        state.push("text", "", 0).content = src[pos:end]
    state.pos = end
    return True


def _joins(char: str) -> bool:
    """True for what a word is written with where words are parted by spaces."""
    return char.isalnum() and char < "\u2e80"


def _with_closed_fences(text: str) -> str:
    """The text with an end for each fence that nobody closed: it would swallow the questions behind it."""
    lines = text.split("\n")
    found: list[str] = []
    place = 0
    while place < len(lines):
        found.append(lines[place])
        opened = _FENCE.match(lines[place])
        place += 1
        if not opened:
            continue
        end = next((i for i in range(place, len(lines)) if _closes(lines[i], opened["mark"])), len(lines))
        is_code = end == len(lines) or not opened["info"].lower().startswith(("md", "markdown"))
        tasks = [i for i in range(place, end) if is_code and _TASK.match(lines[i])]
        heads = [i for i in range(place, end) if is_code and _NUMBERED_HEADING.match(lines[i])]
        if (tasks and heads) or (end == len(lines) and (tasks or heads)):
            cut = min(tasks + heads)
            found += [*lines[place:cut], opened["indent"] + opened["mark"]]
            place = cut
        else:
            found += lines[place : end + 1]
            place = end + 1
    return "\n".join(found)


def _closes(line: str, mark: str) -> bool:
    bare = line.strip(" \t>")
    return len(bare) >= len(mark) and bare == mark[0] * len(bare)


class _Walk:
    """The blocks of a text in order, each as its lines."""

    def __init__(self, text: str) -> None:
        self.parser = _parser()
        self.env: dict[str, object] = {}
        self.source = text.split("\n")
        self.tokens = self.parser.parse(text, self.env)
        self.numbers, self.block = count(1), 0
        self.lists: list[int] = []
        self.folds: list[int] = []
        self.marker, self.quote = "", 0
        self.in_summary = False

    def lines(self) -> Iterator[Line]:
        level, ended = 0, -1
        tokens = iter(self.tokens)
        for token in tokens:
            if token.type in ("bullet_list_open", "ordered_list_open"):
                self.lists.append(next(self.numbers))
            elif token.type in ("bullet_list_close", "ordered_list_close"):
                self.lists.pop()
            elif token.type == "list_item_open":
                self.marker = token.info + token.markup
            elif token.type in ("blockquote_open", "blockquote_close"):
                self.quote += token.nesting
            elif token.type in ("heading_open", "heading_close"):
                level = int(token.tag[1]) if token.nesting > 0 else 0
            elif token.type == "inline":
                self.block += 1
                yield from self._inline(token.content, level)
                ended = token.map[1] if token.map else -1
            elif token.type in ("fence", "code_block", "html_block"):
                self.block += 1
                yield from self._verbatim(token)
            elif token.type == "hr":
                self.block += 1
                gap = token.markup.startswith("____") and token.map is not None and token.map[0] == ended
                yield self._line(token.markup, [PLAIN] * len(token.markup), "text" if gap else "rule")
            elif token.type == "table_open" and token.map:
                self.block += 1
                yield from self._table(self.source[token.map[0] : token.map[1]])
                while token.type != "table_close":
                    token = next(tokens)

    def _line(self, text: str, marks: list[Marks], kind: str = "text", level: int = 0, **more: object) -> Line:
        marker, self.marker = (self.marker, "") if kind != "hidden" else ("", self.marker)
        line = Line(text, marks, kind, self.block, level, tuple(self.lists), marker, tuple(self.folds), self.quote)
        return line._replace(**more)  # type: ignore[arg-type]

    def _inline(self, content: str, level: int) -> Iterator[Line]:
        kind = "heading" if level else "text"
        for source in self._rendered(content):
            shown = list(source)
            if not any(piece.tag for piece in shown):
                yield from self._pieces(shown, kind, level)
                continue
            held: list[Piece] = []
            for piece in shown:
                if piece.tag:
                    yield from self._pieces(held, "summary" if self.in_summary else kind, level)
                    held = []
                    yield from self._tag(piece.tag)
                else:
                    held.append(piece)
            yield from self._pieces(held, "summary" if self.in_summary else kind, level)

    def _rendered(self, content: str) -> Iterator[list[Piece]]:
        """The pieces of each line of a paragraph."""
        if len(content) > MAX_INLINE_CHARS or content.count("[") > MAX_BRACKETS:
            yield from ([Piece(line, PLAIN)] for line in content.split("\n"))
            return
        children: list[Token] = []
        self.parser.inline.parse(content, self.parser, self.env | {"unclosed": set()}, children)
        yield from pieces_of(children, in_item=bool(self.marker))

    def _pieces(self, pieces: list[Piece], kind: str, level: int) -> Iterator[Line]:
        text = "".join(piece.text for piece in pieces)
        marks = [mark for piece in pieces for mark in [piece.marks] * len(piece.text)]
        linked = [piece for piece in pieces if piece.text.strip(" .,;:")]
        start = 0
        for line in text.split("\n"):
            if line.strip():
                link = bool(linked) and all("link" in piece.marks for piece in linked)
                yield self._line(line, marks[start : start + len(line)], kind, level, link=link)
            start += len(line) + 1

    def _tag(self, tag: str) -> Iterator[Line]:
        name = tag.strip("/")
        if name == "summary":
            self.in_summary = not tag.startswith("/")
        elif name == "details":
            self.in_summary = False
            if not tag.startswith("/"):
                self.folds.append(next(self.numbers))
            elif self.folds:
                self.folds.pop()
        else:
            yield self._line("", [], "close" if tag.startswith("/") else "open", info=name)

    def _verbatim(self, token: Token) -> Iterator[Line]:
        if token.type == "html_block":
            inner = re.sub(r"^\s*<(?:!--|[^>]*>)|(?:-->|</\w+>)\s*$", "", token.content)
            if token.tag == "!":
                yield from (self._line(line.strip(), [PLAIN] * len(line.strip()), "hidden") for line in inner.split("\n") if line.strip())
            elif token.tag == "pre":
                text = f"```\n{inner.strip(chr(10))}\n```"
                yield self._line(text, [PLAIN] * len(text), "code")
            return
        if token.type == "code_block" and (found := self._indented(token.content)):
            yield from found
            return
        mark = token.markup or "```"
        text = f"{mark}{token.info.strip()}\n{token.content.rstrip(chr(10))}\n{mark}"
        yield self._line(text, [PLAIN] * len(text), "code", info=token.info.strip().lower())

    def _indented(self, content: str) -> list[Line]:
        """Indented lines that hold options, not code."""
        lines = [line.strip() for line in content.split("\n") if line.strip()]
        if len(lines) < 2 or not all(re.match(r"[(*]?A\s?[.)]|\[[ xX]?\]|- \[", line) for line in lines[:1]):
            return []
        return [line for text in lines for line in self._inline(text, 0)]

    def _table(self, source: list[str]) -> Iterator[Line]:
        header, *body = (_cells(line) for place, line in enumerate(source) if place != 1 and line.strip())
        rows = [header]
        for place, cells in enumerate(body, start=2):
            rows.append(cells if len(cells) <= len(header) else _cells(source[place], in_code=True))
        shown = tuple(tuple(self._cell(cell) for cell in row) for row in rows)
        text = "\n".join(" | ".join(row) for row in shown)
        yield self._line(text, [PLAIN] * len(text), "table", rows=shown)

    def _cell(self, content: str) -> str:
        lines = ("".join(piece.text for piece in pieces) for pieces in self._rendered(content))
        return "\n".join(line.strip() for line in lines).strip()


def _cells(line: str, in_code: bool = False) -> list[str]:
    """A row's cells: bars part them, but for escaped ones, and for those in code and formulas where `in_code`."""
    line = line.strip().strip(">").strip()
    cells, start, place = [""], 0, 0
    while place < len(line):
        if line.startswith("\\|", place):
            cells[-1] += line[start:place] + "|"
            place += 2
            start = place
        elif in_code and line[place] == "$" and (formula := _FORMULA.match(line, place)):
            place = formula.end()
        elif in_code and line[place] == "`" and (run := _CODE_SPAN.match(line, place)) and (end := line.find(run[1], run.end())) > 0:
            place = end + len(run[1])
        elif line[place] == "|":
            cells[-1] += line[start:place]
            cells.append("")
            place += 1
            start = place
        else:
            place += 1
    cells[-1] += line[start:]
    if line.startswith("|"):
        cells = cells[1:]
    if cells and line.endswith("|") and not cells[-1].strip():
        cells = cells[:-1]
    return [cell.strip() for cell in cells]
