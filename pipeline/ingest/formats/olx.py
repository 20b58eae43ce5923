"""Open edX problems (docs.openedx.org, "OLX"): one choice of a list or of a drop-down; other kinds of response are named."""

import ast
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, refused, seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.markup_xml import escaped, outer_html
from pipeline.ingest.xml_files import parse_xml, root_name, tag_of, wrong_root
from schemas.errors import DataError
from schemas.reasons import Reason

ROOTS = ("problem", "library", "problems")
# Outlines of a course, which may hold the problems themselves.
OUTLINES = ("vertical", "sequential", "chapter", "course")
_CHOICES = ("multiplechoiceresponse", "choiceresponse", "optionresponse", "truefalseresponse")
_OTHERS = {
    "numericalresponse": "a numerical question",
    "stringresponse": "a fill-in question",
    "formularesponse": "a formula to be typed",
    "symbolicresponse": "a formula to be typed",
    "customresponse": "a question that a program marks",
    "coderesponse": "code to be written",
    "externalresponse": "a question that a program marks",
    "schematicresponse": "a circuit to be drawn",
    "imageresponse": "a point to be set on a picture",
    "jsmeresponse": "a molecule to be drawn",
    "javascriptresponse": "an interaction of the platform's own",
    "annotationresponse": "notes on a text",
    "choicetextresponse": "a choice with text to be typed",
    "jsinput": "an interaction of the platform's own",
}
_NOTES = (
    "solution",
    "choicehint",
    "optionhint",
    "demandhint",
    "compoundhint",
    "hintgroup",
    "correcthint",
    "script",
    "style",
    "hint",
    "responseparam",
)
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})")
_SOURCE = re.compile(r"<(?:img|video|audio|object|iframe)\b[^<>]*?\b(?:src|data)=\"([^\"<>]+)")


def sniff(file: SniffedFile) -> bool:
    """The root element of an XML file."""
    root = root_name(file)
    return root in ROOTS or (root in OUTLINES and re.search(rb"<(?:[a-z]+response|choicegroup|optioninput)\b", file.data) is not None)


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a response, `item:N`, or `item:N.2` where a problem asks for several."""
    root = parse_xml(data)
    if tag_of(root) not in (*ROOTS, *OUTLINES):
        raise wrong_root(root)
    # Without content it only refers to a file of its own.
    problems = [element for element in root.iter() if tag_of(element) == "problem" and (len(element) or (element.text or "").strip())]
    for number, problem in enumerate(problems, start=1):
        for item in _items(problem, f"item:{number}"):
            yield seen_text(item)
            yield item
    if not problems:
        raise DataError(
            f"no problem with content below <{tag_of(root)}>: give the whole export (.zip, .tar.gz), or the files of its problems"
        )


def _items(problem: Element, locator: str) -> Iterator[Item]:
    responses = [element for element in problem.iter() if tag_of(element).endswith("response") or tag_of(element) == "jsinput"]
    common = {"id": problem.get("url_name") or problem.get("display_name")}
    if not responses:
        yield refused(locator, html_text(_without(problem)), "a text without a response", common)
        return
    texts, inline = _texts(problem, responses)
    if inline and len(responses) > 1:
        yield refused(locator, "\n".join(texts), f"{len(responses)} gaps or lists in one text", common, Reason.MULTIPLE_QUESTIONS)
        return
    random = any(tag_of(element) == "script" for element in problem.iter())
    for place, response in enumerate(responses):
        where = locator if len(responses) == 1 else f"{locator}.{place + 1}"
        question = _Response(problem, response)
        context, stem = _stem(texts, place, question)
        more: dict[str, str | None] = {**common, "context": context}
        if not question.is_choice:
            yield refused(where, stem, _OTHERS.get(tag_of(response), f"a response of another kind ({tag_of(response)})"), more)
        elif random and _VARIABLE.search(f"{stem} {' '.join(question.options)}"):
            yield refused(where, stem, "its numbers are drawn anew each time ($variables of a script)", more)
        else:
            image = question.picture or ("picture" if "[image]" in f"{context}{stem}" else "")
            yield Item(where, choice_cells(stem, question.options, question.right, **more, explanation=question.explanation, image=image))


def _stem(texts: list[str], place: int, question: "_Response") -> tuple[str | None, str]:
    """Context and stem of a response: where several have stems of their own, what stands before the first is for all; where they have
    none, its last line is the first one's stem, and what stands before that line is for all."""
    if len(texts) == 1:
        return None, "\n".join(filter(None, (texts[0], question.stem)))
    if question.stem:
        return "\n".join(filter(None, dict.fromkeys((texts[0], texts[place])))) or None, question.stem
    shared, _, first = texts[0].rpartition("\n")
    return shared or None, texts[place] if place else first


class _Response:
    """One response: its own label, its choices and which are right."""

    def __init__(self, problem: Element, response: Element) -> None:
        self.picture = ""
        self.is_choice = tag_of(response) in _CHOICES
        self.options: list[str] = []
        self.right: list[int] = []
        notes = [self._text(child) for child in response.iter() if tag_of(child) == "description"]
        inner = self._marked(_without(response, ("choicegroup", "checkboxgroup", "radiogroup", "optioninput", "description")))
        self.stem = "\n".join(filter(None, (inner, *notes)))
        for choice in response.iter():
            if tag_of(choice) in ("choice", "option"):
                if (choice.get("correct") or "").strip().lower() in ("true", "yes", "1"):
                    self.right.append(len(self.options))
                self.options.append(self._text(choice))
            elif tag_of(choice) == "optioninput" and choice.get("options"):
                self._listed(choice)
        found = [html_text(_without(element)) for element in problem.iter() if tag_of(element) == "solution"]
        own = [html_text(_without(element)) for element in response.iter() if tag_of(element) == "solution"]
        self.explanation = "\n".join(filter(None, own or found))

    def _listed(self, choices: Element) -> None:
        """`options="('red','blue')" correct="blue"`."""
        texts = _options_in(choices.get("options") or "")
        correct = (choices.get("correct") or "").strip()
        self.right += [len(self.options) + place for place, text in enumerate(texts) if text == correct]
        self.options += texts

    def _text(self, element: Element) -> str:
        return self._marked(_without(element))

    def _marked(self, html: str) -> str:
        text = html_text(html)
        if "[image]" in text and not self.picture:
            source = _SOURCE.search(html)
            self.picture = source[1] if source else "picture"
        return text


def _options_in(written: str) -> list[str]:
    """The options of a drop-down, as a Python tuple or in words.

    >>> _options_in("('red','it\\\\'s blue')"), _options_in("(a, b)")
    (['red', "it's blue"], ['a', 'b'])
    """
    try:
        value: Any = ast.literal_eval(written.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return [part.strip().strip("'\"") for part in written.strip().strip("()").split(",") if part.strip()]
    return [str(part).strip() for part in value] if isinstance(value, list | tuple) else [str(value).strip()]


def _without(element: Element, more: tuple[str, ...] = ()) -> str:
    """The inside of an element as HTML, without hints, solutions and what `more` names."""
    pieces = [escaped(element.text)]
    for child in element:
        tag = tag_of(child)
        if tag not in _NOTES and tag not in more:
            plain = not any(tag_of(inner) in _NOTES or tag_of(inner) in more for inner in child.iter())
            pieces.append(outer_html(child) if plain else f"<div>{_without(child, more)}</div>")
        pieces.append(escaped(child.tail))
    return "".join(pieces)


def _texts(problem: Element, responses: list[Element]) -> tuple[list[str], bool]:
    """For each response the text since the one before it, and whether one stands inside a line. Such a one is a gap; what stands behind
    the last response is part of the only one's stem."""
    wanted = {id(response) for response in responses}
    pieces: list[list[str]] = [[]]
    inline = False

    def collect(element: Element) -> None:
        nonlocal inline
        before = element.text or ""
        pieces[-1].append(escaped(element.text))
        for child in element:
            if id(child) in wanted:
                if tag_of(element) not in ("problem", "div", "section") and (before.strip() or (child.tail or "").strip()):
                    inline = True
                    pieces[-1].append(" _____ ")
                if len(responses) > 1:
                    pieces.append([])
            elif tag_of(child) not in _NOTES:
                if any(id(inner) in wanted for inner in child.iter()):
                    name = tag_of(child)
                    pieces[-1].append(f"<{name}>")
                    collect(child)
                    pieces[-1].append(f"</{name}>")
                else:
                    pieces[-1].append(outer_html(child))
            before = child.tail or ""
            pieces[-1].append(escaped(child.tail))

    collect(problem)
    return [html_text("".join(part)) for part in pieces][: len(responses)], inline


FORMAT = Format("olx", sniff, read_bytes=read)
