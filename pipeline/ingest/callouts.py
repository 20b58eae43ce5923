"""Boxes of Markdown's dialects made plain: MkDocs' `!!! question "Title"` and `??? success`, Obsidian's `> [!question] title`, and the
answers below a `?` of its flash cards. What a box hides stands in `<details>`, as in plain Markdown."""

import re
from collections.abc import Iterator
from itertools import count

# Boxes in boxes; what stands deeper stays as it is.
MAX_BOXES = 4
_BOX = re.compile(
    r"(?P<fold>!!!|\?\?\?\+?)[ ]++(?P<kind>[\w-]{1,30}+)(?:[ ]++(?:inline|end)(?![\w-]))*+(?:[ ]++\"(?P<title>[^\"\n]*+)\")?[ \t]*+"
)
_CALLOUT = re.compile(r"[ ]?\[!(?P<kind>[\w-]{1,30})(?:\|[^\]\n]{0,60})?\](?P<fold>[-+]?)[ \t]*+(?P<title>.*)")
_ANSWERS = frozenset("success check done answer solution tip hint example info abstract note".split())
_QUESTIONS = frozenset("question help faq quiz mcq cauhoi".split())
_ANSWER = re.compile(r"(?:correct\s|right\s)?(?:answers?|solutions?|explanation|đáp án|lời giải|giải thích)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:question|câu(?:\shỏi)?|quiz|q)\s?\d{1,4}\W{0,3}", re.IGNORECASE)
_CARDS = re.compile(r"(?m)^#flashcards\b|<!--SR:")
_KEY = re.compile(
    r"(?:\*\*(?P<bold>(?:[^*\n]|\*(?!\*)){1,300})\*\*|__(?P<under>(?:[^_\n]|_(?!_)){1,300})__)(?P<behind>[–—:,.;-]?(?:[ ].*)?)"
)
_ANY = re.compile(r"(?m)^(?:!!!|\?\?\?\+?)[ ]\w|^[ ]?>[ >]{0,8}\[!\w|^\?\??[ \t]*$")


def plain_callouts(text: str) -> str:
    r"""The text without boxes.

    >>> [line for line in plain_callouts('!!! question "Question 1"\n\n    Which?\n\n??? success\n\n    **B** - why').split("\n") if line]
    ['#### Question 1', 'Which?', '<details><summary>Answer</summary>', 'Answer: B', '\\- why', '</details>']
    """
    if not _ANY.search(text):
        return text
    lines = text.split("\n")
    if _CARDS.search(text):
        lines = _cards(lines)
    return "\n".join(_plain(lines, 0, count(1)))


def _plain(lines: list[str], depth: int, numbers: Iterator[int]) -> list[str]:
    found: list[str] = []
    place = 0
    fence = ""
    while place < len(lines):
        line = lines[place]
        if mark := re.match(r"[ ]{0,3}(`{3,}|~{3,})", line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        box = _BOX.fullmatch(line) if line[:3] in ("!!!", "???") and not fence else None
        callout = _CALLOUT.fullmatch(line.lstrip(" ")[1:]) if line.lstrip(" ")[:1] == ">" and not fence else None
        opened = (box or callout) if depth < MAX_BOXES else None
        if box and not box["title"] and (place + 1 == len(lines) or not _indented(lines[place + 1])):
            opened = None  # Three marks in a text.
        if opened is None:
            found.append(line)
            place += 1
            continue
        end = place + 1
        while end < len(lines) and (_indented(lines[end]) if box else lines[end].lstrip(" ")[:1] == ">"):
            end += 1
        if box:
            body = [line[1:] if line[:1] == "\t" else line[4:] for line in lines[place + 1 : end]]
        else:
            body = [re.sub(r"^ {0,3}> ?", "", line) for line in lines[place + 1 : end]]
        found += _opened(opened, _plain(body, depth + 1, numbers), numbers)
        place = end
    return found


def _indented(line: str) -> bool:
    return not line.strip() or line[:1] == "\t" or line[:4] == "    "


def _opened(box: re.Match[str], body: list[str], numbers: Iterator[int]) -> list[str]:
    title = (box["title"] or "").strip()
    kind = box["kind"].lower()
    if _ANSWER.match(title) or (not title and (kind in ("answer", "solution") or (kind in _ANSWERS and box["fold"]))):
        return ["", f"<details><summary>{title or 'Answer'}</summary>", "", *_keyed(body), "", "</details>", ""]
    if box["fold"] in ("???", "-") and kind in _ANSWERS:
        # Its title hides what it holds.
        return ["", f"<details><summary>{title}</summary>", "", *body, "", "</details>", ""]
    if _NUMBERED.fullmatch(title):
        return ["", f"#### {title}", "", *body, ""]
    # Each is a question, one without options too.
    heading = [f"#### Q{next(numbers)}.", "", title] if kind in _QUESTIONS else [title]
    return ["", *heading, "", *body, ""]


def _keyed(body: list[str]) -> list[str]:
    """An answer whose first line sets the key off in bold type, and goes on with why."""
    first = next((place for place, line in enumerate(body) if line.strip()), None)
    if first is None or not (key := _KEY.fullmatch(body[first].strip())):
        return body
    behind, named = key["behind"].strip(), (key["bold"] or key["under"]).strip()
    return [f"Answer: {named}", "", f"\\{behind}" if behind[:1] == "-" else behind.lstrip(",.:;–— "), *body[first + 1 :]]


def _cards(lines: list[str]) -> list[str]:
    """Flash cards: what stands below a `?` up to the next blank line is the answer."""
    found: list[str] = []
    is_answer = False
    for place, line in enumerate(lines):
        if line.strip() in ("?", "??") and place and lines[place - 1].strip():
            is_answer = True
            found.append("")
        elif is_answer and line.strip() and not line.startswith("<!--"):
            found += [f"Answer: {line.strip()}", ""]
            is_answer = False
        else:
            is_answer = is_answer and bool(line.strip())
            found.append(line)
    return found
