"""Quizzes of WordPress' WP-Pro-Quiz and LearnDash as they export them (XML): single and multiple choice; other kinds are named."""

from collections.abc import Iterator
from html import unescape
from xml.etree.ElementTree import Element

from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, refused, seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.xml_files import parse_xml, root_name
from schemas.errors import DataError

ROOT = "wpproquiz"
_OTHERS = {
    "free_answer": "an answer that is typed in",
    "sort_answer": "answers to be sorted",
    "matrix_sort_answer": "answers to be matched",
    "cloze_answer": "gaps to fill in",
    "assessment_answer": "a scale to rate oneself",
    "essay": "an essay",
}


def sniff(file: SniffedFile) -> bool:
    """The root element of an XML file."""
    return root_name(file) == ROOT


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question, in the order of the quizzes. Raises DataError for a file without any."""
    questions = list(parse_xml(data).iter("question"))
    if not questions:
        raise DataError("an export of WP-Pro-Quiz without questions: tick the quizzes, and export them again")
    for number, question in enumerate(questions, start=1):
        item = _item(f"item:{number}", question)
        yield seen_text(item)
        yield item


def _item(locator: str, question: Element) -> Item:
    stem = _shown(question.find("questionText"))
    kind = question.get("answerType", "single")
    if kind not in ("single", "multiple"):
        return refused(locator, stem, _OTHERS.get(kind, f"an answer of the kind {kind[:40]}"))
    answers = question.findall("answers/answer")
    options = [_shown(answer.find("answerText")) for answer in answers]
    right = [place for place, answer in enumerate(answers) if answer.get("correct", "").strip().lower() in ("true", "1")]
    image = "picture" if any("[image]" in text for text in (stem, *options)) else None
    category = (question.findtext("category") or "").strip()
    return Item(locator, choice_cells(stem, options, right, subject=category, image=image))


def _shown(element: Element | None) -> str:
    """A text as its page shows it; `html="false"` marks one that is plain."""
    text = "".join(element.itertext()) if element is not None else ""
    if element is not None and element.get("html") == "false":
        return text.strip()
    return html_text(text) if is_html(text) else unescape(text).strip()


FORMAT = Format("wpproquiz", sniff, read_bytes=read)
