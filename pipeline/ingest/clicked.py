"""Questions of a web page whose choices are to be clicked, or stand in a list that says which is right."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from pipeline.common.letters import LETTERS
from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells
from pipeline.ingest.items import Item
from schemas.errors import DataError

MAX_CHOICES = 20_000
# Signs that stand in the text for what the markup says, until it is read: a choice with its number, a block's begin and end, a heading.
_CHOICE, _OPEN, _CLOSE, _HEADING = "\ue000", "\ue001", "\ue002", "\ue003"
SIGNS = re.compile(f"[{_CHOICE}-{_HEADING}]")
_TOKEN = re.compile(f"({_CHOICE}\\d+{_CHOICE}|[{_OPEN}{_CLOSE}{_HEADING}]|\n)")
# Begins the group of choices that bear no name of their own.
_LOOSE = "?"
_RIGHT_CLASS = re.compile(
    r"(?:is-|is_|answer-|option-|choice-)?(?:correct|right)(?:-answer|-option|-choice|_answer|answer)?", re.IGNORECASE
)
_RIGHT_NAMES = ("data-correct", "data-is-correct", "data-iscorrect", "data-right", "data-answer", "data-istrue", "data-true", "correct")
_YES, _NO = ("true", "1", "yes", "correct", "right", "y", ""), ("false", "0", "no", "wrong", "incorrect", "n")
_KEY = re.compile(
    r"\W{0,3}(?:(?:the\s)?(?:correct|right)\s)?(?:answer|ans|key|đáp án(?: đúng)?|chọn)(?:\sis)?\s?[:.]\s?(?P<said>.{1,500})", re.IGNORECASE
)
# Alone, or with the text of the option behind its mark: "Answer: a dog" names no option A.
_LETTER = re.compile(r"\(?([A-J])\)?(?:\W{0,3}|[.):]\s.*)|\(?([a-j])[.)]?")
_ITEM_MARK = re.compile(r"\s?\(?\w{1,4}[.)]\s?")
_MARK = re.compile(r"\(?([A-Ja-j])[.):]\s")
SHOW = re.compile(
    r"(?:click\s(?:here\s)?to\s|nhấn\s(?:để\s)?)?(?:(?:show|reveal|see|view|hide|check|get|xem|hiện)\s)?(?:the\s|my\s)?(?:correct\s)?"
    r"(?:answers?|solutions?|explanation|đáp án|lời giải|hướng dẫn giải|giải thích)\W{0,3}|check|submit|next|previous|nộp bài",
    re.IGNORECASE,
)


class _Choice(NamedTuple):
    group: str
    right: bool | None


def clicked_items(tree: LexborHTMLParser) -> list[Item]:
    """Questions whose choices are buttons, or a list that says which of its items is right."""
    choices: list[_Choice] = []
    groups = [(group, nodes, [_marks(node) for node in nodes]) for group, nodes in _groups(tree)]
    # A word may be bold for many reasons: where most lists have one item that is, it is the key.
    bold = [sum(mark.bold for mark in marks) for _, _, marks in groups]
    by_bold = bold.count(1) * 2 > len(bold) and max(bold) == 1
    for group, nodes, marks in groups:
        rights = _rights([mark._replace(said=mark.said or (by_bold and mark.bold)) for mark in marks])
        for node, right in zip(nodes, rights, strict=True):
            sign = f"{_CHOICE}{len(choices)}{_CHOICE}"
            choices.append(_Choice(group, right))
            if node.tag == "input":
                node.insert_before(sign)
            elif node.child is not None:
                node.child.insert_before(sign)
            else:
                node.insert_child(sign)
    if not choices:
        return []
    for node in tree.css("li, fieldset, section, article, form, tr, div, dd, details"):
        if node.child is not None:
            node.child.insert_before(_OPEN)
            node.insert_child(_CLOSE)
    for node in tree.css("h1, h2"):
        if node.child is not None:
            node.child.insert_before(_HEADING)
    return list(_questions(html_text(tree.html or ""), choices))


def _groups(tree: LexborHTMLParser) -> Iterator[tuple[str, list[Any]]]:
    """Choices of each question, in the order of the page: inputs of one name, else items of a list or buttons that say so."""
    inputs = [node for node in tree.css("input") if (node.attributes.get("type") or "").lower() in ("radio", "checkbox")]
    if len(inputs) > MAX_CHOICES:
        raise DataError(f"a page with {len(inputs):,} choices; at most {MAX_CHOICES:,} are read: split it")
    # Boxes bear a name each, or all the same; which of them are one question's shows in the text between them.
    by_name = groupby(inputs, key=lambda node: "" if node.attributes.get("type") == "checkbox" else node.attributes.get("name") or "")
    groups = [(name, nodes) for name, group in by_name if len(nodes := list(group)) > 1]
    if groups:
        yield from ((f"{place}" if name else f"{_LOOSE}{place}", nodes) for place, (name, nodes) in enumerate(groups))
        return
    parents: dict[int, list[Any]] = {}
    for node in tree.css("li, button, div, p, label, span, a, td"):
        if node.parent is not None and (node.tag == "li" or any(name in node.attributes for name in _RIGHT_NAMES)):
            parents.setdefault(node.parent.mem_id, []).append(node)
    lists = [nodes for nodes in parents.values() if 2 <= len(nodes) <= 26 and any(_says_right(node) for node in nodes)]
    yield from ((f"{place}", nodes) for place, nodes in enumerate(lists or _inner_lists(tree)))


def _inner_lists(tree: LexborHTMLParser) -> list[list[Any]]:
    """Lists inside the items of a list of questions. Menus are lists of lists too, but ask nothing."""
    found = []
    asked = 0
    for item in tree.css("li"):
        inner = [child for child in item.iter() if child.tag in ("ul", "ol")]
        # One list, of which no item holds another.
        if len(inner) != 1 or len(item.css("ul, ol")) > 1:
            continue
        nodes = [child for child in inner[0].iter() if child.tag == "li"]
        if 2 <= len(nodes) <= 26:
            found.append(nodes)
            own = html_text(item.html or "").partition("\n")[0]
            asked += own.rstrip(" *").endswith(("?", ":", "…", "...")) or "__" in own
    return found if asked * 2 > len(found) else []


class _Marks(NamedTuple):
    said: bool
    value: str | None
    bold: bool


def _marks(node: Any) -> _Marks:
    """Whether the page says that this choice is right, on it or on its label; and its value."""
    around = [node, node.parent, node.parent.parent if node.parent is not None else None] if node.tag == "input" else [node]
    if node.tag == "input" and node.parent is not None and node.parent.tag == "li":
        around = around[:2]
    # The label of this choice alone, or the item that holds it alone.
    alone = [one for one in around if one is not None and (one is node or len(one.css("input")) == 1)]
    following = node.next
    while following is not None and following.tag == "-text" and not (following.text_content or "").strip():
        following = following.next
    if node.tag == "input" and following is not None and following.tag in ("label", "span"):
        alone.append(following)
    return _Marks(any(_says_right(one) for one in alone), node.attributes.get("value"), _stands_out(node))


def _stands_out(node: Any) -> bool:
    """Whether all of a list's item is set bold, underlined or marked."""
    inner = [child for child in node.iter(include_text=True) if child.tag != "-text" or (child.text_content or "").strip()]
    return node.tag == "li" and len(inner) == 1 and inner[0].tag in ("b", "strong", "u", "mark")


def _says_right(node: Any) -> bool:
    attributes = node.attributes
    for name in _RIGHT_NAMES:
        if name in attributes:
            value = (attributes[name] or "").strip().lower()
            if value in _YES and not (value == "" and name == "data-answer"):
                return True
    return any(_RIGHT_CLASS.fullmatch(word) for word in (attributes.get("class") or "").split())


def _rights(marks: list[_Marks]) -> list[bool | None]:
    """Which choices of a question are right; None where the page doesn't say."""
    if any(mark.said for mark in marks):
        return [mark.said for mark in marks]
    values = [(mark.value or "").strip().lower() for mark in marks]
    words = [value in _YES[:-1] for value in values]
    # As values, true and false may be the two choices themselves: three choices at least tell.
    if sum(words) == 1 and all(value in (*_NO, "") or word for value, word in zip(values, words, strict=True)):
        plain = {value for value in values if value in ("correct", "right", "wrong", "incorrect")}
        if len(values) > 2 or plain:
            return list(words)
    return [None] * len(marks)


def _questions(text: str, choices: list[_Choice]) -> Iterator[Item]:
    """Questions of a text with signs: a stem is what stands before its choices in the block that holds both, or since the last question."""
    tokens = [token for token in _TOKEN.split(text) if token]
    places = list(_places(tokens, choices))
    ends = [0]
    for number, group in enumerate(places, start=1):
        last = places[number][0] if number < len(places) else len(tokens)
        options, behind = [], last
        for at, following in zip(group, [*group[1:], None], strict=True):
            line, end = _option(tokens, at, following or last)
            options.append(line)
            behind = end
        notes, key = _notes(tokens, behind, last, options)
        right = [place for place, at in enumerate(group) if choices[_number(tokens[at])].right]
        if not right and key is not None:
            right = [key]
        stem = _stem(tokens, ends[-1], group[0])
        ends.append(notes)
        picture = "picture" if "[image]" in f"{stem} {' '.join(options)}" else None
        yield Item(f"item:{number}", choice_cells(stem, options, right, image=picture))


def _places(tokens: list[str], choices: list[_Choice]) -> Iterator[list[int]]:
    """Where the choices of each question stand. Of inputs without a name those are one question's that only their own texts part."""
    for group, signs in groupby(_signs(tokens), key=lambda at: choices[_number(tokens[at])].group):
        found: list[int] = []
        for at in signs:
            if found and group.startswith(_LOOSE):
                _, end = _option(tokens, found[-1], at)
                if any(token.strip() and not SIGNS.match(token) for token in tokens[end:at]):
                    yield found
                    found = []
            found.append(at)
        yield found


def _signs(tokens: list[str]) -> Iterator[int]:
    return (place for place, token in enumerate(tokens) if token[0] == _CHOICE)


def _number(token: str) -> int:
    return int(token.strip(_CHOICE))


def _option(tokens: list[str], at: int, end: int) -> tuple[str, int]:
    """The text of a choice: behind its sign, or before it where nothing is behind; and where it ends."""
    pieces: list[str] = []
    place = at + 1
    while place < end and not (tokens[place] == "\n" and any(piece.strip() for piece in pieces)):
        if tokens[place] == _CLOSE and any(piece.strip() for piece in pieces):
            break
        if tokens[place] not in (_OPEN, _CLOSE, _HEADING, "\n"):
            pieces.append(tokens[place])
        elif tokens[place] == "\n" and place + 1 < end and tokens[place + 1] == _CLOSE:
            break
        place += 1
    text = "".join(pieces).strip()
    if not text and at and tokens[at - 1] not in ("\n", _OPEN, _CLOSE) and tokens[at - 1][0] != _CHOICE:
        return tokens[at - 1].strip(), at + 1
    return text, place


def _notes(tokens: list[str], start: int, end: int, options: list[str]) -> tuple[int, int | None]:
    """Where the notes behind a question end, and the place of the option that they name."""
    line, place, key = "", start, None
    until = start
    while place < end:
        token = tokens[place]
        place += 1
        if token not in ("\n", _OPEN, _CLOSE, _HEADING):
            line += token
            if place < end:
                continue
        if not line.strip():
            continue
        found = _KEY.fullmatch(line.strip())
        if found is None and not SHOW.fullmatch(line.strip()):
            break
        if found is not None:
            key = _named(found, options)
        line, until = "", place
    return until, key


def _named(found: re.Match[str], options: list[str]) -> int | None:
    """The option that a key names: its text, or its letter."""
    said = found["said"].strip(" .").casefold()
    same = [place for place, option in enumerate(options) if option.strip(" .").casefold() == said]
    if len(same) == 1:
        return same[0]
    if (named := _LETTER.fullmatch(found["said"].strip())) is None:
        return None
    letter = (named[1] or named[2]).upper()
    marked = [match[1].upper() for option in options if (match := _MARK.match(option))]
    letters = marked if len(marked) == len(options) else list(LETTERS[: len(options)])
    return letters.index(letter) if letter in letters else None


def _stem(tokens: list[str], start: int, end: int) -> str:
    """The text before the first choice, back to where the block begins that holds both; page headings are no part of it, where there is
    more."""
    depth, pieces, place = 0, list[str](), end
    while place > start:
        place -= 1
        token = tokens[place]
        if token == _CLOSE:
            depth += 1
        elif token == _OPEN:
            if depth:
                depth -= 1
            elif any(piece.strip(f"\n {_HEADING}") for piece in pieces):
                break
        else:
            pieces.append(token)
    lines = "".join(reversed(pieces)).split("\n")
    # What numbers the first choice stands on its line, before its sign.
    lines = [line.rstrip() for line in (lines[:-1] if _ITEM_MARK.fullmatch(lines[-1]) else lines) if line.strip()]
    while len(lines) > 1 and lines[0].startswith(_HEADING):
        lines.pop(0)
    return "\n".join(line.replace(_HEADING, "") for line in lines)
