"""Quizzes of MediaWiki's Quiz extension (Wikiversity): `{question |type="()"}`, `+ right`, `- wrong`, `|| feedback`."""

import html
import re
from collections.abc import Iterator
from typing import Any

from pipeline.common.markup import lowered, raised
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from schemas.errors import DataError
from schemas.reasons import Reason
from schemas.tables.row import MAX_TEXT_CHARS

_TYPE = re.compile(r"\|\s*type\s*=\s*[\"']?(\(\)|\[\]|\{\s*\}|\w{1,20})[\"']?", re.IGNORECASE)
_SETTINGS = re.compile(r"\|\s*(?:type|coef|shuffle|display)\s*=", re.IGNORECASE)
_SHOWN = re.compile(r"(?m)^[ \t]*+\{(?!\||\{)|^[ \t]*+\|[ \t]*+type[ \t]*+=", re.IGNORECASE)
_OPTION = re.compile(r"([+-])(?![+-])\s*+(.*)")
_ROW = re.compile(r"[+-]{2,}\s")
_QUIZ = re.compile(r"<(/?)quiz\b[^<>]{0,200}>", re.IGNORECASE)
_VERBATIM = re.compile(r"<(nowiki|code|pre|source|syntaxhighlight)\b[^<>]{0,100}>", re.IGNORECASE)
_MARKUP = re.compile(
    r"<math\b[^<>]{0,60}>(?P<math>[^<]{1,2000}+)</math>"
    r"|\[\[(?:file|image|datei|bild|fichier|archivo|tập tin|hình)\s?:[^\[\]\n]{0,400}(?P<picture>\]\])"
    r"|\[\[(?:[^\[\]|\n]{0,300}\|)?(?P<link>[^\[\]|\n]{1,300})\]\]|\[https?://[^\s\[\]]{1,500}\s(?P<outer>[^\[\]\n]{1,300})\]"
    r"|(?P<gone>'{2,5}|<!--[^<>]{0,2000}-->|<ref\b[^<>]{0,200}(?:/>|>[^<]{0,2000}</ref>)|</?(?:b|i|u|em|strong|small|big|span|div|p|center|font)\b[^<>]{0,200}>)"
    r"|(?P<line><br\b[^<>]{0,60}>)|<(?P<shift>sup|sub)>(?P<shifted>[^<>\n]{1,100})</su[pb]>",
    re.IGNORECASE,
)


def sniff(file: SniffedFile) -> bool:
    """A quiz tag, or a question with its type, in a text or wiki file."""
    if file.suffix not in ("", ".txt", ".wiki", ".mediawiki", ".wikitext", ".text", ".mw"):
        return False
    if _QUIZ.search(file.text):
        return True
    return _TYPE.search(file.text) is not None and _SHOWN.search(file.text) is not None and re.search(r"(?m)^[+-]", file.text) is not None


def read(text: str) -> Iterator[Item | Text]:
    """One item a question. Raises DataError where there is none."""
    number = 0
    for lines in _blocks(text.split("\n")):
        if isinstance(lines, str):
            if shown := plain(_QUIZ.sub("", lines)).strip(" ="):
                yield Text(shown)
            continue
        number += 1
        item = _question(number, lines)
        yield item
        cells = item.payload
        yield from (Text(piece) for piece in (cells["question"], *(option["text"] for option in cells.get("options", ()))) if piece)
        yield Text(cells.get("explanation", ""))
    if not number:
        raise DataError(
            'a wiki page without questions of the Quiz extension: looked for `{question |type="()"}` and lines `+ right`, `- wrong`'
        )


def _blocks(lines: list[str]) -> Iterator[str | list[str]]:
    """The lines of each question, and single lines between them. A question opens with a brace and goes to the next one or the tag."""
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not (line.startswith("{") and not line.startswith(("{|", "{{"))):
            yield lines[at]
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not (lines[end].lstrip().startswith("{") and not lines[end].lstrip().startswith(("{|", "{{"))):
            if _QUIZ.match(lines[end].strip()) or re.match(r"==+[^=]", lines[end]):
                break
            # A blank of a question with gaps stands on a line of its own as well.
            end += 1
        yield lines[at:end]
        at = end


def _question(number: int, lines: list[str]) -> Item:
    locator = f"item:{number}"
    if sum(map(len, lines)) > MAX_TEXT_CHARS:
        return Item(locator, {"question": "\n".join(lines)[:500]}, Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARS:,} characters")
    head, body = _head(lines)
    kind = _TYPE.search(head)
    wanted = kind[1].replace(" ", "") if kind else "[]"
    cells: dict[str, Any] = {"question": plain(_SETTINGS.split(head, maxsplit=1)[0]).strip()}
    options: list[dict[str, Any]] = []
    notes: list[str] = []
    matrix = gap = False
    right = True
    for line in body:
        stripped = line.strip()
        if stripped.startswith("||"):
            if not options or options[-1]["correct"]:
                notes.append(plain(stripped[2:]).strip())
        elif _ROW.match(stripped) or stripped.startswith("|"):
            matrix = True
        elif option := _OPTION.fullmatch(stripped):
            right = option[1] == "+"
            options.append({"text": plain(option[2]), "correct": right})
        elif stripped.startswith("{") or re.search(r"\{[^{}]+\}", stripped):
            gap = True
        elif stripped and options:
            options[-1]["text"] += "\n" + plain(stripped)
    if notes and any(notes):
        cells["explanation"] = "\n".join(filter(None, notes))
    if wanted == "{}" or (gap and not options):
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, 'type="{}": the answer is typed in, not chosen')
    if matrix:
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, "a table of statements, each with a mark of its own: not one to choose")
    if not options:
        return Item(locator, cells, Reason.NOT_MULTIPLE_CHOICE, "no line `+ right` or `- wrong` stands below it")
    cells["options"] = options
    if any("[image]" in option["text"] for option in options):
        cells["image"] = "[image]"
    if not any(option["correct"] for option in options):
        return Item(locator, cells, Reason.MISSING_ANSWER, "no option is marked with +")
    return Item(locator, cells)


def _head(lines: list[str]) -> tuple[str, list[str]]:
    """What stands in the braces of a question, and the lines behind."""
    depth = 0
    for place, line in enumerate(lines):
        depth += line.count("{") - line.count("}")
        if depth <= 0:
            text = "\n".join(lines[: place + 1]).strip()
            return text[1:].rstrip().removesuffix("}"), lines[place + 1 :]
        if place + 1 < len(lines) and _OPTION.fullmatch(lines[place + 1].strip()) and _TYPE.search(line):
            break
    else:
        place = 0
    # A brace too many within: the head ends where the options begin.
    return "\n".join(lines[: place + 1]).strip()[1:].rstrip().removesuffix("}"), lines[place + 1 :]


def plain(text: str) -> str:
    """Wiki markup as text; formulas between dollars, pictures as [image].

    >>> plain("'''Which''' [[Dog|dog]] has <math>x^2</math>?")
    'Which dog has $x^2$?'
    """
    pieces: list[str] = []
    at, lower, unclosed = 0, text.lower(), set[str]()
    for opened in _VERBATIM.finditer(text):
        name = opened[1].lower()
        if opened.start() < at or name in unclosed:
            continue
        end = lower.find(f"</{name}>", opened.end())
        if end < 0:
            unclosed.add(name)
            continue
        pieces += [html.unescape(_MARKUP.sub(_shown, text[at : opened.start()])), html.unescape(text[opened.end() : end])]
        at = end + len(name) + 3
    return "".join([*pieces, html.unescape(_MARKUP.sub(_shown, text[at:]))])


def _shown(match: re.Match[str]) -> str:
    if match["math"] is not None:
        return f"${match['math'].strip()}$"
    if match["picture"]:
        return "[image]"
    if match["shift"]:
        return (raised if match["shift"].lower() == "sup" else lowered)(match["shifted"])
    return match["link"] or match["outer"] or ("\n" if match["line"] else "" if match["gone"] else match[0])


FORMAT = Format("wiki", sniff, read_text=read)
