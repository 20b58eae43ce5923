"""Moodle XML question banks (docs.moodle.org, "Moodle XML format"): multiple choice and true/false, HTML taken out of its CDATA."""

import html
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.xml_files import parse_xml, root_name, wrong_root

_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_IMAGE = re.compile(r"<img\b(?:[^<>]|<(?!i))*?src\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


def sniff(file: SniffedFile) -> bool:
    """Any XML that no other reader takes: what is no quiz is refused in words."""
    head = file.data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return file.suffix == ".xml" or head.startswith(b"<?xml") or root_name(file) == "quiz"


def read(data: bytes) -> Iterator[Item]:
    """One item a question; categories are its subject. Entities and document types are refused (defusedxml).

    Raises DataError when the file is no Moodle quiz.
    """
    root = parse_xml(data)
    if root.tag != "quiz":
        raise wrong_root(root)
    category, number = None, 0
    for question in root.iter("question"):
        kind = question.get("type", "")
        if kind == "category":
            category = plain(question.findtext("category/text")).rpartition("/")[2]
            continue
        number += 1
        yield Item(f"item:{number}", _cells(question, kind, category))


def _cells(question: Element, kind: str, category: str | None) -> dict[str, Any]:
    raw = question.findtext("questiontext/text") or ""
    cells: dict[str, Any] = {"question": plain(raw), "options": [], "answer": None, "id": plain(question.findtext("name/text"))}
    if kind in ("multichoice", "truefalse"):
        answers = [(answer.findtext("text") or "", _fraction(answer)) for answer in question.iter("answer")]
        raw += " ".join(text for text, _ in answers)
        cells["options"] = [plain(text).capitalize() if kind == "truefalse" else plain(text) for text, _ in answers]
        right = {place for place, (_, fraction) in enumerate(answers) if fraction > 0}
        # Where one answer is chosen, a share of the mark is a consolation, not a key.
        whole = {place for place in right if answers[place][1] > 99}
        several = (question.findtext("single") or "true").strip() in ("false", "0")
        cells["answer"] = [cells["options"][place] for place in sorted(right if several or not whole else whole)]
    feedback = plain(question.findtext("generalfeedback/text"))
    picture = _IMAGE.search(raw)
    extra = {"explanation": feedback, "subject": category, "image": picture[1] if picture else None}
    return cells | {name: value for name, value in extra.items() if value}


def _fraction(answer: Element) -> float:
    try:
        return float((answer.get("fraction") or "0").replace(",", "."))
    except ValueError:
        return 0.0


def plain(text: str | None) -> str:
    """HTML as text: breaks become lines, tags go, entities are resolved.

    >>> plain("<p>2 &lt; 3?<br/>Yes.</p>")
    '2 < 3?\\nYes.'
    """
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text or ""))).strip()


FORMAT = Format("moodle", sniff, read_bytes=read)
