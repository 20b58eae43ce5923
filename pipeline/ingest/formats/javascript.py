"""JavaScript and TypeScript: arrays and objects of questions that are written out (`const questions = [{...}]`). Code is never run."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.literals import Computed, holds_question, literal_items, texts_of, with_questions
from schemas.errors import DataError

MAX_DEPTH = 60
# What is begun in vain is read again inside: at most so often, for all of a file together.
MAX_READINGS = 12
_SUFFIXES = (".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts")
_TOKEN = re.compile(
    r"(?P<space>\s++|//[^\n]*+)|/\*(?P<remark>)|(?P<str>\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?)|(?P<tick>`)"
    r"|(?P<num>0[xX][0-9a-fA-F]++|(?:\d[\d_]*+(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?)|(?P<id>[\w$#@]++)|(?P<punct>=>|\.\.\.|.)",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}+\]){1,300}+/[a-z]{0,8}+")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\n)|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None}
_OPENS, _CLOSES = "([{", ")]}"
# Behind these a bracket opens a value, not a block.
_BEFORE_VALUE = ("=", "(", "default", "return", ":", ",", "[", "=>", "?")


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _NoLiteralError(Exception):
    """What was begun as a literal is none."""


def sniff(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix in _SUFFIXES


def read(text: str) -> Iterator[Item | Text]:
    """One item a question in an array, `item:N`, or `NAME/item:N` where several arrays hold questions; one with a value that code
    computes is rejected. Raises DataError for code without questions."""
    found = with_questions(list(_Reader(text).literals()))
    if not found:
        raise DataError(
            "code without questions that are written out: looked for arrays of objects with a question, options and an answer "
            "(`const questions = [{ question: ..., options: [...], answer: ... }]`); questions that calls build are not read: "
            "write them out, or save the running program's list as JSON"
        )
    yield from literal_items(found)
    yield from texts_of([value for _, value in found])


class _Reader:
    def __init__(self, source: str) -> None:
        self._source, self._tokens = source, list(_tokens(source))
        self._left = MAX_READINGS * len(self._tokens) + 1000

    def literals(self) -> Iterator[tuple[str, Any]]:
        """Outermost arrays and objects with questions in them, each with the name that it is given."""
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.kind == "punct" and token.text in "[{" and (at == 0 or self._tokens[at - 1].text in _BEFORE_VALUE):
                try:
                    value, end = self._value(at, 0)
                except _NoLiteralError:
                    end, value = at, None
                if holds_question(value):
                    yield self._name(at), value
                    at = end
                    continue
            at += 1

    def _name(self, at: int) -> str:
        """The name before `=` or `:`, past a type (`questions: Question[] = `)."""
        name = ""
        for token in reversed(self._tokens[max(0, at - 12) : at]):
            if token.text in (";", "}", "{", "const", "let", "var"):
                break
            if token.kind in ("id", "str"):
                name = token.text.strip("'\"")
        return "" if name in ("return", "default", "export", "const", "let", "var") else name

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        """The value that begins with this token, and the place behind it; an expression as Computed."""
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0 or at >= len(self._tokens):
            raise _NoLiteralError
        token = self._tokens[at]
        value: Any = None
        end = at + 1
        if token.kind in ("str", "template"):
            value = token.text if token.kind == "template" else _unescaped(token.text[1:-1])
            while end + 1 < len(self._tokens) and self._tokens[end].text == "+" and self._tokens[end + 1].kind in ("str", "template"):
                following = self._tokens[end + 1]
                value += following.text if following.kind == "template" else _unescaped(following.text[1:-1])
                end += 2
        elif token.kind == "num" or (token.text == "-" and end < len(self._tokens) and self._tokens[end].kind == "num"):
            end += token.text == "-"
            value = _number("".join(one.text for one in self._tokens[at:end]))
        elif token.kind == "id" and token.text in _WORDS:
            value = _WORDS[token.text]
        elif token.text == "[":
            value, end = self._array(end, depth)
        elif token.text == "{":
            value, end = self._object(end, depth)
        elif token.text == "(":
            try:
                value, end = self._value(end, depth + 1)
            except _NoLiteralError:
                return self._computed(at)
            if end >= len(self._tokens) or self._tokens[end].text != ")":
                return self._computed(at)
            end += 1
        else:
            return self._computed(at)
        while end + 1 < len(self._tokens) and self._tokens[end].text in ("as", "satisfies") and self._tokens[end].kind == "id":
            end += 2
            while end + 1 < len(self._tokens) and self._tokens[end].text == "[" and self._tokens[end + 1].text == "]":
                end += 2
        # Alone, a literal ends where it ends; within another, what follows belongs to the value.
        if depth and end < len(self._tokens) and self._tokens[end].text not in (",", "]", "}", ")"):
            return self._computed(at)
        return value, end

    def _computed(self, at: int) -> tuple[Computed, int]:
        """An expression, up to the comma or bracket that ends it."""
        depth, place = 0, at
        while place < len(self._tokens):
            self._left -= 1
            text, kind = self._tokens[place].text, self._tokens[place].kind
            if kind == "punct":
                if text in _OPENS:
                    depth += 1
                elif text in _CLOSES:
                    if depth == 0:
                        break
                    depth -= 1
                elif depth == 0 and text == ",":
                    break
                elif depth == 0 and text == ";":
                    raise _NoLiteralError
            place += 1
        if place == at or place >= len(self._tokens) or self._left < 0:
            raise _NoLiteralError
        return Computed(self._source[self._tokens[at].start : self._tokens[place - 1].end][:300]), place

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        while at < len(self._tokens):
            start = at
            if self._tokens[at].text == "]" and self._tokens[at].kind == "punct":
                return values, at + 1
            try:
                value, at = self._value(at, depth + 1)
                at = self._behind(at, "]")
                values.append(value)
            except _NoLiteralError:
                # A broken element costs itself; an array that is cut off, what stands behind the cut.
                if self._left < 0 or not any(map(holds_question, values)):
                    raise
                end = self._element_end(start)
                values.append(Computed(self._source[self._tokens[start].start : self._tokens[end - 1].end][:300]))
                at = end + (end < len(self._tokens) and self._tokens[end].text == ",")
        if depth == 0 and any(map(holds_question, values)):
            return values, at
        raise _NoLiteralError

    def _element_end(self, at: int) -> int:
        """Where the comma or bracket stands that ends an element which can't be read, or the end of the file."""
        depth, place = 0, at
        while place < len(self._tokens):
            self._left -= 1
            text = self._tokens[place].text if self._tokens[place].kind == "punct" else ""
            if depth == 0 and place > at and text in (",", "]"):
                break
            depth += (text in _OPENS) - (text in _CLOSES) if text else 0
            place += 1
        return place

    def _behind(self, at: int, closing: str) -> int:
        """Behind the comma, or at the bracket that closes."""
        if at < len(self._tokens) and self._tokens[at].text == ",":
            return at + 1
        if at < len(self._tokens) and self._tokens[at].text == closing:
            return at
        raise _NoLiteralError

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        cells: dict[str, Any] = {}
        while at + 1 < len(self._tokens):
            token, following = self._tokens[at], self._tokens[at + 1]
            if token.text == "}" and token.kind == "punct":
                return cells, at + 1
            if token.kind in ("id", "str", "num") and following.text == ":":
                key = _unescaped(token.text[1:-1]) if token.kind == "str" else token.text
                cells[key], at = self._value(at + 2, depth + 1)
            elif token.kind == "id" or token.text in ("...", "["):
                # {name}, a method, a computed key, what another object holds.
                key = token.text
                cells[key], at = self._computed(at)
            else:
                raise _NoLiteralError
            at = self._behind(at, "}")
        if at < len(self._tokens) and self._tokens[at].text == "}":
            return cells, at + 1
        raise _NoLiteralError


def _tokens(source: str) -> Iterator[_Token]:
    at, last, unclosed = 0, "", False
    while at < len(source):
        if source[at] == "/" and (last == "" or last in "(,=:[!&|?{};" or last in ("return", "=>")) and (regex := _REGEX.match(source, at)):
            yield _Token("regex", regex[0], at, regex.end())
            at, last = regex.end(), "regex"
            continue
        match = _TOKEN.match(source, at)
        assert match is not None
        start, at, kind = at, match.end(), match.lastgroup or ""
        if kind == "remark":
            end = -1 if unclosed else source.find("*/", at)
            unclosed = end < 0
            at = len(source) if end < 0 else end + 2
        elif kind == "tick":
            text, at = _template(source, at)
            yield _Token("template" if text is not None else "expression", text if text is not None else source[start:at], start, at)
            last = "`"
        elif kind != "space":
            yield _Token(kind, match[0], start, at)
            last = match[0]


def _template(source: str, at: int) -> tuple[str | None, int]:
    """The text of a template whose backtick opened before this place, None where a value is set into it; and where it ends."""
    start, depth, computed = at, 0, False
    for match in re.compile(r"\\.|\$\{|[{}`]", re.DOTALL).finditer(source, at):
        piece = match[0]
        if piece == "${":
            depth, computed = depth + 1, True
        elif piece == "{" and depth:
            depth += 1
        elif piece == "}" and depth:
            depth -= 1
        elif piece == "`" and not depth:
            return (None if computed else _unescaped(source[start : match.start()])), match.end()
    return None, len(source)


def _unescaped(text: str) -> str:
    def sign(match: re.Match[str]) -> str:
        if code := match[1] or match[2] or match[3]:
            return chr(int(code, 16)) if int(code, 16) < 0x110000 else "\ufffd"
        return "" if match[4] else _SIGNS.get(match[5], match[5])

    return _ESCAPE.sub(sign, text) if "\\" in text else text


def _number(text: str) -> Any:
    text = text.replace("_", "")
    if "x" in text.lower():
        return int(text, 16)
    return int(text) if len(text) < 18 and text.lstrip("-").isdigit() else float(text)


FORMAT = Format("javascript", sniff, read_text=read)
