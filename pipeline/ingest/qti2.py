"""Items of IMS QTI 2.x and 3.0 (imsglobal.org/question): one choice among some is read, from its `choiceInteraction` or
`inlineChoiceInteraction`; other interactions are named. Names are compared as QTI 2 and 3 have them in common (`plain_tag`)."""

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, key_cell, refused
from pipeline.ingest.items import Item
from pipeline.ingest.markup_xml import escaped, inner_html, outer_html
from pipeline.ingest.xml_files import attributes_of, parse_xml, tag_of
from schemas.errors import DataError
from schemas.reasons import Reason

# A file of the same package by its reference, None where there is none.
Sibling = Callable[[str], bytes | None]

_PASSAGE = re.compile(r"\b(?:passage|stimulus|reading)\b", re.IGNORECASE)
_GOOD_FEEDBACK, _BAD_FEEDBACK = (
    re.compile(r"correct|right|general|solution|explanation|rationale", re.I),
    re.compile(r"incorrect|wrong|not_", re.I),
)
_PICTURES = ("img", "object", "svg", "video", "audio", "picture", "embed", "portablecustominteraction")
_OTHERS = {
    "extendedtextinteraction": "an essay",
    "textentryinteraction": "a fill-in question",
    "matchinteraction": "a matching question",
    "associateinteraction": "a matching question",
    "orderinteraction": "an ordering question",
    "gapmatchinteraction": "gaps to be filled by dragging",
    "hottextinteraction": "words to be marked in a text",
    "hotspotinteraction": "a hotspot on a picture",
    "selectpointinteraction": "a point to be set on a picture",
    "graphicorderinteraction": "an ordering question on a picture",
    "sliderinteraction": "a slider",
    "uploadinteraction": "a file upload",
    "drawinginteraction": "a drawing",
    "mediainteraction": "a sound or film",
}
_CHOICES = ("choiceinteraction", "inlinechoiceinteraction")
_GAP = "_____"


def items_of(root: Element, sibling: Sibling, context: str = "") -> Iterator[Item]:
    """One item for each `assessmentItem` at or below the root; `context` is shared by all."""
    found = (element for element in root.iter() if tag_of(element) == "assessmentitem")
    for number, item in enumerate(found, start=1):
        yield _Question(item, sibling, context).read(f"item:{number}")


def references_of(root: Element) -> dict[str, str]:
    """The files of a test's items, with what the test's sections say to candidates: passages, instructions."""
    found: dict[str, str] = {}
    stack = [(root, "")]
    while stack:
        element, context = stack.pop()
        if tag_of(element) == "assessmentitemref":
            found[attributes_of(element).get("href", "")] = context
            continue
        notes = [html_text(inner_html(child)) for child in element if _is_for_candidates(child)]
        inner = "\n\n".join(filter(None, (context, *notes)))
        stack.extend((child, inner) for child in reversed(element))
    return found


def _is_for_candidates(element: Element) -> bool:
    return tag_of(element) == "rubricblock" and "candidate" in attributes_of(element).get("view", "candidate")


class _Question:
    def __init__(self, item: Element, sibling: Sibling, context: str) -> None:
        self.item, self.sibling = item, sibling
        self.body = next((child for child in item if tag_of(child) == "itembody"), None)
        self.context: list[str] = [context]
        self.missing: list[str] = []
        self.picture = ""

    def read(self, locator: str) -> Item:
        self._stimuli()
        body = self.body
        interactions = (
            [] if body is None else [e for e in body.iter() if tag_of(e).endswith("interaction") and tag_of(e) != "endattemptinteraction"]
        )
        random = any(tag_of(element) == "printedvariable" for element in self.item.iter())
        choice = interactions[0] if len(interactions) == 1 and tag_of(interactions[0]) in _CHOICES else None
        options, idents = self._options(choice) if choice is not None else ([], [])
        stem = self._stem(choice)
        context = "\n\n".join(filter(None, self.context))
        more = {"id": attributes_of(self.item).get("identifier") or attributes_of(self.item).get("title"), "context": context}
        if self.missing:
            names = ", ".join(self.missing)[:200]
            what = f"what it refers to stands in another file, which isn't here: {names}; give the whole package (.zip)"
            return refused(locator, stem, what, more, Reason.MALFORMED_ROW)
        if choice is None:
            return refused(locator, stem, _kinds(interactions), more, _reason(interactions))
        if random:
            return refused(locator, stem, "its numbers are drawn anew each time (printedVariable)", more)
        cells = choice_cells(stem, options, [], **more, explanation=self._explanation(), image=self.picture)
        keys = [idents.index(key) + 1 if key in idents else f"the identifier {key}" for key in self._keys(choice)]
        answers = [str(key) for key in dict.fromkeys(keys)]
        return Item(locator, cells | {"answer": key_cell(answers)})

    def _stimuli(self) -> None:
        """Passages that stand in files of their own."""
        for element in self.item.iter():
            tag, attributes = tag_of(element), attributes_of(element)
            href = attributes.get("href") if tag in ("assessmentstimulusref", "include") else None
            if tag == "object" and attributes.get("data", "").lower().endswith((".html", ".htm", ".xhtml", ".xml", ".txt")):
                href = attributes["data"]
            if href is None:
                continue
            data = self.sibling(href)
            if data is None:
                self.missing.append(href)
            elif text := _passage(data, href):
                self.context.append(text)

    def _stem(self, choice: Element | None) -> str:
        """The body's text with the prompt in its place; notes of the candidate's and passages are context."""
        if self.body is None:
            return ""
        pieces: list[str] = []
        self._collect(self.body, choice, pieces)
        return html_text("".join(pieces))

    def _collect(self, element: Element, choice: Element | None, pieces: list[str]) -> None:
        pieces.append(escaped(element.text))
        for child in element:
            tag = tag_of(child)
            if tag == "rubricblock":
                if _is_for_candidates(child):
                    self.context.append(self._html(inner_html(child)))
            elif (
                tag in ("div", "section", "blockquote")
                and choice is not None
                and not _holds(child, choice)
                and _PASSAGE.search(child.get("class") or "")
            ):
                self.context.append(self._html(inner_html(child)))
            elif (
                tag
                in (
                    "feedbackinline",
                    "feedbackblock",
                    "modalfeedback",
                    "templateinline",
                    "templateblock",
                    "stylesheet",
                    "endattemptinteraction",
                )
                or (tag == "object" and attributes_of(child).get("data", "").lower().endswith((".html", ".htm", ".xhtml", ".xml", ".txt")))
                or tag == "include"
            ):
                pass
            elif tag == "inlinechoiceinteraction" or tag == "textentryinteraction":
                pieces.append(f" {_GAP} ")
            elif tag.endswith("interaction"):
                prompt = next((e for e in child if tag_of(e) == "prompt"), None)
                pieces.append(f"<div>{self._marked(inner_html(prompt))}</div>" if prompt is not None else "<br>")
            elif any(
                tag_of(inner).endswith("interaction") or tag_of(inner) in ("feedbackinline", "feedbackblock", "rubricblock")
                for inner in child.iter()
            ) or _PASSAGE.search(" ".join(e.get("class") or "" for e in child.iter())):
                name = tag if tag.isalpha() else "div"
                pieces.append(f"<{name}>")
                self._collect(child, choice, pieces)
                pieces.append(f"</{name}>")
            else:
                pieces.append(self._marked(outer_html(child)))
            pieces.append(escaped(child.tail))

    def _marked(self, html: str) -> str:
        """Notes the picture that a piece of HTML holds."""
        if not self.picture and (
            source := re.search(r"<(?:img|object|video|audio|embed|source)\b[^<>]*?\b(?:src|data)=\"([^\"<>]+)", html)
        ):
            self.picture = source[1]
        return html

    def _html(self, html: str) -> str:
        return html_text(self._marked(html))

    def _options(self, choice: Element) -> tuple[list[str], list[str]]:
        options, idents = [], []
        for element in choice.iter():
            if tag_of(element) in ("simplechoice", "inlinechoice"):
                options.append(self._html(_without_feedback(element)))
                idents.append(attributes_of(element).get("identifier", "").strip())
        return options, idents

    def _keys(self, choice: Element) -> list[str]:
        """Identifiers of the right choices: the correct response, else what scores most (all that score, where several are chosen)."""
        wanted = attributes_of(choice).get("responseidentifier", "")
        declared = [element for element in self.item if tag_of(element) == "responsedeclaration"]
        own = next((element for element in declared if attributes_of(element).get("identifier") == wanted), None)
        if own is None:
            return []
        for element in own:
            if tag_of(element) == "correctresponse" and (values := [(v.text or "").strip() for v in element if tag_of(v) == "value"]):
                return [value for value in values if value]
        shares: dict[str, float] = {}
        for element in own.iter():
            if tag_of(element) == "mapentry":
                attributes = attributes_of(element)
                shares[attributes.get("mapkey", "").strip()] = _number(attributes.get("mappedvalue"))
        best = max(shares.values(), default=0.0)
        several = attributes_of(own).get("cardinality") == "multiple"
        return [key for key, share in shares.items() if share > 0 and (several or share == best)]

    def _explanation(self) -> str:
        found = [e for e in self.item.iter() if tag_of(e) in ("modalfeedback", "feedbackblock")]
        names = [f"{attributes_of(e).get('identifier', '')} {attributes_of(e).get('outcomeidentifier', '')}" for e in found]
        good = [e for e, name in zip(found, names, strict=True) if _GOOD_FEEDBACK.search(name) and not _BAD_FEEDBACK.search(name)]
        return "\n".join(filter(None, (html_text(inner_html(element)) for element in good)))


def _holds(outer: Element, inner: Element) -> bool:
    return any(element is inner for element in outer.iter())


def _without_feedback(element: Element) -> str:
    pieces = [escaped(element.text)]
    for child in element:
        if tag_of(child) not in ("feedbackinline", "feedbackblock"):
            pieces.append(
                outer_html(child) if not any(tag_of(e).startswith("feedback") for e in child.iter()) else _without_feedback(child)
            )
        pieces.append(escaped(child.tail))
    return "".join(pieces)


def _passage(data: bytes, href: str) -> str:
    """The text of a stimulus: XML of its own, or a page."""
    try:
        root = parse_xml(data)
    except DataError:
        return html_text(data.decode("utf-8", "replace"))
    body = next((e for e in root.iter() if tag_of(e) in ("stimulusbody", "body")), root)
    return html_text(inner_html(body))


def _number(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", "."))
    except ValueError:
        return 0.0


def _kinds(interactions: list[Element]) -> str:
    if not interactions:
        return "a text without an interaction"
    names = list(dict.fromkeys(tag_of(element) for element in interactions))
    if len(interactions) > 1 and set(names) <= set(_CHOICES):
        return f"{len(interactions)} choices in one item; make an item of each"
    return ", ".join(f"{_OTHERS.get(name, 'an interaction of another kind')} ({name})" for name in names)


def _reason(interactions: list[Element]) -> Reason:
    choices = sum(tag_of(element) in _CHOICES for element in interactions)
    return Reason.MULTIPLE_QUESTIONS if choices > 1 and choices == len(interactions) else Reason.NOT_MULTIPLE_CHOICE
