"""LaTeX source as a tree. Nothing is executed, and no source is too broken: braces and environments that nothing closes end with what
holds them. Shared by LaTeX files and R/exams."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.ingest.tex_words import CODE, MATH
from schemas.errors import DataError

MAX_DEPTH = 60
_TOKEN = re.compile(
    r"(?P<comment>%[^\n]*+(?:\n[ \t]*+)?)|\\(?P<edge>begin|end)[ \t]*+\{(?P<name>[^{}\n]{1,40})\}|(?P<command>\\(?:[a-zA-Z@]++\*?|.|\n)?)"
    r"|(?P<dollar>\$\$?)|(?P<mark>[{}\[\]~])|(?P<par>\n[ \t]*+\n\s*+)|(?P<text>[^%\\${}\[\]~\n]++|\n)",
    re.DOTALL,
)
_MATH_END = re.compile(r"\\.|[{}]|\$\$?|\n[ \t]*+\n", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_OPTIONS_BEHIND = re.compile(r"[ \t]*+(?:\[[^\]\n]{0,300}\])?(?:\{[\w+#-]{1,30}\})?[ \t]*+\n?")
_VERB = re.compile(r"[ \t]*+(?:\[[^\]\n]{0,300}\])?(?:\{[a-z+#]{1,20}\})?")


class Node(NamedTuple):
    """`kind`: text, par (a blank line), command, group (in braces), env, math, code, or mark (a bracket or a tie); `value`: its text,
    or the name of the command (without its backslash) or environment."""

    kind: str
    value: str
    children: list["Node"] = []  # noqa: RUF012 - a leaf's is never changed


def parse(source: str) -> list[Node]:
    """The tree of a source text; comments are dropped. Braces and environments that nothing closes end with what holds them.

    Raises DataError for one that is nested too deeply.

    >>> [node.value for node in parse(r"a \\textbf{b} $c$ % d")]
    ['a ', 'textbf', '', ' ', '$c$', ' ']
    """
    root: list[Node] = []
    stack: list[tuple[str, list[Node]]] = [("", root)]
    for node in _tokens(source):
        children = stack[-1][1]
        if node.kind == "open":
            opened = Node("env" if node.value else "group", node.value, [])
            children.append(opened)
            stack.append((node.value or "{", opened.children))
            if len(stack) > MAX_DEPTH:
                raise DataError(f"braces and environments stand more than {MAX_DEPTH} deep in each other")
        elif node.kind == "close":
            wanted = node.value or "{"
            # A brace closes no environment: one too many is passed over.
            places = [
                place for place in range(len(stack) - 1, 0, -1) if stack[place][0] == wanted or (wanted == "{" and stack[place][0] != "{")
            ]
            if places and stack[places[0]][0] == wanted:
                del stack[places[0] :]
        else:
            children.append(node)
    return root


def _tokens(source: str) -> Iterator[Node]:
    at, scanner = 0, _Scanner(source)
    while at < len(source):
        match = _TOKEN.match(source, at)
        assert match is not None
        at, kind = match.end(), match.lastgroup
        if kind == "name":
            name = match["name"].strip()
            if match["edge"] == "end":
                yield Node("close", name)
            elif name.rstrip("*") in CODE and (end := scanner.find(f"\\end{{{name}}}", at)) >= 0:
                if name != "comment":
                    start = _OPTIONS_BEHIND.match(source, at)
                    yield Node("code", source[start.end() if start else at : end].rstrip())
                at = end + len(name) + 6
            elif name in MATH and (end := scanner.find(f"\\end{{{name}}}", at)) >= 0:
                at = end + len(name) + 6
                yield Node("math", source[match.start() : at])
            else:
                yield Node("open", name)
        elif kind == "dollar":
            end = scanner.math_end(match.start(), match[0])
            if end < 0:
                yield Node("text", match[0])
            else:
                at = end
                yield Node("math", source[match.start() : end])
        elif kind == "command":
            name = match[0][1:]
            if name in ("(", "[") and (end := scanner.within_paragraph({"(": "\\)", "[": "\\]"}[name], at)) >= 0:
                at = end + 2
                yield Node("math", source[match.start() : at])
            elif name in ("verb", "verb*", "lstinline", "mintinline") and (found := scanner.verb(at)):
                at = found[1]
                yield Node("code", found[0], [Node("text", "inline")])
            else:
                yield Node("command", name)
                # Blanks behind a word are its end.
                if name[-1:].isalpha():
                    at += len(source[at : at + 200]) - len(source[at : at + 200].lstrip(" \t"))
        elif kind == "mark" and match[0] in "{}":
            yield Node("open" if match[0] == "{" else "close", "")
        elif kind != "comment":
            yield Node(kind or "text", match[0])


class _Scanner:
    """Looks for what closes something; what isn't found from one place on isn't looked for again."""

    def __init__(self, source: str) -> None:
        self._source, self._missing, self._bound, self._loose = source, set[str](), 0, 0

    def find(self, wanted: str, at: int) -> int:
        if wanted in self._missing:
            return -1
        if (end := self._source.find(wanted, at)) < 0:
            self._missing.add(wanted)
        return end

    def within_paragraph(self, wanted: str, at: int) -> int:
        if at > self._bound:
            found = _BLANK_LINE.search(self._source, at)
            self._bound, self._paragraph_missing = found.start() if found else len(self._source), set[str]()
        if wanted in self._paragraph_missing:
            return -1
        if (end := self._source.find(wanted, at, self._bound)) < 0:
            self._paragraph_missing.add(wanted)
        return end

    def math_end(self, start: int, mark: str) -> int:
        """Behind the dollar that closes the formula, -1 where the paragraph ends before. One within braces (a text in the formula)
        closes nothing, unless nothing else does."""
        at = start + len(mark)
        if at >= self._loose:
            depth = 0
            for match in _MATH_END.finditer(self._source, at):
                piece = match[0]
                if piece == "{":
                    depth += 1
                elif piece == "}":
                    depth -= 1
                elif piece[0] == "$" and depth == 0 and (piece == mark or mark == "$"):
                    return match.start() + len(mark)
                if depth < 0 or (piece[0] == "\n" and mark == "$"):
                    self._loose = match.start()
                    break
            else:
                self._loose = len(self._source)
        for match in _MATH_END.finditer(self._source, at, max(self._loose, at)):
            if match[0][0] == "$":
                return match.start() + min(len(mark), len(match[0]))
        return -1

    def verb(self, at: int) -> tuple[str, int] | None:
        """The code of \\verb|...|, and where it ends."""
        start = _VERB.match(self._source, at)
        at = start.end() if start else at
        mark = self._source[at : at + 1]
        if not mark or mark.isspace() or mark.isalnum():
            return None
        end = self._source.find("}" if mark == "{" else mark, at + 1, at + 1000)
        return None if end < 0 or "\n" in self._source[at:end] else (self._source[at + 1 : end], end + 1)


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes below, in order."""
    for node in nodes:
        yield node
        if node.children and node.kind != "code":
            yield from walk(node.children)
