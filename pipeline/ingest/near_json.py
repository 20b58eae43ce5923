"""Text that is nearly JSON and has one meaning only: comments, trailing commas, Python's and JavaScript's ways of writing, LaTeX in texts.

What stays unreadable is told in words: what stands there, what JSON wants, what to do.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

# A string in either quotes (closed or not), a comment, a word, a type of MongoDB's shell around a value, a comma before a bracket.
_TOKEN = re.compile(
    r"""(?P<double>"(?:[^"\\]++|\\.)*+"?+)|(?P<single>(?:\b[uU])?'(?:[^'\\]++|\\.)*+'?+)"""
    r"""|(?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?+|\#[^\n]*)"""
    r"""|(?P<word>[A-Za-z_$][\w$]*)|(?P<open>\()|(?P<close>\))|(?P<comma>,)""",
    re.DOTALL,
)
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "NaN": "null", "nan": "null", "Infinity": "null"}
_MONGO = {"ObjectId", "ISODate", "NumberInt", "NumberLong", "NumberDecimal", "UUID", "Timestamp"}
_STRAY = re.compile(r'\\(?![\\"/bfnrtu])|\\u(?![0-9a-fA-F]{4})')
_LATEX_IN_JSON = re.compile(r"\\(\\|[a-zA-Z]++|.)", re.DOTALL)
# Commands of LaTeX whose first letter JSON takes for an escape: what they leave behind is no text anybody writes.
_EATEN = (
    ("\x0c", re.compile(r"\x0c(?=[a-z])"), "\\f"),
    ("\x08", re.compile(r"\x08(?=[a-z])"), "\\b"),
    ("\t", re.compile(r"\t(?=(?:imes|ext(?:bf|it|rm)?|heta|riangle|frac)\b)"), "\\t"),
    ("\r", re.compile(r"\r(?=(?:ightarrow|ho)\b)"), "\\r"),
    ("\n", re.compile(r"\n(?=(?:eq|abla|otin)\b(?![ ]?[a-z]))"), "\\n"),
)
FENCE = re.compile(r"(?m)^[^\S\n]*+(`{3,}+|~{3,}+)[^\S\n]*+(?P<kind>\w*+)[^\n]*+$")
MAX_CHARS = 100_000_000


def loads(text: str) -> Any:
    """`json.loads`, but not strict: line ends and tabs inside texts are what people paste; a name that stands twice is noted."""
    value = json.loads(text, strict=False, object_pairs_hook=pairs)
    return restored(value) if "\\" in text else value


def loads_nearly(text: str) -> Any:
    """The value of a text that is JSON but for comments, commas before a closing bracket, single quotes, Python's True, False and None,
    keys without quotes, or MongoDB's ObjectId("..."). Raises ValueError (or RecursionError) where it is more than that.

    >>> loads_nearly("[{'a': True, b: [1, 2,]},] # end")
    [{'a': True, 'b': [1, 2]}]
    """
    if len(text) > MAX_CHARS:
        raise ValueError("too long to be mended")
    return loads(to_json(text))


def to_json(text: str) -> str:
    """`text` with what loads_nearly forgives written as JSON; lines stay lines, so that places in it are found again."""
    pieces: list[str] = []
    at, wrapped, comma = 0, 0, -1
    for match in _TOKEN.finditer(text):
        between, kind, token = text[at : match.start()], match.lastgroup, match[0]
        at = match.end()
        if comma >= 0 and (kind != "comment" or between.strip()):
            if between.lstrip()[:1] in ("]", "}"):
                pieces[comma] = ""
            comma = comma if not between.strip() and kind == "comment" else -1
        pieces.append(between)
        if kind == "double":
            pieces.append(_json_string(token))
        elif kind == "single":
            pieces.append(_json_string(_requoted(token.lstrip("uU"))))
        elif kind == "comment":
            pieces.append("\n" * token.count("\n"))
        elif kind == "word":
            follows = text[at : at + 200].lstrip()
            if token in _MONGO and follows[:1] == "(":
                wrapped += 1
            else:
                pieces.append(f'"{token}"' if follows[:1] == ":" else _WORDS.get(token, token))
        elif kind in ("open", "close"):
            pieces.append("" if wrapped else "[" if kind == "open" else "]")
            wrapped -= wrapped > 0 and kind == "close"
        else:
            comma = len(pieces)
            pieces.append(token)
    rest = text[at:]
    if comma >= 0 and rest.lstrip()[:1] in ("]", "}"):
        pieces[comma] = ""
    return "".join([*pieces, rest])


def _requoted(token: str) -> str:
    """A text in single quotes as one in double quotes."""
    body = token[1:-1] if token[-1:] == "'" and len(token) > 1 else token[1:]
    return '"' + re.sub(r"""\\'|(?<!\\)"|\\.""", lambda m: {"\\'": "'", '"': '\\"'}.get(m[0], m[0]), body, flags=re.DOTALL) + '"'


def _json_string(token: str) -> str:
    """A string of JSON; one with a backslash that JSON knows nothing of holds LaTeX, in which no backslash is an escape."""
    if "\\" not in token or not _STRAY.search(token.replace("\\\\", "")):
        return token
    return _LATEX_IN_JSON.sub(lambda m: m[0] if m[1] in ("\\", '"') else "'" if m[1] == "'" else f"\\{m[0]}", token)


DUPLICATE = "\x00twice"


def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of JSON; a name that stands in it twice with different values is kept as such: nobody knows which one holds."""
    value = dict(found)
    if len(value) < len(found):
        twice = next((name for name, inner in found if value[name] != inner), None)
        value |= {} if twice is None else {DUPLICATE: twice}
    return value


def restored(value: Any) -> Any:
    r"""A value whose texts have their LaTeX commands back that JSON took for escapes: a form feed before "rac" was \frac.

    >>> restored(["\x0crac{1}{2}", "a\tb"])
    ['\\frac{1}{2}', 'a\tb']
    """
    if isinstance(value, str):
        for sign, pattern, written in _EATEN:
            if sign in value:
                value = written.join(pattern.split(value))
        return value
    if isinstance(value, dict):
        return {key: restored(inner) for key, inner in value.items()}
    return [restored(inner) for inner in value] if isinstance(value, list) else value


def fenced(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of a text with code in fences, in order: whether it is code, and the piece."""
    at, opened = 0, ""
    for match in FENCE.finditer(text):
        if not opened:
            yield False, text[at : match.start()]
            opened, at = match[1], match.end()
        elif match[1].startswith(opened) and not match["kind"]:
            yield True, text[at : match.start()]
            opened, at = "", match.end()
    yield bool(opened), text[at:]


_SAYS = {
    "Expecting ',' delimiter": ("a comma is missing, or a quote inside a text ends it", 'write quotes inside texts as \\"'),
    "Expecting property name": ("a name in double quotes is expected", 'write names as "question"'),
    "Expecting ':' delimiter": ("a colon is missing behind a name", 'write "name": value'),
    "Expecting value": ("a value is expected", "a text takes double quotes, nothing is null"),
    "Unterminated string": ("a text is never closed", "the file is cut off here, or a quote is missing"),
    "Invalid \\": ("a backslash stands alone in a text", "write it twice: \\\\"),
    "Extra data": ("the list ends here and more follows", "put all questions into one list, or one a line"),
    "Illegal trailing comma": ("a comma stands before the closing bracket", "take it away"),
}


def said(error: json.JSONDecodeError, place: str) -> str:
    """What a parser's message means and what to do; `place` is its line and column in words."""
    what, cure = next(
        (words for start, words in _SAYS.items() if error.msg.startswith(start)), (error.msg, "check it in an editor that knows JSON")
    )
    return f"no JSON: {what} at {place}; {cure}"
