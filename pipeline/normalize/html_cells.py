"""HTML in cells: whether a file's cells hold markup at all, and a cell's text without it. A text that speaks of tags keeps them, and where
both readings are possible the one stands that loses nothing visible."""

import html
import re
from collections.abc import Iterable, Sequence
from html.entities import name2codepoint
from typing import Any, NamedTuple

from pipeline.common.html_signs import TAG, is_html
from pipeline.common.markup import html_text
from pipeline.common.text import fold

# Readers whose cells hold what some program wrote there; what the others give is plain text by the time that it gets here.
CELL_READERS = frozenset(("csv", "xlsx", "json", "jsonl", "parquet", "yaml", "javascript", "python", "cards", "toml", "tutor"))
ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,6}|[a-zA-Z]{2,8}\d{0,2});")
# `p = &sum;` takes an address.
_CODE_BEFORE = re.compile(r"[=(,*]\s?\Z")
_WORD = re.compile(r"\w")
_ATTRIBUTE = re.compile(r"\s([a-zA-Z-]++)=")
_LOOKS = frozenset("class style dir lang id align color size face".split())
_EDGE_TAG = re.compile(
    r"\A\s*+</?(?:p|br|div|span|li|ul|b|i|strong|em)(?:[\s/][^<>]*+)?>|</?(?:p|br|div|span|li|ul)(?:\s*+/)?>\s*+\Z", re.IGNORECASE
)
_ONE_TAG = re.compile(r"\s*+</?[a-zA-Z][^<>]*+>\s*+")
_EMPTY = re.compile(r"(?:\s|&nbsp;|</?(?:p|br|div|span|b|i|strong|em)(?:[\s/][^<>]*+)?>)++", re.IGNORECASE)
_PICTURE_ALONE = re.compile(r"\s*+(?:<(?:p|div|span|a)\b[^<>]*+>\s*+)*+<img\b[^<>]*+>\s*+(?:</(?:p|div|span|a)>\s*+)*+", re.IGNORECASE)
_ABOUT_MARKUP = re.compile(r"\b(?:x?html5?|xml|markup|tags?|elements?|entit(?:y|ies)|thẻ|phần tử|thực thể)\b", re.IGNORECASE)
# Where a file has but a few words set off, a text about tags shows its own.
_ABOUT_TAGS = re.compile(r"\b(?:x?html5?|tags?|thẻ)\b", re.IGNORECASE)
_BLOCK = re.compile(r"\A\s*+<(?:p|div|span|ul|ol|table|h[1-6])\b|<br|<su[bp]>|&nbsp;", re.IGNORECASE)
# Tags that only say "this is code" tell nothing of what is asked.
_CODE_TAGS = frozenset("code pre tt kbd samp".split())
_ALWAYS = frozenset("amp lt gt quot apos nbsp".split())


class CellMarkup(NamedTuple):
    """What a file's cells hold. `tags`: elements; `entities`: in running text; `alone`: a cell that is nothing but an entity means
    its character; `twice`: HTML whose own signs were escaped once more; `blocks`: elements that only a page's HTML has;
    `again`: entities were escaped once more, as quotation marks around words show."""

    is_cells: bool = False
    tags: bool = False
    entities: bool = False
    alone: bool = False
    twice: bool = False
    blocks: bool = False
    again: bool = False


PLAIN = CellMarkup()


def find_markup(reader: str, rows: Iterable[dict[str, Any] | None], stem: str | None) -> CellMarkup:
    """What the cells of one file (or part) hold, over all of them; `stem` names the column of the questions."""
    if reader not in CELL_READERS:
        return PLAIN
    again = False
    tags = blocks = within = spoken = alone = stems = wrapped = tagged_stems = 0
    for row in rows:
        if row is None:
            continue
        for column, value in row.items():
            for text in _texts(value):
                is_stem = column == stem
                stems += is_stem
                if "<" in text and is_html(text):
                    tags += 1
                    tagged_stems += is_stem
                    blocks += _BLOCK.search(text) is not None
                again = again or ("&amp;quot;" in text and len(_QUOTED.findall(text.replace("&amp;", "&"))) > 1)
                if "&" not in text or not (entity := ENTITY.search(text)):
                    continue
                if is_stem and "&lt;" in text and is_html(html.unescape(text)) and not is_html(text):
                    wrapped += text.lstrip().startswith("&lt;")
                if not _WORD.search(ENTITY.sub("", text)):
                    alone += 1
                elif _is_within(text, entity):
                    within += 1
                else:
                    spoken += 1
    return CellMarkup(
        True,
        tags > 0,
        tags > 0 or within > 0 or (spoken > 0 and not alone),
        within > 0 or tagged_stems * 2 > stems,
        not tags and wrapped * 2 > stems,
        blocks > 0,
        again,
    )


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return [item for item in value[:100] if isinstance(item, str)]
    return ()


def _is_within(text: str, entity: re.Match[str]) -> bool:
    """Whether an entity stands in a word or at one, as a character of the text does ("don&#039;t", "&quot;the fox&quot;")."""
    before, after = text[entity.start() - 1 : entity.start()], text[entity.end() : entity.end() + 1]
    return bool(_WORD.match(before) or _WORD.match(after) or (before and after and entity[0] in ("&nbsp;", "&#160;")))


def unescape(text: str) -> str:
    """Entities as their characters, but for what only looks like one.

    >>> unescape("caf&eacute; &#38; bar"), unescape("int *p = &sum;"), unescape("x &lt; y")
    ('café & bar', 'int *p = &sum;', 'x < y')
    """

    def resolved(entity: re.Match[str]) -> str:
        name = entity[0][1:-1]
        if name[0] != "#" and name not in _ALWAYS:
            if name not in name2codepoint:
                return entity[0]
            if (
                name.islower()
                and ord(html.unescape(entity[0])) > 0xFF
                and _CODE_BEFORE.search(text[max(0, entity.start() - 2) : entity.start()])
            ):
                return entity[0]
        return html.unescape(entity[0])

    return ENTITY.sub(resolved, text)


def without_markup(text: str, markup: CellMarkup, repairs: list[str]) -> str:
    """A cell as people see it. A tag alone is text that names it; an empty element is an empty cell."""
    if not markup.is_cells or ("<" not in text and "&" not in text):
        return text
    if markup.twice and "&lt;" in text and is_html(once := html.unescape(text)) and (shown := html_text(once)).strip():
        repairs += ["html_entities", "html_tags"]
        return _again(shown, markup)
    if not markup.blocks and "<" in text and _ABOUT_TAGS.search(TAG.sub("", text)):
        return text
    if "<" in text and markup.tags and (is_html(text) or _EDGE_TAG.search(text)) and (shown := html_text(text)).strip():
        repairs += ["html_entities"] * bool(ENTITY.search(text))
        repairs.append("html_tags")
        return _again(shown, markup)
    if "<" in text and markup.tags and not _ONE_TAG.fullmatch(text) and _EMPTY.fullmatch(text):
        repairs.append("html_tags")
        return ""
    if not markup.entities or not ENTITY.search(text) or not (markup.alone or _WORD.search(ENTITY.sub("", text))):
        return text
    resolved = _again(unescape(text), markup)
    if resolved != text:
        repairs.append("html_entities")
    return resolved


# A mark at the edge of a word, and no attribute's.
_QUOTED = re.compile(r"(?<![\w=;])&quot;(?=\w)|(?<=[\w?!.])&quot;(?![\w=])")


def _again(text: str, markup: CellMarkup) -> str:
    """Without what was escaped twice: an entity within a word ("a&nbsp;b"), which a text about entities doesn't hold."""
    if "&" not in text:
        return text
    if markup.again:
        return unescape(text)
    return re.sub(r"(?<=\w)&(?:nbsp|quot|amp|#39|#039|rsquo|lsquo);(?=\w)", lambda entity: html.unescape(entity[0]), text)


def speaks_of_tags(stem: str, options: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether the options of a question are tags that it asks about, not texts in HTML: they stand in different elements, and would read
    the same without them, or the question is about markup.

    >>> speaks_of_tags("Which is bold?", ["<b>x</b>", "<i>x</i>"], ["x", "x"]), speaks_of_tags("?", ["<p>x</p>", "<p>y</p>"], ["x", "y"])
    (True, False)
    """
    about = _ABOUT_MARKUP.search(stem) is not None
    outer = {_kind(tag, about) for option in options if (tag := TAG.match(option.strip())) and tag[2].lower() not in _CODE_TAGS}
    if len(outer) < 2:
        return False
    return about or len(set(map(fold, shown))) < len(set(map(fold, options)))


def _kind(tag: re.Match[str], about: bool) -> tuple[str, ...]:
    """An element's name; where markup is asked for, with its attributes but for those of looks."""
    names = tuple(name.lower() for name in _ATTRIBUTE.findall(tag[0])) if about else ()
    return (tag[2].lower(), *(name for name in names if name not in _LOOKS))


def is_picture(option: str, stem: str) -> bool:
    """Whether an option shows a picture; a question about markup may offer the tag itself.

    >>> is_picture('<p><img src="a.png"></p>', "Which bird?"), is_picture("[image]", ""), is_picture('<img src="a.png">', "Which HTML tag?")
    (True, True, False)
    """
    return "[image]" in option or (_PICTURE_ALONE.fullmatch(option) is not None and not _ABOUT_MARKUP.search(stem))
