"""Questions of a list in Markdown: each with its stem, options, key and explanation, as records for the reader."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.ingest.items import Item
from pipeline.ingest.markdown_groups import Group, Option, ask_nothing, find_groups, plain_groups
from pipeline.ingest.markdown_keys import KeyList, key_lists, keyed_options, letter_at, names_letter
from pipeline.ingest.markdown_lines import Line
from pipeline.ingest.markdown_starts import find_starts
from pipeline.ingest.markdown_words import (
    QUESTION_LABEL,
    REFERENCE,
    Start,
    explanation_text,
    is_chat,
    is_label,
    is_options_label,
    is_select,
    key_value,
    option_mark,
    question_start,
)
from schemas.reasons import Reason

STYLES = tuple(f"{where}:{name}" for name in ("bold", "mark", "under", "italic") for where in ("text", "mark"))
_EDX = re.compile(r"\s{0,9}(?:\|\|[^|<]{0,500})?<<\s{0,9}$")
_DROPDOWN = re.compile(r"\[\[(?P<options>[^\[\]]{1,500})\]\]")
_PASSAGE = re.compile(
    r"\W*(?:(?:reading\s+)?(?:passage|scenario|case study|context|extract)\b[^?]{0,40}$"
    r"|read the (?:following|passage|text)|đọc (?:đoạn|văn bản|bài)"
    r"|(?:đoạn văn|bài đọc|ngữ liệu)\b[^?]{0,40}$|use the following|dựa vào (?:đoạn|bảng|thông tin))",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?:from|questions?|câu(?:\s+hỏi)?|từ)\s*(?:câu\s*)?(\d{1,3})\s*(?:to|đến|[-–—])\s*(?:câu\s*)?(\d{1,3})", re.IGNORECASE)
_TITLE = re.compile(r"[^.?!:：…_`]{1,60}")
_NOT_ASKED = (
    "nothing above its boxes asks anything, so that they may be a list of things to do; end the question with a question mark or number it"
)


class _Region(NamedTuple):
    """A question's lines: its stem from `stem` to its options, and what belongs to it behind them up to `end`."""

    stem: int
    end: int
    start: Start | None
    group: Group | None


def markdown_items(lines: list[Line]) -> Iterator[Item]:
    """One item a question, in order; one that offers no options, or no key, is one as well."""
    lists = key_lists(lines)
    taken = {place for listed in lists for place in range(listed.start, listed.end)}
    groups = find_groups(lines, taken)
    plain = plain_groups(lines, groups, taken)
    groups = sorted([*groups, *plain], key=lambda group: group.start)
    groups, letters = _without_repeats(lines, groups, taken)
    chosen, starts = find_starts(lines, groups, taken)
    groups, chosen = _without_explaining(lines, groups, chosen)
    regions = _regions(lines, groups, chosen, starts, taken)
    listed = _listed_keys(regions, lists)
    style = _key_style(groups)
    passage: tuple[str, int] | None = None
    to_do = ask_nothing(lines, groups)
    for number, region in enumerate(regions, start=1):
        before = regions[number - 2].group if number > 1 else None
        opened = regions[number - 2].end if number > 1 else 0
        passage = _passage(lines, before.end if before else opened, region.stem) or passage
        asked = region.start.number if region.start else None
        if passage and asked is not None and asked > passage[1]:
            passage = None
        item = _item(
            lines, taken, region, number, listed.get(number - 1), letters.get(region.group.start) if region.group else None, style, passage
        )
        yield item._replace(reason=Reason.NOT_MULTIPLE_CHOICE, detail=_NOT_ASKED) if to_do and not item.reason else item


def _without_repeats(lines: list[Line], groups: list[Group], taken: set[int]) -> tuple[list[Group], dict[int, list[int]]]:
    """The groups without lists of bare letters, which say which option of the group before is right: these by its start."""
    kept: list[Group] = []
    keys: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        following = groups[place + 1] if place + 1 < len(groups) else None
        if following and following.kind == "box" != group.kind and _is_stem_of(lines, group, following):
            continue
        if group.is_bare and kept and any(option.ticked for option in group.options) and not any(o.ticked for o in kept[-1].options):
            letters = [option.letter for option in kept[-1].options]
            keys[kept[-1].start] = [letters.index(o.letter) for o in group.options if o.ticked and o.letter in letters]
            taken |= set(range(group.start, group.end))
        else:
            kept.append(group)
    return kept, keys


def _is_stem_of(lines: list[Line], group: Group, following: Group) -> bool:
    """True for statements that a question's options choose among ("A, B and D"): nothing is said between them."""
    between = lines[group.end : following.start]
    return not any(option.ticked for option in group.options) and not any(line.text and line.kind != "code" for line in between)


def _without_explaining(lines: list[Line], groups: list[Group], chosen: dict[int, int]) -> tuple[list[Group], dict[int, int]]:
    """The groups without those of a solution ("A is wrong, as ..."): nothing asks anything between it and its question."""
    kept: list[Group] = []
    places: dict[int, int] = {}
    for number, group in enumerate(groups):
        between = lines[kept[-1].end if kept else 0 : group.start]
        solved = any(
            key_value(line.text) is not None or explanation_text(line.text) is not None or line.kind == "summary" for line in between
        )
        asked = number in chosen or any(
            line.kind in ("rule", "open") or line.text.rstrip().endswith(("?", "？", "___")) for line in between
        )
        if kept and not asked and (solved or not any(line.kind in ("text", "code", "heading") for line in between)):
            continue
        if number in chosen:
            places[len(kept)] = chosen[number]
        kept.append(group)
    return kept, places


def _regions(lines: list[Line], groups: list[Group], chosen: dict[int, int], starts: dict[int, Start], taken: set[int]) -> list[_Region]:
    heads: list[tuple[int, Start | None, Group | None]] = [
        (place, start, None) for place, start in starts.items() if place not in chosen.values()
    ]
    ruled = sum(any(line.kind == "rule" for line in lines[a.end : b.start]) for a, b in pairwise(groups)) * 2 > len(groups) - 1 > 0
    for number, group in enumerate(groups):
        if number in chosen:
            heads.append((chosen[number], starts[chosen[number]], group))
        else:
            first = max([groups[number - 1].end if number else 0, *(place + 1 for place in starts if place < group.start)])
            heads.append((_stem_start(lines, first, group.start, ruled), None, group))
    heads.sort(key=lambda head: (head[0], head[2] is not None))
    ends = [*(place for place, _, _ in heads[1:]), len(lines)][: len(heads)]
    return [_Region(place, end, start, group) for (place, start, group), end in zip(heads, ends, strict=True)]


def _stem_start(lines: list[Line], first: int, end: int, ruled: bool) -> int:
    """Where the stem before a list of options begins when nothing marks it: behind the last rule, or with the paragraph before."""
    rules = [place for place in range(first, end) if lines[place].kind in ("rule", "open")]
    if ruled and rules and any(lines[place].kind in ("text", "heading") for place in range(rules[-1] + 1, end)):
        return rules[-1] + 1
    place = end
    block = None
    for at in range(end - 1, first - 1, -1):
        line = lines[at]
        if line.kind in ("rule", "open", "close", "summary", "table") or line.folds != lines[end].folds:
            break
        if line.kind == "heading" and block is not None:
            break
        if key_value(line.text) is not None or explanation_text(line.text) is not None:
            break
        if line.kind in ("code", "hidden") or is_options_label(line.text) or line.text.strip() == "[image]":
            if block is not None:
                break
        elif block is None:
            block = line.block
        elif line.block != block:
            break
        place = at
    return place


def _listed_keys(regions: list[_Region], lists: list[KeyList]) -> dict[int, str]:
    """Keys of lists by the place of their question: a list is for the questions since the list before it, or for all that follow."""
    found: dict[int, str] = {}
    for place, listed in enumerate(lists):
        opened = lists[place - 1].start if place else -1
        mine = [i for i, region in enumerate(regions) if opened < region.stem < listed.start]
        mine = mine or [i for i, region in enumerate(regions) if region.stem >= listed.start and i not in found]
        numbers = [region.start.number if (region := regions[i]).start else None for i in mine]
        if all(number is None for number in numbers) or len({*numbers}) == 1 < len(numbers):
            numbers = [*range(1, len(mine) + 1)] if listed.keys.keys() == {*range(1, len(mine) + 1)} else []
        counts = Counter(numbers)
        found |= {i: listed.keys[n] for i, n in zip(mine, numbers, strict=False) if n is not None and n in listed.keys and counts[n] == 1}
    return found


def _key_style(groups: Sequence[Group]) -> str | None:
    """The style that sets off exactly one option in most questions."""
    votes = Counter(style for group in groups for style in STYLES if len(_styled(group, style)) == 1)
    style, count = votes.most_common(1)[0] if votes else (None, 0)
    return style if count * 2 > len(groups) else None


def _styled(group: Group, style: str) -> list[int]:
    """Places of the options whose letter ("mark:bold") or most of whose text ("text:bold") is set off so."""
    where, _, name = style.partition(":")
    if where == "mark":
        return [place for place, option in enumerate(group.options) if name in option.letter_marks]
    found = []
    for place, option in enumerate(group.options):
        marks = [mark for mark, char in zip(option.marks, option.texts[0].ljust(len(option.marks)), strict=False) if not char.isspace()]
        if marks and sum(name in mark for mark in marks) * 2 > len(marks):
            found.append(place)
    return found


def _passage(lines: list[Line], first: int, end: int) -> tuple[str, int] | None:
    """The passage between two questions, and the last question that it is for."""
    begins = next(
        (i for i in range(first, end) if lines[i].kind in ("text", "heading") and not lines[i].folds and _PASSAGE.match(lines[i].text)),
        None,
    )
    if begins is None:
        return None
    text = "\n".join(line.text for line in lines[begins:end] if line.kind in ("text", "heading", "code") and question_start(line) is None)
    span = _SPAN.search(lines[begins].text)
    return text.strip(), int(span[2]) if span else 10_000


def _item(
    lines: list[Line],
    taken: set[int],
    region: _Region,
    number: int,
    listed: str | None,
    lettered: list[int] | None,
    style: str | None,
    passage: tuple[str, int] | None,
) -> Item:
    group = region.group
    stem = _stem(lines, region)
    dropdown = None if group else _DROPDOWN.search(stem)
    if dropdown:
        parts = [part.strip() for part in re.split(r"[,\n]", dropdown["options"]) if part.strip()]
        options = [Option("", part.startswith("(") and part.endswith(")"), [part.strip("()")], []) for part in parts]
        group = Group("box", options, region.stem, region.end)
        stem = _DROPDOWN.sub("_____", stem, count=1)
    keys, explanation = _behind(lines, taken, group.end if group and not dropdown else _own_end(lines, region), region)
    cells: dict[str, Any] = {"question": stem}
    if passage:
        cells["context"] = passage[0]
    if explanation:
        cells["explanation"] = explanation
    locator = f"item:{number}"
    if group is None:
        return Item(locator, cells | {"options": None, "answer": keys[0] if keys else None})
    options = group.options
    texts = ["\n".join(option.texts).strip() for option in options]
    letters = [option.letter or letter_at(place) for place, option in enumerate(options)]
    aliases = [letter_at(place) for place in range(len(letters))] if group.kind == "plain" or letters[0].startswith("#") else letters
    said: list[tuple[str, list[int]]] = []
    if ticks := _ticked(options):
        said.append(("the marks", ticks))
    if lettered:
        said.append(("the list of letters", lettered))
    unread = None
    for value in [*keys, *([listed] if listed else [])]:
        found = keyed_options(value, letters, texts) or (keyed_options(value, aliases, texts) if aliases != letters else None)
        if found:
            said.append((f"the key {value[:40]!r}", found))
        else:
            # A letter that was refused here ("A) is wrong, as ...") isn't to be taken for a key by the next stage.
            unread = unread or (None if names_letter(value) else value)
    if not said and style and len(styled := _styled(group, style)) == 1:
        said.append((f"{style.partition(':')[2]} type", styled))
    first, _, rest = stem.partition("\n")
    if not said and rest and re.fullmatch(r"[A-Ja-j]", first) and first.upper() in letters:
        # LogiQA's text puts the key first.
        said.append(("the first line", [letters.index(first.upper())]))
        cells["question"] = rest.strip()
    cells["options"] = texts
    if [*map(str.isalpha, letters)].count(True) and sorted(letters) != [*LETTERS[: len(letters)]] and len(letters) <= len(LETTERS):
        return Item(
            locator, cells | {"answer": None}, Reason.MALFORMED_ROW, f"its options are lettered {', '.join(letters)}: letter them from A on"
        )
    if len(said) > 1 and any(places != said[0][1] for _, places in said):
        why = "; ".join(f"{source} says {', '.join(LETTERS[i : i + 1] for i in places)}" for source, places in said)
        return Item(locator, cells | {"answer": None}, Reason.MULTIPLE_ANSWERS, f"two keys that differ: {why}; correct one of them")
    if not said:
        return Item(locator, cells | {"answer": unread})
    right = [letter_at(place) for place in said[0][1]]
    return Item(locator, cells | {"answer": right[0] if len(right) == 1 else right})


def _ticked(options: list[Option]) -> list[int]:
    return [place for place, option in enumerate(options) if option.ticked]


def _stem(lines: list[Line], region: _Region) -> str:
    """The text before the options without its number, labels and marks; a title before a question of its own isn't part of it."""
    end = region.group.start if region.group else _own_end(lines, region)
    parts: list[tuple[Line, str]] = []
    # A list of several steps or statements keeps its numbers; a single one is the question's own.
    items = Counter(line.lists[-1] for line in lines[region.stem : end] if line.lists and line.marker[:-1].isdigit())
    numbered = {listed for listed, count in items.items() if count > 1 and lines[region.stem].lists[-1:] != (listed,)}
    for place in range(region.stem, end):
        line = lines[place]
        text = line.text
        if line.kind not in ("text", "heading", "code", "table") or (is_options_label(text) and line.kind != "table"):
            continue
        if place == region.stem and region.start:
            text = text[region.start.at :]
        elif line.lists and line.lists[-1] in numbered and line.marker[:-1].isdigit():
            text = f"{line.marker} {text}"
        if line.kind not in ("code", "table"):
            if (label := QUESTION_LABEL.match(text)) and (":" in label[0] or label.end() == len(text)):
                text = text[label.end() :]
            text = _EDX.sub("", text).strip(" *_") if line.quote >= 2 else text.strip()
        if text:
            parts.append((line, text))
    if len(parts) > 1:
        parts = [part for part in parts if not is_select(part[1])] or parts
    if len(parts) > 1 and _is_title(*parts[0]):
        # "Question 3: Loops" above "What is printed?"
        asked = any(text.rstrip().endswith(("?", "？", ":")) for line, text in parts[1:] if line.kind == "text")
        if asked and parts[0][0].block != parts[1][0].block:
            parts = parts[1:]
    return "\n".join(text for _, text in parts).strip()


def _is_title(line: Line, text: str) -> bool:
    return line.kind == "heading" and _TITLE.fullmatch(text) is not None and len(text.split()) <= 4


def _own_end(lines: list[Line], region: _Region) -> int:
    """Where the text of a question without options ends: at its key, its solution, or a rule."""
    for place in range(region.stem + 1, region.end):
        line = lines[place]
        if line.kind in ("rule", "summary", "close") or key_value(line.text) is not None or explanation_text(line.text) is not None:
            return place
        if line.kind == "heading" and (start := question_start(line)) is not None and start.style[0] == "plain":
            return place
    return region.end


def _behind(lines: list[Line], taken: set[int], place: int, region: _Region) -> tuple[list[str], str]:
    """The keys that are written behind the options, and the explanation."""
    keys: list[str] = []
    said: list[str] = []
    awaited = opened = False
    texts = [region.group.options[0].texts] if region.group else []
    for at in range(place, region.end):
        line = lines[at]
        if at in taken:
            continue
        if line.kind == "summary":
            value = key_value(line.text)
            if value:
                keys.append(value)
            awaited = not keys
            continue
        if line.kind in ("rule", "open", "close") or (line.kind == "heading" and _leaves(line)):
            if any(key_value(later.text) for later in lines[at + 1 : min(at + 4, region.end)]) and not keys:
                continue
            break
        if line.kind == "code":
            if said or opened or line.folds:
                said.append(line.text)
            continue
        if line.kind == "table":
            continue
        value = key_value(line.text, alone=bool(line.folds) or line.kind == "heading")
        if value is not None:
            first, _, rest = value.partition("\n")
            if first and (not keys or len(first) < 40):
                keys.append(first)
            awaited = not first and not keys
            if rest or len(line.text) > len(value) + 30:
                said.append(rest or line.text.strip())
            continue
        if line.kind == "hidden":
            continue
        if awaited and not is_label(line.text):
            awaited = False
            following = lines[at + 1] if at + 1 < region.end else None
            listed = following is not None and line.marker and following.marker and following.lists == line.lists
            lettered = [mark.letter for one in (line, following) if one is not None and (mark := option_mark(one)) and mark.letter]
            if listed or len({*lettered}) > 1:
                # A list of things, of which none is said to be the key.
                pass
            elif len(line.text) < 300:
                keys.append(line.text.strip())
                continue
        explained = explanation_text(line.text)
        if explained is not None:
            opened = True
            if explained:
                said.append(explained)
            continue
        if line.link or REFERENCE.match(line.text) or is_chat(line.text) or is_label(line.text):
            continue
        said.append(line.text.strip())
    return keys, "\n".join(said).strip() if texts or opened else ""


def _leaves(line: Line) -> bool:
    """True for a heading that begins something else."""
    return key_value(line.text, alone=True) is None and explanation_text(line.text) is None and not is_label(line.text)
