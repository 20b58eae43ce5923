"""Moodle XML question banks (docs.moodle.org, "Moodle XML format"): multiple choice, true/false and gaps with choices (cloze)."""

import html
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from pipeline.common.markup import html_text
from pipeline.ingest.cloze import read_cloze
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.xml_files import parse_xml, root_name, wrong_root
from schemas.reasons import Reason

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*+(?:\s++[a-zA-Z-]++\s*+=[^<>]*+|\s*+/?)>")
_BLOCK_TAG = re.compile(r"<(?:p|div|br|li|tr|h[1-6]|pre)\b", re.IGNORECASE)
_BARE_TAG = re.compile(r"\s*+</?[a-zA-Z][^<>]*+>\s*+")
_IMAGE = re.compile(r"<img\b(?:[^<>]|<(?!i))*?src\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


def sniff(file: SniffedFile) -> bool:
    """Any XML that no other reader takes: what is no quiz is refused in words."""
    head = file.data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return file.suffix == ".xml" or head.startswith(b"<?xml") or (root_name(file) == "quiz" and b"<question" in file.data)


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question; categories are its subject. Document types are refused (defusedxml), HTML's entities known.

    Raises DataError when the file is no Moodle quiz.
    """
    root = parse_xml(data)
    if root.tag != "quiz":
        raise wrong_root(root)
    category, number = None, 0
    for element in root:
        if element.tag != "question" and (text := " ".join("".join(element.itertext()).split())):
            yield Text(text)
    for question in root.iter("question"):
        kind = question.get("type", "")
        if kind == "category":
            category = html.unescape(question.findtext("category/text") or "").strip().rpartition("/")[2]
            continue
        number += 1
        cells = _cells(question, kind, category)
        if kind == "cloze" and cells["gaps"] > 1:
            detail = f"{cells['gaps']} gaps in one text; give each gap a question of its own"
            yield Item(f"item:{number}", cells, Reason.MULTIPLE_QUESTIONS, detail)
            continue
        cells.pop("gaps", None)
        yield Item(f"item:{number}", cells)


def _cells(question: Element, kind: str, category: str | None) -> dict[str, Any]:
    asked = question.find("questiontext")
    shown = _shown(asked)
    cells: dict[str, Any] = {"question": shown, "options": [], "answer": None, "id": (question.findtext("name/text") or "").strip()}
    if kind == "cloze":
        cells |= read_cloze((asked.findtext("text") if asked is not None else "") or "", partial(_shown, asked))
    elif kind in ("multichoice", "truefalse", "multichoiceset", "oumultiresponse"):
        answers = list(question.iter("answer"))
        options = [_shown(answer) for answer in answers]
        bare = [answer.findtext("text") or "" for answer in answers]
        # Authors of questions about HTML forget to escape the tags that they offer: a page would show none of them.
        if sum(map(bool, map(_BARE_TAG.fullmatch, bare))) > 1:
            options = [option or text.strip() for option, text in zip(options, bare, strict=True)]
        cells["options"] = [option.capitalize() if kind == "truefalse" else option for option in options]
        fractions = list(map(_fraction, answers))
        right = {place for place, fraction in enumerate(fractions) if fraction > 0}
        # Where one answer is chosen, a share of the mark is a consolation, not a key.
        whole = {place for place in right if fractions[place] > 99}
        single = (question.findtext("single") or ("true" if kind in ("multichoice", "truefalse") else "false")).strip()
        cells["answer"] = [cells["options"][place] for place in sorted(right if single in ("false", "0") or not whole else whole)]
    feedback = _shown(question.find("generalfeedback"))
    picture = None
    if any("[image]" in text for text in (cells["question"], *cells["options"])):
        sources = (_IMAGE.search(element.findtext("text") or "") for element in (asked, *question.iter("answer")) if element is not None)
        picture = next((found[1] for found in sources if found), "an embedded one")
    extra = {"explanation": feedback, "subject": category, "image": picture}
    return cells | {name: value for name, value in extra.items() if value}


def _fraction(answer: Element) -> float:
    try:
        return float((answer.get("fraction") or "0").replace(",", "."))
    except ValueError:
        return 0.0


def _shown(element: Element | None, text: str | None = None) -> str:
    """The text of an element (or another in its format) as Moodle shows it: HTML, unless its format says that it is none."""
    if element is None:
        return ""
    written = (element.findtext("text") or "") if text is None else text
    kind = element.get("format") or ""
    if kind in ("plain_text", "markdown"):
        return written.strip("\n").rstrip()
    # No tag in it: a "<" is one, and lines are lines.
    if not _TAG.search(written):
        return html.unescape(written).strip("\n").rstrip() if kind != "html" else html_text(written.replace("<", "&lt;"))
    if kind != "html" and not _BLOCK_TAG.search(written):
        written = written.strip().replace("\n", "<br>")
    return html_text(written)


FORMAT = Format("moodle", sniff, read_bytes=read)
