"""One question's lines: stem, options, key, solution, and what stands behind it that belongs to others."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.ingest.exam.keys import OWN_KEY, SOLUTION, glued_key, own_key
from pipeline.ingest.exam.lines import CROSS, EMPTY, STAR, ExamLine, part
from pipeline.ingest.exam.marks import LOWER, UPPER, Mark, anchors, expected_letters, find_options, marks_of
from pipeline.ingest.exam.starts import Segments, Start, section_of
from schemas.tables.row import MAX_TEXT_CHARS

_END = re.compile(
    r"\W*+(?:HẾT|Hết|THE END|END)\W*\Z|[-=_*~.\s]{3,}\Z|~~|[IVX]{1,4}\s*[.)]\s+\S|#+\s|\(?(?:Thí sinh|Cán bộ coi thi)\b"
    r"|(?:PHẦN|Phần|PART|Part|SECTION|Section|CHƯƠNG|Chương|CHỦ ĐỀ|Chủ đề|SUBELEMENT)\s+\w+"
)
RUBRIC = re.compile(
    r"\W*+(?:Read (?:the|this)|Mark the letter|Choose the (?:word|best|correct)|Use the (?:following|information|passage|text)"
    r"|Refer to the|Look at the"
    r"|(?:The following|This) (?:passage|text|information|table)|Questions?\s+\d+\s*(?:[-–]|to|and)\s*\d+"
    r"|Question\s+\d+\s+(?:refers|is\s+based|relates)\b|For questions?\b"
    r"|Based on the (?:passage|text|following)"
    r"|Passage\b|Đoạn (?:văn|trích)\b|Bài đọc\b|Đọc (?:kĩ |kỹ )?(?:đoạn|văn bản|bài|bảng|thông tin|các|ngữ liệu|truyện|khổ)"
    r"|Dựa vào (?:đoạn|bảng|thông tin|văn bản|bài|dữ)"
    r"|Sử dụng (?:dữ kiện|thông tin|đoạn)|Cho (?:đoạn|bảng|thông tin sau)"
    r"|(?:Trả lời )?(?:[Cc]ác )?[Cc]âu (?:hỏi )?(?:từ )?(?:câu )?\d+\s*(?:đến|[-–])\s*(?:câu )?\d+|根据|阅读)"
)
_FROM_TO = re.compile(
    r"(?:from|questions?|câu(?:\s+hỏi)?|từ)\s*(?:câu\s*)?(\d{1,3})\s*(?:to|and|đến|và|[-–])\s*(?:câu\s*)?(\d{1,3})", re.IGNORECASE
)
# What tells how to answer, and belongs to no option; what else stands between questions.
_INSTRUCTION = re.compile(
    r"\W*+(?:(?:please\s+)?(?:answer|reply|respond)\s+(?:with|by|using|in)\b|(?:choose|select|pick|tick|circle"
    r"|mark)\s+(?:only\s+)?(?:one|the|all|two|an?|your)\b|only\s+one\b"
    r"|(?:hãy\s+)?(?:chọn|khoanh)\s+(?:vào\s+)?(?:một|1|hai|đáp|phương|câu|chữ)\b(?!\s+[A-J]\b)|(?:chỉ\s+)?(?:trả\s+lời"
    r"|chọn)\s+(?:bằng|một|1)\b|chỉ\s+chọn\b|write\s+(?:the|your)\b|your\s+answer\b"
    r"|(?:(?:view|show|see|reveal|hide)\s+(?:the\s+)?(?:correct\s+)?(?:answers?|solutions?|explanations?)|(?:xem|hiển\s+thị|hiện|ẩn)\s+(?:đáp\s+án"
    r"|lời\s+giải)(?:\s+chi\s+tiết)?|discuss(?:ion)?)\W*+\Z|trả\s+lời\s*+(?::\s*+)?[._…]*+\Z)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\W*+(?:(?:id|mã(?:\s+câu(?:\s+hỏi)?)?|level|difficulty|mức\s+độ|độ\s+khó|points?|điểm|score|marks?|topic|chủ\s+đề|tags?"
    r"|subject|môn|category|type|loại|source|nguồn|chapter|chương)\s*[:：]"
    r"|(?:trang|page)\s*\d|mã\s+đề\b|\(?\d+(?:[.,]\d+)?\s*(?:points?|pts?|marks?|điểm)\)?\W*\Z)",
    re.IGNORECASE,
)
# What a printed page says at its foot or head.
_FURNITURE = re.compile(
    r"\W*+(?:go\s+on\s+to\s+the\s+next\s+page|turn\s+(?:over|the\s+page)|please\s+turn\s+over|stop\s+here|end\s+of\s+(?:the\s+)?(?:test|section|part|page)\b"
    r"|(?:xem\s+)?tiếp\s+trang\b|(?:trang|page)\s+\d)",
    re.IGNORECASE,
)
_OPTIONS_HEADING = re.compile(
    r"[^\w\n]*+(?:(?:the\s+)?(?:(?:answer|possible|multiple|response)\s+)?(?:options?|choices?|alternatives|answers)(?:\s+are)?"
    r"|(?:các\s+)?(?:phương\s+án|lựa\s+chọn|đáp\s+án|câu\s+trả\s+lời)(?:\s+(?:trả\s+lời|lựa\s+chọn))?"
    r"|选项)[*_]*+\s*+(?P<sign>[:：][*_]*+\s*+)?\Z",
    re.IGNORECASE,
)
_STEM_LABEL = re.compile(r"[*_#\s]*(?:question|câu\s+hỏi|q|stem|đề\s+bài|题目)[*_]*\s*[:：][*_]*\s*(?=\S)", re.IGNORECASE)
# A gap that holds its key, at the end of the stem or, with white space around the letter, within it.
_FILLED = re.compile(r"[（(]\s*+([A-J])\s*+[）)](?=[。.？?]?\s*\Z)|[（(]\s++([A-J])\s++[）)]")
# The brackets at the end of a stem, or with white space within, that leave room for a letter.
_BRACKETS = re.compile(r"[（(]\s*+(?:([A-J])\s*+)?[）)](?=[。.？?]?\s*\Z)|[（(]\s++[A-J]?\s*+[）)]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# A longer last line of an option may run on in the next.
WRAPPED_CHARS = 60
_FENCE = re.compile(r"[\s>]*(?:```|~~~)")


class Question(NamedTuple):
    """A question as found. `key` is what stands with it, `ticked` are the letters that a sign marks, `styles` those set off by each
    style; `fault` says why it can't be read, `stray` holds a list of options behind its key that no number opens."""

    start: Start | None
    section: str | None
    heading: str
    text: str
    stem: str
    labels: list[str]
    options: list[str]
    kind: str | None
    key: str | list[str] | None
    ticked: list[str]
    styles: dict[str, set[str]]
    explanation: str
    context: str | None
    fault: str | None = None
    stray: str | None = None


class _Passage(NamedTuple):
    """A rubric or passage and the questions that it is for."""

    text: str
    first: int
    last: int
    paragraphs: int


def hidden(lines: Sequence[ExamLine]) -> list[ExamLine]:
    """The lines with those of fenced code as a sign: no mark or number is looked for in them."""
    shown, inside = list[ExamLine](), False
    closed = sum(_FENCE.match(line.text) is not None for line in lines) % 2 == 0
    for line in lines:
        fence = closed and _FENCE.match(line.text) is not None
        shown.append(ExamLine("`", [frozenset()]) if inside or fence else line)
        inside = inside != fence
    return shown


def read_questions(lines: Sequence[ExamLine], segments: Segments) -> list[Question]:
    """The questions that start at these lines."""
    starts = segments.starts
    found: list[Question] = []
    first = starts[0].line if starts else len(lines)
    passage, section, heading = _between(lines[:first], None, None, "")
    for start, following in pairwise([*starts, None]):
        assert start is not None
        if passage and start.number and not passage.first <= start.number <= passage.last:
            passage = None
        block = lines[start.line : following.line if following else len(lines)]
        question, behind = read_question(block, start, segments.kinds)
        question = question._replace(section=section, heading=heading, context=passage.text if passage else None)
        if passage:
            question = _with_passage(question, passage)
        found.append(question)
        passage, section, heading = _between(behind, passage, section, heading)
    return _with_filled_gaps(found)


def _with_filled_gaps(questions: list[Question]) -> list[Question]:
    """Questions with the key that somebody wrote into the brackets that each leaves for it, `( B )`. Brackets of most questions are such;
    of one alone they may be anything ("vitamin (A)")."""
    asked = [question for question in questions if question.options]
    gaps = [_BRACKETS.search(question.stem) for question in asked]
    if sum(gap is not None and gap[1] is not None for gap in gaps) < 2 or sum(gap is not None for gap in gaps) * 3 < len(asked) * 2:
        return questions

    def filled(question: Question) -> Question:
        gap = _BRACKETS.search(question.stem) if question.options else None
        if gap is None or gap[1] is None or gap[1] not in question.labels or (question.key is not None and question.key != gap[1]):
            return question
        return question._replace(stem=f"{question.stem[: gap.start()]}(   ){question.stem[gap.end() :]}".strip(), key=gap[1])

    return [filled(question) for question in questions]


def _with_passage(question: Question, passage: _Passage) -> Question:
    if question.stem or not question.options:
        return question
    number = question.start.number if question.start else 0
    if re.search(rf"[(\[]\s*{number}\s*[)\]]", passage.text):
        return question  # A blank of a cloze passage: the passage is the question.
    # "Choose the word whose stress differs": the rubric asks.
    return question._replace(stem=passage.text, context=None) if passage.paragraphs == 1 else question


def _between(
    lines: Sequence[ExamLine], passage: _Passage | None, section: str | None, heading: str
) -> tuple[_Passage | None, str | None, str]:
    """Passage, part and its heading for what comes behind these lines."""
    for line in lines:
        if (named := section_of(line.text)) is not None:
            section, heading, passage = named, line.text, None
    rubric = next((i for i, line in enumerate(lines) if RUBRIC.match(line.text)), None)
    if rubric is None:
        return passage, section, heading
    texts = [line.text for line in lines[rubric:] if section_of(line.text) is None]
    # At its end stands what is said of the next question; an e-mail's "Subject:" is the passage's own.
    while texts and (not texts[-1].strip() or _ABOUT.match(texts[-1])):
        texts.pop()
    span = next((match for text in texts[:3] if (match := _FROM_TO.search(text))), None)
    low, high = (int(span[1]), int(span[2])) if span and int(span[1]) <= int(span[2]) else (0, 100_000)
    text = "\n".join(texts).strip()
    return _Passage(text, low, high, sum(bool(text.strip()) for text in texts)), section, heading


def read_question(block: Sequence[ExamLine], start: Start | None, kinds: Sequence[str]) -> tuple[Question, Sequence[ExamLine]]:
    """A question, and the lines behind it that belong to none."""
    head = part(block[0], start.end) if start else block[0]
    lines = [head, *block[1:]]
    shown = hidden(lines)
    opened = _options_open(shown, kinds)
    stop = _stop(lines, opened)
    tail = next(
        (
            i
            for i in range(opened + 1, stop)
            if own_key(lines[i].text) is not None
            or SOLUTION.match(lines[i].text)
            or (OWN_KEY.match(lines[i].text) and not lines[i].text.strip().endswith("?"))
        ),
        stop,
    )
    options = find_options(shown[:tail], kinds)
    text = "\n".join(line.text for line in lines[:stop]).strip()
    if not options.marks:
        told = next((i for i in range(1, stop) if own_key(lines[i].text) is not None), None)
        given = own_key(lines[told].text) if told is not None else None
        # Its key is no part of a statement that is true or false.
        stem = "\n".join(line.text for line in lines[:told]).strip() if told is not None and not options.fault else text
        behind = "\n".join(line.text for line in lines[told + 1 : stop]).strip() if told is not None else ""
        plain = Question(start, None, "", text, stem, [], [], None, given, [], {}, behind, None, options.fault)
        return plain, lines[stop:]
    marks, fault = options.marks, options.fault
    cut, doubt = _last_option_end(lines, marks, tail)
    texts = _texts(lines, marks, cut)
    stem, stem_key = _stem(lines, marks[0])
    key: str | list[str] | None = start.key if start and start.key else stem_key
    glued = glued_key(texts[-1])
    if glued:
        texts[-1], key = texts[-1][: glued[0]].rstrip(), key or glued[1]
    behind_key, explanation, stray, clash = _behind(lines, shown, max(cut, marks[-1].line + 1), stop, marks)
    if isinstance(key, str) and isinstance(behind_key, str) and re.fullmatch("[A-J]", behind_key) and key[:1] != behind_key:
        clash = clash or f"two keys stand with it: {key[:1]}, {behind_key}; keep the right one"
    fault = fault or doubt or clash
    key = key if key is not None else behind_key
    kind = (
        UPPER
        if marks[0].letter.isalpha() and lines[marks[0].line].text[marks[0].at].isupper()
        else LOWER
        if marks[0].letter.isalpha()
        else "numbers"
    )
    letters, ticked, styles = [mark.letter for mark in marks], _ticked(lines, marks), _styles(lines, marks, cut)
    question = Question(start, None, "", text, stem, letters, texts, kind, key, ticked, styles, explanation, None, fault, stray)
    return question, lines[stop:]


def _options_open(lines: Sequence[ExamLine], kinds: Sequence[str]) -> int:
    """The line of the second option; the last line where there is no list."""
    for kind in kinds:
        order = expected_letters(kind, 2)
        if found := anchors(lines, kind):
            behind = (i for i in range(found[0], len(lines)) for mark in marks_of(lines[i], i, kind) if mark.letter == order[1])
            return next(behind, found[0])
        opening = [mark for i, line in enumerate(lines) for mark in marks_of(line, i, kind) if mark.opens]
        if len(opening) >= 2 and kind == UPPER:
            return opening[1].line
    return 0


def _stop(lines: Sequence[ExamLine], opened: int) -> int:
    """Where something begins that isn't the question's: a heading, the end of the exam, the passage of the next questions."""
    for place in range(opened + 1, len(lines)):
        text = lines[place].text
        if section_of(text) is None and not _END.match(text) and not RUBRIC.match(text):
            continue
        later = [line for line in lines[place + 1 : place + 5] if line.text.strip()][:3]
        if section_of(text) is None and not RUBRIC.match(text) and any(own_key(line.text) is not None for line in later):
            continue  # A rule between the options and their key.
        return place
    return len(lines)


def _last_option_end(lines: Sequence[ExamLine], marks: list[Mark], tail: int) -> tuple[int, str | None]:
    """The line behind the last option, and a doubt where that can't be told."""
    last = marks[-1].line
    wrapped = any(
        later.line - earlier.line > 1 and any(line.text.strip() for line in lines[earlier.line + 1 : later.line])
        for earlier, later in pairwise(marks)
    )
    indent = _indent(lines[last].text)
    fenced = False
    for place in range(last + 1, tail):
        text = lines[place].text
        if _FENCE.match(text):
            fenced = not fenced
            continue
        if fenced:
            continue
        before = lines[place - 1].text.rstrip()
        if _FURNITURE.match(text) and not lines[last].text[marks[-1].end :].strip().isupper():
            return place, None
        if not text.strip() or _INSTRUCTION.match(text) or _ABOUT.match(text):
            return place, None
        if (
            _indent(text) > indent
            or wrapped
            or len(before) >= WRAPPED_CHARS
            or text.lstrip()[:1].islower()
            or before[-1:] in ",;:"
            or not lines[last].text[marks[-1].end :].strip()
        ):
            continue
        if text.strip().isupper() and len(text.split()) > 1:
            return place, None
        return (
            place,
            f"the line {text.strip()[:60]!r} behind the last option may be part of it or not; set it off by a blank line, or join it",
        )
    return tail, None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _texts(lines: Sequence[ExamLine], marks: list[Mark], cut: int) -> list[str]:
    texts = []
    ends: list[tuple[int, int | None]] = [(mark.line, mark.start) for mark in marks[1:]] + [(max(cut - 1, marks[-1].line), None)]
    for mark, (line, end) in zip(marks, ends, strict=True):
        if line == mark.line:
            texts.append(lines[line].text[mark.end : end].strip())
            continue
        pieces = [lines[mark.line].text[mark.end :], *(lines[i].text for i in range(mark.line + 1, line)), lines[line].text[:end]]
        texts.append("\n".join(piece.rstrip() for piece in pieces if piece.strip()).strip())
    return texts


def _stem(lines: Sequence[ExamLine], first: Mark) -> tuple[str, str | list[str] | None]:
    """What stands before the first option, without headings of options and lines about the question; a key among it."""
    key: str | list[str] | None = None
    kept: list[str] = []
    for place in range(first.line + 1):
        text = lines[place].text if place < first.line else lines[place].text[: first.start]
        given = own_key(text) if kept or place else None
        if given is not None and (isinstance(given, list) or re.fullmatch(r"[A-J]", given)):
            key = given
        elif not _ABOUT.match(text) or not re.search(r"[:：]", text):
            kept.append(text.rstrip())
    stem = "\n".join(kept).strip("\n").rstrip()
    if kept and not kept[0].startswith((" ", "\t")):
        stem = stem.strip()
    stem = _without_heading(stem)
    gaps = list(_FILLED.finditer(stem)) if _CHINESE.search(stem) else []
    if key is None and len(gaps) == 1:
        # Chinese exams write the key into the gap.
        (filled,) = gaps
        key, stem = filled[1] or filled[2], f"{stem[: filled.start()]}（ ）{stem[filled.end() :]}"
    label = _STEM_LABEL.match(stem)
    return stem[label.end() :] if label else stem, key


def _without_heading(stem: str) -> str:
    """A stem without what only announces its options, on a line of its own or behind its last sentence.

    >>> _without_heading("Which?\\nAnswer options:"), _without_heading("Which? Choices:"), _without_heading("Name the options:")
    ('Which?', 'Which?', 'Name the options:')
    """
    above, parted, last = stem.rpartition("\n")
    heading = _OPTIONS_HEADING.match(last)
    if heading and (parted or heading["sign"]) and (above.strip() or not parted):
        return above.rstrip()
    for sentence in re.finditer(r"[.?!:;]\s", last[-80:]):
        behind = _OPTIONS_HEADING.match(last[-80:], sentence.end())
        if behind and behind["sign"]:
            return stem[: len(stem) - len(last[-80:]) + sentence.end()].rstrip()
    return stem


def _behind(
    lines: Sequence[ExamLine], shown: Sequence[ExamLine], cut: int, stop: int, marks: list[Mark]
) -> tuple[str | list[str] | None, str, str | None, str | None]:
    """Key, explanation, stray list and clash of what follows the options."""
    stray, stop = _stray(lines, shown, cut, stop)
    keys: list[str | list[str]] = []
    opened: int | None = None
    place = cut
    while place < stop:
        text = lines[place].text
        found = own_key(text)
        if found is None and (label := OWN_KEY.match(text)) and label["sign"] and not label["value"].strip(" *_"):
            # The key stands on the next line.
            following = next((i for i in range(place + 1, stop) if lines[i].text.strip()), None)
            found = own_key(f"Answer: {lines[following].text.strip()}") if following is not None else None
            place = following if found is not None and following is not None else place
        if found is not None:
            keys.append(found)
            opened = place if opened is None else opened
        elif SOLUTION.match(text) and opened is None:
            opened = place
        place += 1
    explanation = "\n".join(line.text for line in lines[opened:stop]).strip() if opened is not None else ""
    if (
        opened is not None
        and own_key(explanation) is not None
        and "\n" not in explanation
        and isinstance(keys[0], str)
        and len(keys[0]) == 1
    ):
        explanation = ""  # The key alone explains nothing.
    clear = {key if isinstance(key, str) else "".join(key) for key in keys if isinstance(key, list) or re.fullmatch("[A-J]", key)}
    clash = f"two keys stand behind it: {', '.join(sorted(clear))}; keep the right one" if len(clear) > 1 else None
    expected = expected_letters(UPPER, 10)
    following_letter = expected[len(marks)] if len(marks) < 10 and marks[0].letter == "A" else None
    late = next((mark for i in range(cut, stop) for mark in marks_of(shown[i], i, UPPER) if mark.opens), None)
    if late and late.letter == following_letter and marks[0].letter.isalpha() and lines[marks[0].line].text[marks[0].at].isupper():
        clash = clash or f"option {late.letter} stands behind the key or a blank line with other text; put it beside the other options"
    return keys[0] if keys else None, explanation, stray, clash


def _stray(lines: Sequence[ExamLine], shown: Sequence[ExamLine], cut: int, stop: int) -> tuple[str | None, int]:
    """A list of options behind the key with a text of its own above it (a question without a number), and where that begins."""
    found = anchors(shown[cut:stop], UPPER)
    if not found:
        return None, stop
    above = [line.text for line in lines[cut : cut + found[0]]]
    apart = next((i for i, text in enumerate(above) if not text.strip()), None)
    if apart is None or any(SOLUTION.match(text) for text in above) or not any(text.strip() for text in above[apart:]):
        return None, stop
    return "\n".join(line.text for line in lines[cut + apart : stop]).strip(), cut + apart


def _ticked(lines: Sequence[ExamLine], marks: list[Mark]) -> list[str]:
    """Letters of the options that a star, a tick or a crossed box marks. A cross is a tick only among empty boxes."""
    styles = {mark.letter: lines[mark.line].marks[mark.at] for mark in marks}
    stars = [letter for letter, style in styles.items() if STAR in style]
    if len(stars) == len(marks) > 1:
        return []  # A sign before each option is a bullet.
    if stars or not any(EMPTY in style for style in styles.values()):
        return stars
    return [letter for letter, style in styles.items() if CROSS in style]


def _styles(lines: Sequence[ExamLine], marks: list[Mark], cut: int) -> dict[str, set[str]]:
    """Letters of the options by the style of their mark ("mark:bold") and of most of their text ("text:bold")."""
    found: dict[str, set[str]] = {}
    if sum(len(line.text) for line in lines) > MAX_TEXT_CHARS:
        return found
    for mark, following in pairwise([*marks, None]):
        assert mark is not None
        line = lines[mark.line]
        for style in line.marks[mark.at]:
            found.setdefault(f"mark:{style}", set()).add(mark.letter)
        end = following.start if following and following.line == mark.line else len(line.text)
        text = [line.marks[place] for place in range(mark.end, end) if not line.text[place].isspace()]
        for style, count in Counter(style for marks in text for style in marks).items():
            if count * 2 > len(text):
                found.setdefault(f"text:{style}", set()).add(mark.letter)
    return found
