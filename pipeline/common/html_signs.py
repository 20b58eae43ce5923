"""Whether a text is HTML, or speaks of tags, or compares."""

import re

from pipeline.common.markup import BLOCKS

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math q rp rt ruby s samp small span strike"
    " strong sub sup svg time tt u var wbr".split()
)
_KNOWN = BLOCKS | _INLINE | frozenset("iframe object picture source table title script style math".split())
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15}+)((?:[\s/][^<>]*+)?)>")
# What stands around a tag that a sentence speaks of, and what ends a sentence.
_QUOTES, _SENTENCE_ENDS = "`'\"“”‘’«»()", ".?!:;,"
_WORD_CHAR = re.compile(r"\w")


def is_html(text: str) -> bool:
    """Whether a text is HTML, not a text that speaks of tags or compares: an element around text, or a break between texts.

    >>> [is_html(text) for text in ("<p>Which?</p>", "H<sub>2</sub>O", "one<br>two", "Is it <br> or <hr>?", "<p>", "a<b and c>d")]
    [True, True, True, False, False, False]
    """
    if "<" not in text or ">" not in text:
        return False
    open_tags: dict[str, int] = {}
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if name not in _KNOWN or not _is_attributes(match[3]):
            continue
        if match[1]:
            start = open_tags.pop(name, None)
            if start is not None and _WORD_CHAR.search(_TAG.sub("", text[start : match.start()])):
                return True
        elif name == "br":
            if _is_break(text, match.start(), match.end()):
                return True
        elif name not in open_tags and not _is_spoken_of(text, match.start(), match.end(), name):
            open_tags[name] = match.end()
    # A paragraph that is never closed.
    return re.match(r"\s*+<(?:p|div|li|h[1-6])(?:\s[^<>]*+)?>\s*+[^\s<>]++\s++[^\s<>]++\s++[^\s<>]", text, re.IGNORECASE) is not None


def _is_attributes(text: str) -> bool:
    """Whether what stands behind a tag's name can be attributes: `<b and c>` compares numbers."""
    text = text.strip().removesuffix("/").strip()
    return not text or re.match(r"[a-zA-Z_:@-][\w:.-]*+\s*+=", text) is not None


def _is_break(text: str, start: int, end: int) -> bool:
    """Whether a `<br>` breaks the line there, or is spoken of."""
    before, after = text[:start].rstrip(" \t\u00a0"), text[end:].lstrip(" \t\u00a0")
    if not before or not after or (before[-1] in _QUOTES and after[0] in _QUOTES):
        return False
    if before[-1] == "\n" or after[0] == "\n" or before[-1] == ">" or after[0] == "<":
        return bool(_WORD_CHAR.search(_TAG.sub("", before)) and _WORD_CHAR.search(_TAG.sub("", after)))
    if len(before) == start or end + len(after) == len(text):
        return before[-1] not in _QUOTES or after[0] not in _QUOTES + _SENTENCE_ENDS
    # With a space on either side: behind the end of a sentence, before the beginning of one.
    return before[-1] in _SENTENCE_ENDS and not after[0].islower()


def _is_spoken_of(text: str, start: int, end: int, name: str) -> bool:
    """Whether an opening tag is a word of its sentence: in quotes, or a block's in the middle of a line."""
    before, after = text[:start].rstrip(" \t"), text[end:].lstrip(" \t")
    if before and after and before[-1] in "`'\"“‘«" and after[0] in "`'\"”’»":
        return True
    return name in BLOCKS and bool(before) and before[-1] not in f"\n>{_SENTENCE_ENDS}"
