"""Keys of a question list in Markdown: which options a written key means, and lists of keys apart from the questions."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.common.text import fold_option
from pipeline.ingest.exam import table_keys
from pipeline.ingest.markdown_lines import Line
from pipeline.ingest.markdown_words import is_key_heading, key_value, question_start

_PAIR = re.compile(r"[\s,;|./]*+(?:(?:câu|question|q)\s?\.?\s?)?(\d{1,3})\s?[.:)\-–=/→]?\s?\(?([A-Ja-j])\)?(?![\w'’])", re.IGNORECASE)
_ONE_LETTER = re.compile(
    r"\W{0,19}([A-Ja-j])(?P<behind>\W{0,19}$|\s{0,9}[.):\]]\s{0,9}\S.*|\s{1,9}[-–—(]\s{0,9}\S.*|\s{0,9}[,;]\s{1,9}\D.*)", re.DOTALL
)
_LETTERS = re.compile(
    r"\W{0,19}[A-J](?:\s{0,9}(?:,|;|&|/|\+|\band\b|\bvà\b)\s{0,9}(?:\b(?:and|và)\s{1,9})?[A-J]\b)++\W{0,19}|\W{0,19}[A-J]{2,6}\W{0,19}"
)
# "A) is wrong, as ..." names no key.
_DENIES = re.compile(r"\b(?:wrong|incorrect|false|not|isn't|sai|không)\b", re.IGNORECASE)
_LETTER_AND_TEXT = re.compile(r"\W{0,19}([A-Ja-j])(?:\s{0,9}[.):\]\-–—]{1,5}\s{0,9}|\s{1,9})(\S.*)", re.DOTALL)
_APART = re.compile(r"(?<!\w)[A-J](?!\w)")
_NUMBER = re.compile(r"\W{0,19}(?:option|choice|phương án|đáp án|lựa chọn)?\s{0,9}#?(\d{1,2})\W{0,19}", re.IGNORECASE)
_ENTRY = re.compile(r"\W{0,19}(?:câu|question|q)?\s?(\d{1,3})\s{0,9}[.:)\-–=→]+\s{0,9}(\S.*)", re.IGNORECASE | re.DOTALL)


class KeyList(NamedTuple):
    """Keys by question number, and the lines from `start` up to `end` that give them."""

    start: int
    end: int
    keys: dict[int, str]


def keyed_options(value: str, letters: Sequence[str], texts: Sequence[str]) -> list[int] | None:
    """Places of the options that a written key means; None where it means none of them.

    >>> keyed_options("B) dog", ["A", "B"], ["cat", "dog"]), keyed_options("A and B", ["A", "B"], ["cat", "dog"])
    ([1], [0, 1])
    """
    value = value.strip()
    folded = [fold_option(_bare(text)) for text in texts]
    same = [place for place, text in enumerate(folded) if text and text == fold_option(_bare(value))]
    lettered = [place for place, letter in enumerate(letters) if letter.isalpha()]
    if _LETTERS.fullmatch(value) and not same:
        named = _APART.findall(value) or [char for char in value if "A" <= char <= "J"]
        found = [letters.index(letter) for letter in named if letter in letters]
        return sorted(set(found)) if len(set(found)) > 1 else None
    if (match := _ONE_LETTER.fullmatch(value)) and (not same or lettered):
        letter = match[1].upper()
        if letter in letters:
            place = letters.index(letter)
            said = _LETTER_AND_TEXT.fullmatch(value)
            other = [i for i, text in enumerate(folded) if said and text == fold_option(_bare(said[2]))]
            if said and not other and _DENIES.search(said[2]) and not _DENIES.search(texts[place]):
                return None
            return [place] if not other or place in other else sorted({place, *other})
        return same if len(same) == 1 else None
    if len(same) == 1:
        return same
    if match := _LETTER_AND_TEXT.fullmatch(value):
        place = letters.index(match[1].upper()) if match[1].upper() in letters else -1
        if place >= 0 and folded[place] and fold_option(_bare(match[2])) == folded[place]:
            return [place]
    if match := _NUMBER.fullmatch(value):
        numbered = f"#{int(match[1])}"
        return [letters.index(numbered)] if numbered in letters else None
    return None


def names_letter(value: str) -> bool:
    """True for a key that begins with the letter of an option."""
    return _ONE_LETTER.fullmatch(value) is not None


def _bare(text: str) -> str:
    return text.strip().strip("`").strip()


def key_lists(lines: list[Line]) -> list[KeyList]:
    """Where keys stand apart from their questions: below a heading, on lines of nothing else, or in a table."""
    found: list[KeyList] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        keys: dict[int, str] = {}
        end = place + 1
        if line.kind == "table":
            keys = dict(table_keys([list(row) for row in line.rows]).items())
        elif line.kind in ("text", "heading", "summary"):
            if is_key_heading(line.text):
                keys, end = _below(lines, place + 1)
            else:
                value = key_value(line.text)
                keys = dict(_pairs(line.text if value is None else value))
                keys = keys if len(keys) > 1 else {}
        if keys:
            found.append(KeyList(place, end, keys))
        place = end if keys else place + 1
    return found


def _below(lines: list[Line], place: int) -> tuple[dict[int, str], int]:
    """The keys below a heading, and where they end: each line is one, several, or says more of the one before."""
    keys: dict[int, str] = {}
    counted = _is_counted(lines, place)
    for at in range(place, len(lines)):
        line = lines[at]
        if line.kind == "table":
            rows = [list(row) for row in line.rows]
            return (keys | table_keys(rows), at + 1) if table_keys(rows) else (keys, at)
        if not keys and line.kind == "text" and at + 1 < len(lines) and lines[at + 1].kind == "text":
            columns = table_keys([re.split(r"\t|\s{2,}", row.text.strip()) for row in lines[at : at + 2]])
            if columns:
                return columns, at + 2
        if line.kind not in ("text", "summary", "hidden") or (not keys and at > place + 2):
            return keys, at
        pairs = dict(_pairs(line.text))
        if line.marker[:-1].isdigit():
            keys[len(keys) + 1 if counted else int(line.marker[:-1])] = line.text.strip()
        elif pairs:
            keys |= pairs
        elif (entry := _ENTRY.match(line.text)) and (_ONE_LETTER.fullmatch(entry[2]) or len(entry[2]) < 80):
            keys[int(entry[1])] = entry[2].strip()
        elif not keys or line.marker or _starts_more(line):
            return keys, at
    return keys, len(lines)


def _is_counted(lines: list[Line], place: int) -> bool:
    """True for a list whose items all bear the same number: people see them counted."""
    markers = [line.marker for line in lines[place : place + 50] if line.marker]
    return len(markers) > 1 and len({*markers}) == 1


def _starts_more(line: Line) -> bool:
    start = question_start(line)
    return start is not None and start.style[0] in ("worded", "numbered", "label", "edx", "quiz")


def _pairs(text: str) -> Iterator[tuple[int, str]]:
    """Number and letter of a line that holds nothing else."""
    end, found = 0, []
    while match := _PAIR.match(text, end):
        found.append((int(match[1]), match[2].upper()))
        end = match.end()
    if found and not text[end:].strip(" .,;|"):
        yield from found


def letter_at(place: int) -> str:
    """The letter that an option without one is called by."""
    return LETTERS[place] if place < len(LETTERS) else f"#{place + 1}"
