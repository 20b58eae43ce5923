"""Exams in plain text or Markdown: "Câu 1. ...", options A to D, the key behind each, in a list at the end, by a star or bold type."""

import re
from collections.abc import Iterator
from itertools import groupby

from pipeline.common.letters import LETTERS
from pipeline.ingest.exam import OPTION, PLAIN, ExamLine, Marks, exam_items, has_options, table_keys
from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.tables import is_question_table, table_items
from schemas.errors import DataError

_START = re.compile(r"(?m)^(?:[^\S\n]|[#>*_\[\]-])*+(?:(?:Câu|CÂU|câu|Question|QUESTION|Bài)\s*(?:hỏi\s*)?\d{1,4}\b|Q?\d{1,3}\s*[.)/])")
_FIRST_OPTION = re.compile(r"(?m)(?:^|(?<=\s))[*_(\[]{0,3}[Aa]\s?[.)/*_]{1,3}[:)\]]?\s*\S")
_TABLE_RULE = re.compile(r"(?m)^[^\S\n]*+\|(?:[^\S\n]*+:?-++:?[^\S\n]*+\|)+[^\S\n]*+$")
# What opens an emphasis, and what closes one, by its style.
_OPENED = re.compile(r"(?P<bold>\*\*(?<!\*{3})(?=[^\s*]))|(?P<under>__(?<!\w__)(?=[^\W_]))|<(?P<tag>[ub]|strong|mark)>")
_CLOSED = {"bold": re.compile(r"(?<=\S)\*\*(?!\*)"), "under": re.compile(r"(?<=[^\s_])__(?!\w)")}
_CLOSED |= {tag: re.compile(f"</{tag}>") for tag in ("u", "b", "strong", "mark")}
_STAR_BEFORE = re.compile(r"^[\s-]*(?:\*|\[[xX*]\]|✓|✔|→|=>)\s*(?=\(?[A-Ja-j]\s?[.)])")
_STAR_BEHIND = re.compile(r"(?:\(\*\)|\*|✓|✔|\((?:đúng|correct|x)\)|\[(?:đúng|correct|x)\]|<--?)\s*$", re.IGNORECASE)
# A task list marks its options by boxes alone.
_TASK = re.compile(r"(?m)^[^\S\n]*+[-*+][^\S\n]++\[(?P<tick>[ xX])\][^\S\n]+(?P<text>(?!\(?[A-Ja-j]\s?[.)]).+)")
_BULLET = re.compile(r"^\s*(?:#{1,6}\s+|>\s*|[-+*•]\s+(?:\[ \]\s*)?(?=\(?[A-Ja-j]\s?[.)]\s|[*_]{2}))")
_LETTER = re.compile(r"\s*[A-Ja-j]\s*")
_STAR = frozenset(["star"])


def sniff(file: SniffedFile) -> bool:
    """As many lists of options as numbered questions, roughly, or paragraphs that hold a list each; or a table in Markdown."""
    if _TABLE_RULE.search(file.text) or len(_TASK.findall(file.text)) >= 2:
        return True
    starts, lists = len(_START.findall(file.text)), len(_FIRST_OPTION.findall(file.text))
    return (
        lists > 0 and (lists * 3 >= starts or starts == 0) and re.search(r"(?m)(?:^|\s)[*_(\[]{0,3}[Bb]\s?[.)/*_]", file.text) is not None
    )


def read(text: str) -> Iterator[Item]:
    """One item a numbered question; where nothing is numbered, one a paragraph with options. Raises DataError without any."""
    keys: dict[int, str] = {}
    tables: list[Item] = []
    lines: list[ExamLine | None] = []
    for barred, group in groupby(_lettered(text.split("\n")), key=lambda line: line.lstrip().startswith("|")):
        block = list(group)
        rows = [[cell.strip(" *") for cell in line.strip().strip("|").split("|")] for line in block if not re.fullmatch(r"[\s|:-]+", line)]
        if barred and not is_question_table(rows) and (found := table_keys(rows)):
            keys |= found
        elif barred and is_question_table(rows):
            tables += [item._replace(locator=f"table/{item.locator}") for item in table_items([list(row) for row in rows])]
        else:
            lines += [_line(line) if line.strip() else None for line in block]
    items = list(exam_items([line for line in lines if line], keys)) or _paragraphs(lines)
    if not items and not tables:
        raise DataError("the text holds no numbered question (Câu 1. / Question 1: / 1.) and no paragraph with options A., B.")
    yield from [*items, *tables]


def _lettered(lines: list[str]) -> Iterator[str]:
    """The lines, those of a task list with letters from A and a star where the box is ticked."""
    place = 0
    for line in lines:
        task = _TASK.match(line) if place < len(LETTERS) else None
        if task:
            yield f"{'' if task['tick'] == ' ' else '*'}{LETTERS[place]}. {task['text']}"
        else:
            yield line
        place = place + 1 if task else place if not line.strip() else 0


def _line(raw: str) -> ExamLine:
    """A line without its Markdown, and what that set off."""
    star = _STAR_BEFORE.match(raw)
    raw = raw[star.end() :] if star else _BULLET.sub("", raw)
    if OPTION.match(raw) and (behind := _STAR_BEHIND.search(raw)) and not raw[: behind.start()].rstrip().endswith("*"):
        raw, star = raw[: behind.start()].rstrip(), behind
    text, marks, start = "", list[Marks](), 0
    for style, opened, inner, end in _emphases(raw):
        before = raw[start:opened]
        text += before + inner
        marks += [PLAIN] * len(before) + [frozenset([style])] * len(inner)
        start = end
    text, marks = text + raw[start:], marks + [PLAIN] * (len(raw) - start)
    return ExamLine(text, [mark | _STAR for mark in marks] if star else marks)


def _emphases(raw: str) -> Iterator[tuple[str, int, str, int]]:
    """Style, start, text within and end of each emphasis. A style that nothing closes is looked for once, not from each of its marks."""
    end, unclosed = 0, set[str]()
    for opened in _OPENED.finditer(raw):
        style = opened["tag"] or ("bold" if opened["bold"] else "under")
        if opened.start() < end or style in unclosed:
            continue
        if closed := _CLOSED[style].search(raw, opened.end()):
            end = closed.end()
            yield style, opened.start(), raw[opened.end() : closed.start()], end
        else:
            unclosed.add(style)


def _paragraphs(lines: list[ExamLine | None]) -> list[Item]:
    """Questions without numbers, parted by blank lines: a paragraph without options belongs to the next with some."""
    items: list[Item] = []
    waiting: list[ExamLine] = []
    for filled, group in groupby(lines, key=bool):
        if not filled:
            continue
        waiting += [line for line in group if line]
        if has_options(waiting):
            # LogiQA's text puts the key first, alone on its line.
            key = waiting.pop(0).text.strip().upper() if _LETTER.fullmatch(waiting[0].text) else None
            numbered = [ExamLine(f"Câu 1. {waiting[0].text}", [PLAIN] * 7 + waiting[0].marks), *waiting[1:]]
            items += [item._replace(locator=f"item:{len(items) + 1}") for item in exam_items(numbered, {1: key} if key else {})]
            waiting = []
    return items


FORMAT = Format("exam", sniff, read_text=read)
