"""Whether a text is HTML, or speaks of tags, or compares."""

import re
from itertools import islice

# Elements that text editors write. Others (title, nav, data) stand in texts about pages and about XML, and <s> is a model's own sign.
_KNOWN = frozenset(
    "a abbr b big blockquote br center code dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li math ol p pre q small span"
    " strike strong sub sup table tbody td th thead tr tt u ul".split()
)
_BLOCKS = frozenset("blockquote center dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul".split())
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15}+)((?:[\s/][^<>]*+)?)>")
# What stands around a tag that a sentence speaks of, and what ends a sentence.
_QUOTES, _SENTENCE_ENDS = "`'\"“”‘’«»()", ".?!:;,"
# Enough to tell; and how far around a tag is looked.
_MAX_TAGS, _AROUND = 500, 300
_WORD_CHAR = re.compile(r"\w")


def is_html(text: str) -> bool:
    """Whether a text is HTML, not a text that speaks of tags or compares: an element around text, or a break between texts.

    >>> [is_html(text) for text in ("<p>Which?</p>", "H<sub>2</sub>O", "one<br>two", "Is it <br> or <hr>?", "<p>", "a<b and c>d")]
    [True, True, True, False, False, False]
    """
    if "<" not in text or ">" not in text:
        return False
    open_tags: dict[str, int] = {}
    for match in islice(TAG.finditer(text), _MAX_TAGS):
        name = match[2].lower()
        if name not in _KNOWN or not _is_attributes(match[3]):
            continue
        if match[1]:
            start = open_tags.pop(name, None)
            if start is not None and _WORD_CHAR.search(TAG.sub("", text[start : match.start()])):
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
    left, right = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    before, after = left.rstrip(" \t\u00a0"), right.lstrip(" \t\u00a0")
    if not before or not after:
        # At an end of the text it hangs on a word; a sentence that names it has a space there.
        return bool(
            (before and before == left and _WORD_CHAR.match(before[-1])) or (after and after == right and _WORD_CHAR.match(after[0]))
        )
    if before[-1] in _QUOTES and after[0] in _QUOTES:
        return False
    if before[-1] == "\n" or after[0] == "\n" or before[-1] == ">" or after[0] == "<":
        return bool(_WORD_CHAR.search(TAG.sub("", before)) and _WORD_CHAR.search(TAG.sub("", after)))
    if before == left or after == right:
        return before[-1] not in _QUOTES or after[0] not in _QUOTES + _SENTENCE_ENDS
    # With a space on either side: behind the end of a sentence, before the beginning of one.
    return before[-1] in _SENTENCE_ENDS and not after[0].islower()


def _is_spoken_of(text: str, start: int, end: int, name: str) -> bool:
    """Whether an opening tag is a word of its sentence: in quotes, or a block's in the middle of a line."""
    before, after = text[max(0, start - _AROUND) : start].rstrip(" \t"), text[end : end + _AROUND].lstrip(" \t")
    if before and after and before[-1] in "`'\"“‘«" and after[0] in "`'\"”’»":
        return True
    return name in _BLOCKS and bool(before) and before[-1] not in f"\n>{_SENTENCE_ENDS}"
