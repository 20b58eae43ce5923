"""Exams in plain text: "Câu 1. ...", options A to D, the key behind each, in a list at the end, by a star, a tick or bold type."""

import re
from collections.abc import Iterator
from itertools import groupby

from pipeline.ingest.exam import PLAIN, ExamLine, Marks, card_items, exam_items, key_lines, plain_line, reads_as_exam
from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.tables import is_question_table, table_items
from schemas.errors import DataError

_START = re.compile(
    r"(?mi)^(?:[^\S\n]|[#>*_\[\]-])*+(?:(?:câu|question|bài|第)\s*(?:hỏi\s*)?(?:số\s*)?\d{1,4}\b|Q?\d{1,3}\s*[.)/．、]|[(（]\d{1,3}[)）]"
    r"|[A-Z]\d[A-Z]\d\d\s*\([A-D]\))"
)
_FIRST_OPTION = re.compile(r"(?m)(?:^|(?<=\s))[*_(\[（【]{0,3}[AaＡａ]\s?[.)/*_:．、）】]{1,3}[:)\]]?\s*\S")
_SECOND_OPTION = re.compile(r"(?m)(?:^|\s)[*_(\[（【]{0,3}[BbＢｂ]\s?[.)/*_:．、）】]")
_TABLE_RULE = re.compile(r"(?m)^[^\S\n]*+\|(?:[^\S\n]*+:?-++:?[^\S\n]*+\|)+[^\S\n]*+$")
# The rule of a table drawn in plain text, +----+----+.
_GRID_RULE = re.compile(r"\s*+\+(?:[-=]++\+)+\s*\Z")
# Open edX's Markdown marks its questions so.
_EDX = re.compile(r"(?m)^>>[^\n<]+<<")
# A list of boxes marks its options by these alone.
_BOXED = re.compile(r"(?m)^[^\S\n]*+(?:[-*+•][^\S\n]++)?(?:\[[ xX✓✔]\]|\([xX ]\)|[☐☑☒✅❌✔✗□○●◯])\ufe0f?[^\S\n]*+\S")
# Bold type or an underline that holds a number, a mark, an option or a key: nothing else of a plain text is set off.
_BOLD_LINE = re.compile(r"\s*+(?:\*\*|<b>|<strong>)(?P<text>(?:(?!\*\*|</?b>|</?strong>).)+)(?:\*\*|</b>|</strong>)\s*\Z")
_BOLD_MARK = re.compile(
    r"(?:\*\*|<b>|<strong>)(?P<text>\(?(?:[A-Ja-j]|(?:Câu|Question)\s\d{1,4}|\d{1,3})\s?[.):]?)(?:\*\*|</b>|</strong>)(?P<behind>[.):]?)",
    re.IGNORECASE,
)
_BOLD_TEXT = re.compile(
    r"(?P<mark>\s*+\(?[A-Ja-j][.)]\s++)(?:\*\*|<b>|<strong>)(?P<text>(?:(?!\*\*|</?b>|</?strong>).)+)(?:\*\*|</b>|</strong>)\s*\Z"
)
_UNDER_MARK = re.compile(r"<u>(?P<text>\(?[A-Ja-j]\s?[.)]?)</u>")
_MARKED = re.compile(r"\s*(?:\(?[A-Ja-j]\s?[.)]|(?:câu|question)\s\d|\d{1,3}[.)]|đáp\s*án|answer|key|bảng)", re.IGNORECASE)
_BOLD = frozenset(["bold"])


def sniff(file: SniffedFile) -> bool:
    """As many lists of options as numbered questions, roughly, or paragraphs that hold a list each; or lists of boxes or numbers."""
    if _EDX.search(file.text):
        return False
    if _TABLE_RULE.search(file.text) or len(_BOXED.findall(file.text)) >= 2:
        return True
    starts, lists = len(_START.findall(file.text)), len(_FIRST_OPTION.findall(file.text))
    if lists > 0 and (lists * 3 >= starts or starts == 0) and _SECOND_OPTION.search(file.text) is not None:
        return True
    return starts > 1 and reads_as_exam(file.text)


def read(text: str) -> Iterator[Item]:
    """One item a numbered question; where nothing is numbered, one a list of options. Raises DataError without any."""
    if cards := card_items(text):
        yield from cards
        return
    tables: list[Item] = []
    lines: list[ExamLine] = []
    for barred, group in groupby(text.split("\n"), key=lambda line: line.lstrip().startswith("|") or _GRID_RULE.match(line) is not None):
        block = list(group)
        rows = [
            [cell.strip(" *") for cell in line.strip().strip("|").split("|")] for line in block if not re.fullmatch(r"[\s|:=+-]+", line)
        ]
        if barred and not is_question_table(rows) and (found := key_lines(rows)):
            lines += found
        elif barred and is_question_table(rows):
            tables += [item._replace(locator=f"table/{item.locator}") for item in table_items([list(row) for row in rows])]
        else:
            lines += map(_line, block)
    items = list(exam_items(lines))
    if not items and not tables:
        raise DataError(
            "the text holds no numbered question (Câu 1. / Question 1: / 1.) with options, and no paragraph with options A., B.; "
            "number the questions and mark their options"
        )
    yield from [*items, *tables]


def _line(raw: str) -> ExamLine:
    """A line, bold or underlined where a number, an option or a key is typed so."""
    bold = _BOLD_LINE.match(raw)
    if bold and _MARKED.match(bold["text"]):
        return ExamLine(bold["text"], [_BOLD] * len(bold["text"]))
    text, marks, start = "", list[Marks](), 0
    for pattern, style in ((_UNDER_MARK, frozenset(["u"])), (_BOLD_MARK, _BOLD)):
        if pattern.search(raw):
            for match in pattern.finditer(raw):
                if match["text"].isalnum() and re.match(r"[\w)\]]", raw[match.start() - 1 : match.start()]):
                    continue  # 2**3**2
                before = raw[start : match.start()]
                text += before + match["text"]
                marks += [PLAIN] * len(before) + [style] * len(match["text"])
                start = match.end() - len(match["behind"] if pattern is _BOLD_MARK else "")
            return ExamLine(text + raw[start:], marks + [PLAIN] * (len(raw) - start))
    if bold_text := _BOLD_TEXT.match(raw):
        mark, inner = bold_text["mark"], bold_text["text"]
        return ExamLine(mark + inner, [PLAIN] * len(mark) + [_BOLD] * len(inner))
    return plain_line(raw)


FORMAT = Format("exam", sniff, read_text=read)
