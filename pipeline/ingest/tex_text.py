"""Pieces of a LaTeX tree as the text that people see: mathematics and macros that aren't known stay as they are written."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from pipeline.common.markup import lowered, raised
from pipeline.ingest.tex import Node
from pipeline.ingest.tex_words import (
    ACCENTS,
    ARGUMENTS,
    DROPPED,
    GAPS,
    PICTURE_COMMANDS,
    PICTURES,
    SECOND,
    SIGNS,
    TWO_ARGUMENTS,
    WRAPPERS,
)

# An optional argument holds no more tokens than this.
MAX_OPTIONAL = 100
_LABEL = re.compile(r"\\(arabic|alph|Alph|roman|Roman)\*?|[1aAiI]")
_TASK_COLUMNS = re.compile(r"\s*\(\d\)")


def optional(nodes: Sequence[Node], at: int) -> tuple[str | None, int]:
    """The argument in brackets at this place and where it ends; None and the place itself where there is none."""
    start = skip_blank(nodes, at)
    if start < len(nodes) and nodes[start] == Node("mark", "["):
        for end in range(start + 1, min(len(nodes), start + MAX_OPTIONAL)):
            if nodes[end] == Node("mark", "]"):
                return plain(nodes[start + 1 : end]), end + 1
            if nodes[end].kind == "par":
                break
    return None, at


def skip_blank(nodes: Sequence[Node], at: int) -> int:
    """The next place that holds more than white space; at most one line further on."""
    while at < len(nodes) and nodes[at].kind == "text" and not nodes[at].value.strip():
        at += 1
    return at


def groups(nodes: Sequence[Node], at: int, most: int, apart: bool = False) -> tuple[list[list[Node]], int]:
    """Up to so many arguments in braces behind one another, blanks and line ends between them (`apart`: blank lines too), and where
    they end."""
    found: list[list[Node]] = []
    while len(found) < most:
        place = skip_blank(nodes, at)
        while apart and place < len(nodes) and nodes[place].kind == "par":
            place = skip_blank(nodes, place + 1)
        if place >= len(nodes) or nodes[place].kind != "group":
            break
        found.append(nodes[place].children)
        at = place + 1
    return found, at


_QUOTES = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"))
_SPACES = re.compile(r"[ \t]{2,}")
# A piece of text, and whether it stands as it is.
_Piece = tuple[str, bool]


def plain(nodes: Sequence[Node]) -> str:
    """Text as people see it: one line a paragraph; mathematics and unknown macros as they are written, pictures as [image].

    >>> from pipeline.ingest.tex import parse
    >>> plain(parse(r"Na\\\"ive \\textbf{caf\\'e}: 5~\\% of $x^2$?"))
    'Naïve café: 5 % of $x^2$?'
    """
    pieces = list(_pieces(nodes))
    lines: list[str] = []
    text = ""
    for piece, verbatim in pieces:
        if verbatim:
            lines.append(text)
            lines.append("\0" + piece)
            text = ""
        else:
            text += piece
    lines.append(text)
    done = [line[1:] if line.startswith("\0") else _SPACES.sub(" ", _trimmed(line)) for line in lines]
    return "".join(done).strip("\n ").replace("\n\n\n", "\n\n")


def _trimmed(text: str) -> str:
    """Without blanks around line ends; those at both ends of the text stay."""
    first, *others = text.split("\n")
    if not others:
        return text
    return "\n".join([first.rstrip(" \t"), *(line.strip(" \t") for line in others[:-1]), others[-1].lstrip(" \t")])


def _pieces(nodes: Sequence[Node], depth: int = 0) -> Iterator[_Piece]:
    """Pieces of text, and whether each stands as it is."""
    at = 0
    while at < len(nodes):
        node = nodes[at]
        at += 1
        if node.kind == "text":
            text = node.value.replace("\n", " ")
            for mark, sign in _QUOTES:
                text = text.replace(mark, sign)
            yield text, False
        elif node.kind == "math":
            yield node.value, True
        elif node.kind == "code":
            yield (node.value, True) if node.children else ("\n", False)
            if not node.children:
                yield node.value, True
                yield "\n", False
        elif node.kind == "par":
            yield "\n", False
        elif node.kind == "mark":
            yield " " if node.value == "~" else node.value, False
        elif node.kind == "group":
            yield from _pieces(node.children, depth)
        elif node.kind == "env":
            yield from _environment(node, depth)
        else:
            pieces, at = _command(nodes, at, node.value)
            yield from pieces


def items_of(nodes: Sequence[Node], commands: Collection[str]) -> tuple[list[Node], list[tuple[str, list[Node]]]]:
    """What stands before the first of these commands, and each command with what stands behind it, up to the next."""
    places = [place for place, node in enumerate(nodes) if node.kind == "command" and node.value in commands]
    ends = [*places[1:], len(nodes)]
    found = [(nodes[place].value, list(nodes[place + 1 : end])) for place, end in zip(places, ends, strict=False)]
    return list(nodes[: places[0]] if places else nodes), found


def _list(node: Node, depth: int) -> Iterator[_Piece]:
    """A list in a text, one line an item, numbered as the source says."""
    start = skip_blank(node.children, 0)
    label, at = optional(node.children, 0)
    label = None if start == at else label
    before, items = items_of(node.children[at:], ("item", "item*", "task", "task*"))
    if before and before[0].kind == "text" and _TASK_COLUMNS.match(before[0].value):
        before = before[1:]
    yield from _pieces(before, depth)
    for place, (_, nodes) in enumerate(items):
        own, at = optional(nodes, 0)
        yield "\n", False
        yield f"{_number(node.value, label or '', place, depth) if own is None else own} ", False
        yield from _pieces(nodes[at:], depth + 1)
    yield "\n", False


def _number(kind: str, label: str, place: int, depth: int) -> str:
    """
    >>> _number("enumerate", "(a)", 1, 0), _number("enumerate", r"label=\\Roman*.", 3, 0), _number("enumerate", "", 0, 1)
    ('(b)', 'IV.', '(a)')
    """
    if kind.startswith("itemize"):
        return "-"
    if "=" in label and "label" not in label:
        label = ""
    label = label.rpartition("label=")[2].partition(",")[0] or ("1." if kind != "tasks" and not depth else "(a)")
    found = _LABEL.search(label)
    if found is None:
        return "-"
    style = found[1] or {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}[found[0]]
    letter = chr(97 + place % 26)
    roman = "".join((*"0", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")[place + 1 : place + 2]) or str(place + 1)
    number = {"arabic": str(place + 1), "alph": letter, "Alph": letter.upper(), "roman": roman, "Roman": roman.upper()}[style]
    return (label[: found.start()] + number + label[found.end() :]).replace("{", "").replace("}", "").strip()


def inside(node: Node) -> list[Node]:
    """What stands in an environment, without its arguments."""
    _, at = optional(node.children, 0)
    name = node.value.rstrip("*")
    if name in ARGUMENTS:
        _, at = groups(node.children, at, 2 if node.value in TWO_ARGUMENTS else 1)
        _, at = optional(node.children, at)
    return node.children[at:]


def _environment(node: Node, depth: int) -> Iterator[_Piece]:
    if node.value in PICTURES:
        yield "[image]", False
        return
    if node.value.rstrip("*") in ("enumerate", "itemize", "tasks", "compactenum", "inparaenum"):
        yield from _list(node, depth)
        return
    yield "\n", False
    for piece, verbatim in _pieces(inside(node), depth):
        yield (piece.replace("&", " | ") if "tab" in node.value and not verbatim else piece), verbatim
    yield "\n", False


def _command(nodes: Sequence[Node], at: int, name: str) -> tuple[list[_Piece], int]:
    """The text of a command, and where its arguments end."""
    if name in SIGNS:
        if name == "\\":
            _, at = optional(nodes, at)
        elif name[-1:].isalpha():
            # {} behind a sign keeps it from the next word.
            at += at < len(nodes) and nodes[at].kind == "group" and not nodes[at].children
        return [(SIGNS[name], False)], at
    if name in ACCENTS:
        letter, at, rest = _accented(nodes, at)
        return [(_accent(letter, ACCENTS[name]) + rest, False)], at
    if name in DROPPED:
        for _ in range(3):
            _, at = optional(nodes, at)
        return [(" ", False)] if name.startswith("hspace") else [], groups(nodes, at, DROPPED[name])[1]
    if name in PICTURE_COMMANDS or name in GAPS:
        _, at = optional(nodes, at)
        return [("____" if name in GAPS else "[image]", False)], groups(nodes, at, 2 if name == "rule" else 1)[1]
    if name in SECOND:
        found, at = groups(nodes, optional(nodes, at)[1], 2)
        return list(_pieces(found[-1] if found else [])), at
    found, end = groups(nodes, at, 1)
    if name in ("textsuperscript", "textsubscript"):
        inner = plain(found[0]) if found else ""
        return [((raised if name == "textsuperscript" else lowered)(inner), False)], end
    if name == "underline" and found and not plain(found[0]).strip():
        return [("____", False)], end
    if name == "enquote" and found:
        return [(f"“{plain(found[0])}”", False)], end
    if name in WRAPPERS:
        return [], optional(nodes, at)[1]
    return _unknown(nodes, at, name)


def _unknown(nodes: Sequence[Node], at: int, name: str) -> tuple[list[_Piece], int]:
    """As it is written: what it does isn't known."""
    pieces: list[_Piece] = [(f"\\{name}", False)]
    if name[-1:].isalpha():
        while at < len(nodes) and nodes[at].kind == "group":
            pieces += [("{", False), *_pieces(nodes[at].children), ("}", False)]
            at += 1
        if at < len(nodes) and nodes[at].kind == "text":
            pieces.append((" ", False))
    return pieces, at


def _accented(nodes: Sequence[Node], at: int) -> tuple[str, int, str]:
    """The letter under an accent, where the argument ends, and what of the text behind belongs to no letter."""
    place = skip_blank(nodes, at)
    if place >= len(nodes):
        return "", at, ""
    node = nodes[place]
    if node.kind == "group":
        return plain(node.children), place + 1, ""
    if node.kind == "command":
        pieces, end = _command(nodes, place + 1, node.value)
        return "".join(text for text, _ in pieces), end, ""
    if node.kind == "text":
        text = node.value.lstrip()
        return text[:1], place + 1, text[1:].replace("\n", " ")
    return "", at, ""


def _accent(letter: str, mark: str) -> str:
    base = {"ı": "i", "ȷ": "j"}.get(letter[:1], letter[:1])
    return unicodedata.normalize("NFC", base + mark) + letter[1:] if base else ""
