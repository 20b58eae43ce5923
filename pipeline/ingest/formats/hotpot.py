"""Hot Potatoes' quizzes (JQuiz, .jqz): questions with answers to choose from; typed answers and the other exercises are named."""

from collections.abc import Iterator
from html import unescape
from xml.etree.ElementTree import Element

from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, refused, seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.xml_files import parse_xml, root_name, tag_of
from schemas.errors import DataError

# Their roots, without hyphens, and what they hold.
_OTHERS = {
    "hotpotjclozefile": "gaps to fill in (JCloze)",
    "hotpotjcrossfile": "a crossword (JCross)",
    "hotpotjmatchfile": "matching (JMatch)",
    "hotpotjmixfile": "jumbled sentences (JMix)",
}
ROOT = "hotpotjquizfile"
# By question-type: 1 is multiple choice, 4 several to be ticked.
_TYPED = {"2": "an answer that is typed in", "3": "an answer that is typed in, and only then chosen"}
MIN_PASSAGE_CHARS = 40


def sniff(file: SniffedFile) -> bool:
    """The root element of an XML file."""
    return root_name(file) in (ROOT, *_OTHERS)


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question; the reading text is the context of all. Raises DataError for the other exercises of Hot Potatoes."""
    root = parse_xml(data)
    tag = tag_of(root)
    if tag != ROOT:
        what = _OTHERS.get(tag, f"no exercise of Hot Potatoes (<{tag[:40]}>)")
        raise DataError(f"{what}: nothing in it offers a choice of one among some; a JQuiz (.jqz) does")
    passage = _shown(root.find("data/reading/reading-text"))
    passage = passage if len(passage) >= MIN_PASSAGE_CHARS and root.findtext("data/reading/include-reading", "1").strip() != "0" else ""
    records = list(root.iter("question-record"))
    if not records:
        raise DataError("a quiz of Hot Potatoes without questions")
    for number, record in enumerate(records, start=1):
        item = _item(f"item:{number}", record, passage)
        yield seen_text(item)
        yield item


def _item(locator: str, record: Element, passage: str) -> Item:
    stem = _shown(record.find("question"))
    kind = record.findtext("question-type", "1").strip()
    if kind in _TYPED:
        return refused(locator, stem, _TYPED[kind], {"context": passage})
    answers = [
        one for one in record.iter("answer") if one.findtext("include-in-mc-options", "1").strip() != "0" and _shown(one.find("text"))
    ]
    right = [place for place, answer in enumerate(answers) if answer.findtext("correct", "0").strip() == "1"]
    image = "picture" if "[image]" in stem else None
    return Item(locator, choice_cells(stem, [_shown(answer.find("text")) for answer in answers], right, context=passage, image=image))


def _shown(element: Element | None) -> str:
    text = "".join(element.itertext()) if element is not None else ""
    return html_text(text) if is_html(text) else unescape(text).strip()


FORMAT = Format("hotpot", sniff, read_bytes=read)
