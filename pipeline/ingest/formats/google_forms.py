"""The page of results of a Google Forms quiz, copied as text: a question, its points (`0/1`), its options,
`Correct answer` and the right one.

Where the answer given was right, the page says so by colour alone: such a question has no key.
"""

import re
from collections.abc import Iterator

from pipeline.ingest.choices import choice_cells, refused
from pipeline.ingest.items import Format, Item, SniffedFile
from schemas.reasons import Reason

_POINTS = re.compile(
    r"(?:\d{1,3}(?:[.,]\d{1,2})?|[.…]{1,3}|-{1,2})[ ]?/[ ]?\d{1,3}(?:[ ](?:points?|điểm))?"
    r"|\d{1,3} (?:of|out of|trên) \d{1,3}(?: points?| điểm)?"
)
_RIGHT = re.compile(r"(?:correct answers?|(?:các )?(?:câu trả lời|đáp án) đúng):?", re.IGNORECASE)
_FEEDBACK = re.compile(r"(?:feedback|phản hồi|ý kiến phản hồi):?", re.IGNORECASE)
_NO_KEY = (
    "no key: the page shows the right option by colour where the answer given was right, and writes it out below 'Correct answer' only "
    "where it was wrong: add it there"
)


def sniff(file: SniffedFile) -> bool:
    """Two questions with points on a line of their own behind them, and a line that announces the right answer."""
    if file.suffix not in ("", ".txt", ".text"):
        return False
    lines = [line.strip() for line in file.text.split("\n")]
    scored = sum(place > 0 and bool(lines[place - 1]) and _POINTS.fullmatch(line) is not None for place, line in enumerate(lines))
    return scored >= 2 and any(map(_RIGHT.fullmatch, lines))


def read(text: str) -> Iterator[Item]:
    """One item a question with points: a paragraph, or the lines up to the next one's points."""
    paragraphs = [[line.strip() for line in part.split("\n") if line.strip()] for part in re.split(r"\n[ \t]*(?=\n)", text)]
    blocks: list[list[str]] = []
    for lines in paragraphs:
        if any(map(_POINTS.fullmatch, lines[1:])):
            blocks.append(lines)
        elif lines and blocks and not _has_end(blocks[-1]) and _continues(lines):
            blocks[-1] += lines
    for number, lines in enumerate(blocks, start=1):
        yield _item(f"item:{number}", lines)


def _has_end(lines: list[str]) -> bool:
    return any(_RIGHT.fullmatch(line) for line in lines[:-1])


def _continues(lines: list[str]) -> bool:
    return bool(_RIGHT.fullmatch(lines[0]))


def _item(locator: str, lines: list[str]) -> Item:
    points = [place for place, line in enumerate(lines) if place and _POINTS.fullmatch(line)]
    # A star marks a question that has to be answered.
    stem = "\n".join(lines[: points[0]]).removesuffix("*").rstrip()
    if len(points) > 1:
        why = f"{len(points)} questions in one paragraph: put a blank line before each question"
        return Item(locator, {"question": "\n".join(lines)}, Reason.MULTIPLE_QUESTIONS, why)
    behind = lines[points[0] + 1 :]
    noted = next((place for place, line in enumerate(behind) if _FEEDBACK.fullmatch(line)), len(behind))
    told = next((place for place, line in enumerate(behind[:noted]) if _RIGHT.fullmatch(line)), noted)
    options, keys = behind[:told], behind[told + 1 : noted]
    explanation = "\n".join(behind[noted + 1 :])
    if len(options) < 2:
        return refused(locator, stem, "its answer is typed in: the page shows no options", {"explanation": explanation})
    if not keys:
        cells = choice_cells(stem, options, [], explanation=explanation)
        return Item(locator, cells, Reason.MISSING_ANSWER, _NO_KEY)
    unknown = [key for key in keys if options.count(key) != 1]
    if unknown:
        why = f"the right answer {unknown[0][:60]!r} is none of its options"
        return Item(locator, choice_cells(stem, options, []), Reason.ANSWER_NOT_IN_OPTIONS, why)
    return Item(locator, choice_cells(stem, options, [options.index(key) for key in keys], explanation=explanation))


FORMAT = Format("google_forms", sniff, read_text=read)
