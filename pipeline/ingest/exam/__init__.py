"""Exams as people write them: numbered questions with lettered options, line by line; the key behind each question, in a list or table of
its own, or shown by the one option that stands out. Shared by Word documents, Markdown and plain text."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.ingest.exam.cards import card_items
from pipeline.ingest.exam.keys import SOLUTION, exams_of, key_lines, own_key, table_keys, take_keys
from pipeline.ingest.exam.lines import PLAIN, ExamLine, Marks, plain_line, tidied
from pipeline.ingest.exam.marks import LOWER, UPPER, anchors
from pipeline.ingest.exam.paragraphs import UNNUMBERED, unnumbered_starts
from pipeline.ingest.exam.questions import Question, hidden, read_question, read_questions
from pipeline.ingest.exam.records import has_capital_lists, listed_keys, record, style_shows_keys, styled_keys
from pipeline.ingest.exam.starts import Start, complete_questions, find_starts, start_of
from pipeline.ingest.items import Item
from schemas.reasons import Reason

__all__ = [
    "PLAIN",
    "Block",
    "ExamLine",
    "Marks",
    "block_items",
    "card_items",
    "exam_items",
    "has_options",
    "key_lines",
    "plain_line",
    "reads_as_exam",
    "starts_question",
    "table_keys",
]


def starts_question(text: str) -> bool:
    """True for a line that begins "Câu 1", "Question 1"."""
    start = start_of(text)
    return start is not None and start.worded


def has_options(lines: Sequence[ExamLine]) -> bool:
    """True where an option A and an option B stand among the lines."""
    return any(anchors(lines, kind) for kind in (UPPER, LOWER))


def exam_items(lines: Sequence[ExamLine]) -> Iterator[Item]:
    """One item a question: its stem, its options with their marks, its key, and the passage that it shares with others.

    Blank lines help to tell what belongs together. An exam behind whose list of keys another begins is read by itself.
    """
    place = 0
    for exam in exams_of(tidied(lines)):
        for item in _exam(exam):
            place += 1
            yield item._replace(locator=f"item:{place}")


def _exam(lines: list[ExamLine]) -> Iterator[Item]:
    keys, rest, problem = take_keys(lines)
    questions = _questions(rest)
    lettered = has_capital_lists(questions)
    in_lists, in_style = listed_keys(questions, keys), styled_keys(questions)
    styles_count = style_shows_keys(questions, in_lists, in_style)
    place = 0
    for question, listed, styled in zip(questions, in_lists, in_style, strict=True):
        place += 1
        item = record(question, listed, styled, lettered, place, styles_count)
        keyless = isinstance(item.payload, dict) and "options" in item.payload and item.payload.get("answer") is None
        yield item._replace(reason=Reason.MISSING_ANSWER, detail=problem) if problem and keyless and not item.reason else item
        if question.stray:
            place += 1
            detail = "a list of options follows a question's key, and no number opens it; number every question alike (Câu 1., Question 1.)"
            yield Item(f"item:{place}", {"question": question.stray}, Reason.MULTIPLE_QUESTIONS, detail)


def _questions(lines: Sequence[ExamLine]) -> list[Question]:
    """The questions by their numbers; by their lists of options where most of these stand in no numbered question, and for those that
    stand before the first."""
    shown = hidden(lines)
    segments = find_starts(shown)
    if segments.lists and complete_questions(segments.starts, segments.anchors) * 2 < segments.lists:
        numbered = {start.line: start for start in segments.starts}
        starts = [numbered.get(start.line, start) for start in unnumbered_starts(shown)]
        return read_questions(lines, segments._replace(starts=starts))
    first = segments.starts[0].line if segments.starts else 0
    before: list[Question] = []
    if first and (starts := unnumbered_starts(shown[:first])):
        before = read_questions(lines[:first], segments._replace(starts=starts))
    return before + read_questions(lines, segments)


class Block(NamedTuple):
    """The text of one question with its options, and its key."""

    text: str
    key: str | list[str] | None


def block_items(blocks: Sequence[Block]) -> Iterator[Item]:
    """One item a block, for formats that say themselves where a question ends."""
    for place, block in enumerate(blocks, start=1):
        lines = tidied(plain_line(text) for text in block.text.strip("\n").split("\n"))
        if place > 1 and SOLUTION.match(lines[0].text):
            # Feedback on the question before.
            blank = next((i for i, line in enumerate(lines) if not line.text.strip()), 0)
            lines = lines[blank:]
        while len(lines) > 1 and not lines[0].text.strip():
            lines = lines[1:]
        question, behind = read_question(lines, Start(0, place, UNNUMBERED, 0), (UPPER, LOWER))
        if any(line.text.strip() for line in behind):
            question = question._replace(
                fault=question.fault or f"the line {behind[0].text.strip()[:60]!r} stands behind its options; take it out"
            )
        yield record(question._replace(key=block.key), None, None, False, place)


def reads_as_exam(text: str) -> bool:
    """True for a text in which most lists of options stand in numbered questions, or whose numbered questions offer numbered options with
    a key behind most."""
    lines = hidden([plain_line(line) for line in text.split("\n")])
    segments = find_starts(lines)
    complete = complete_questions(segments.starts, segments.anchors)
    if len(segments.kinds) == 2:
        return complete >= 2 and complete * 2 >= segments.lists
    return complete > 0 and sum(own_key(line.text) is not None for line in lines) * 2 >= complete
