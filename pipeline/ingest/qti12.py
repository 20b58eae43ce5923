"""Items of IMS QTI 1.2 (imsglobal.org/question/qtiv1p2): as Canvas, text2qti, Respondus, Blackboard and IMS's own examples write them.

Which choice is right isn't written there: a table of conditions gives scores. The key is the response that scores most when the conditions
are run through."""

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree.ElementTree import Element

from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, refused
from pipeline.ingest.items import Item
from pipeline.ingest.markup_xml import inner_html
from pipeline.ingest.xml_files import attributes_of, tag_of

# With more choices the best of all sets of them isn't looked for, and no question has so many.
MAX_TRIED = 10
_WRAPPED = re.compile(r"\s*<(p|div)\b[^<>]*>.*</\1>\s*", re.DOTALL | re.IGNORECASE)
_CLOSED_TAG = re.compile(
    r"</(?:p|div|span|b|i|u|em|strong|sub|sup|font|ul|ol|li|table|pre|code|h[1-6])\s*>|<(?:img|br)\b[^<>]*>", re.IGNORECASE
)
_EITHER_OR = re.compile(r"([a-z]+)_([a-z]+)\.(true|false)", re.IGNORECASE)
_TEXTS = ("mattext", "matemtext", "mat_formattedtext", "formatted_text")
_LINES = ("material", "matbreak", "flow", "flow_mat", "response_lid", "response_str", "response_num")
_SOUND_OR_FILE = ("mataudio", "matvideo", "matapplet", "matapplication")
# Kinds as Canvas and Blackboard name them, where that says more than the XML does.
_KINDS = {
    "essay_question": "an essay",
    "short_answer_question": "a fill-in question",
    "numerical_question": "a numerical question",
    "calculated_question": "a calculated question with random numbers",
    "matching_question": "a matching question",
    "multiple_dropdowns_question": "a text with several drop-down lists",
    "fill_in_multiple_blanks_question": "a text with several gaps",
    "file_upload_question": "a file upload",
    "text_only_question": "a text without a question",
}
_RENDERED = {
    "render_fib": "an open or fill-in question (render_fib)",
    "render_hotspot": "a hotspot on a picture (render_hotspot)",
    "render_slider": "a slider (render_slider)",
    "render_extension": "an interaction of the platform's own (render_extension)",
}
_RESPONSES = {
    "response_str": "an open or fill-in question (response_str)",
    "response_num": "a numerical question (response_num)",
    "response_xy": "a hotspot (response_xy)",
    "response_grp": "a matching question (response_grp)",
    "response_extension": "an interaction of the platform's own (response_extension)",
}


def items_of(root: Element) -> Iterator[Item]:
    """One item each in document order; a section's own material is the context of its items."""
    numbered = enumerate(_with_context(root), start=1)
    for number, (item, context) in numbered:
        yield _Question(item, context).read(f"item:{number}")


def _with_context(root: Element) -> Iterator[tuple[Element, str]]:
    stack: list[tuple[Element, str]] = [(root, "")]
    while stack:
        element, context = stack.pop()
        tag = tag_of(element)
        if tag == "item":
            yield element, context
            continue
        if tag == "section":
            material = [child for child in element if tag_of(child) == "presentation_material"]
            own = "\n".join(_material(piece)[0] for piece in material)
            context = "\n\n".join(part for part in (context, own) if part)
        stack.extend((child, context) for child in reversed(element))


class _Question:
    """One item: its stem, its choices by identifier, and what each response would score."""

    def __init__(self, item: Element, context: str) -> None:
        self.item, self.context = item, context
        self.presentation = next((child for child in item if tag_of(child) == "presentation"), None)
        self.meta = _metadata(item)
        self.picture = ""

    def read(self, locator: str) -> Item:
        stem = self._stem()
        more = {"id": self.item.get("ident") or self.item.get("title"), "context": self.context}
        responses = [] if self.presentation is None else [e for e in self.presentation.iter() if tag_of(e).startswith("response_")]
        responses = [response for response in responses if tag_of(response) != "response_label"]
        # Brightspace sets how it is shown beside the choices.
        responses = [response for response in responses if tag_of(response) != "response_extension"] or responses
        if what := self._no_choice(responses):
            return refused(locator, stem, what, more)
        (response,) = responses
        labels = [element for element in response.iter() if tag_of(element) == "response_label"]
        texts = [self._option(label) for label in labels]
        idents = [(label.get("ident") or "").strip() for label in labels]
        several = (attributes_of(response).get("rcardinality") or "").lower() == "multiple"
        right = _right(self.item, idents, several)
        return Item(locator, choice_cells(stem, texts, right, **more, explanation=self._explanation(), image=self.picture))

    def _no_choice(self, responses: list[Element]) -> str:
        """What kind of question it is, where it isn't one choice among some."""
        kind = self.meta.get("question_type", "") or self.meta.get("bbmd_questiontype", "")
        if kind in _KINDS:
            return _KINDS[kind]
        named = f" ({kind})" if kind else ""
        if not responses:
            return f"a text without a response{named}"
        if len(responses) > 1:
            return f"several responses in one item: matching or gaps{named}"
        response = responses[0]
        if tag_of(response) in _RESPONSES:
            return _RESPONSES[tag_of(response)] + named
        if (attributes_of(response).get("rcardinality") or "").lower() == "ordered":
            return f"an ordering question{named}"
        rendered = [tag_of(element) for element in response.iter() if tag_of(element).startswith("render_")]
        return next((_RENDERED[tag] + named for tag in rendered if tag in _RENDERED), "")

    def _stem(self) -> str:
        if self.presentation is None:
            return ""
        self.doubled = False
        text, picture = _material(self.presentation)
        self.picture = picture
        if _WRAPPED.fullmatch(text):
            # Escaped twice: what was to be markup shows as text, the stem's own wrapping too.
            self.doubled, text = True, html_text(text)
            self.picture = self.picture or ("picture" if "[image]" in text else "")
        return text

    def _option(self, label: Element) -> str:
        text, picture = _material(label)
        if self.doubled and _WRAPPED.fullmatch(text):
            text = html_text(text)
        self.picture = self.picture or picture
        ident = (label.get("ident") or "").strip()
        if found := _EITHER_OR.fullmatch(text or ident):
            return found[1 if found[3].lower() == "true" else 2].capitalize()
        word = text or (ident if ident.lower() in ("true", "false") else "")
        return word.capitalize() if word.lower() in ("true", "false") else word

    def _explanation(self) -> str:
        """General feedback and solutions; else what a right answer is told."""
        general, right = [], []
        for feedback in self.item:
            if tag_of(feedback) != "itemfeedback":
                continue
            name = (feedback.get("ident") or "").lower()
            text = _material(feedback)[0]
            if any(tag_of(part) == "solution" for part in feedback.iter()) or name.startswith(
                ("general_fb", "general_feedback", "solution")
            ):
                general.append(text)
            elif name in ("correct", "correct_fb"):
                right.append(text)
        return "\n".join(filter(None, general or right))


def _metadata(item: Element) -> dict[str, str]:
    """Fields of the item's metadata, and Blackboard's elements (bbmd_questiontype), in small letters."""
    found: dict[str, str] = {}
    for element in item.iter():
        tag = tag_of(element)
        if tag.startswith("bbmd_"):
            found[tag] = (element.text or "").strip()
        elif tag == "qtimetadatafield":
            cells = {tag_of(child): (child.text or "").strip() for child in element}
            found[cells.get("fieldlabel", "").lower()] = cells.get("fieldentry", "")
    return found


def _material(root: Element) -> tuple[str, str]:
    """The text of the materials below an element, choices apart, and the name of a picture or sound among them: what stands in one
    `material` is one line."""
    lines: list[list[str]] = [[]]
    picture = ""
    stack = [root]
    while stack:
        element = stack.pop()
        tag = tag_of(element)
        if element is not root and tag in ("response_label", "hint"):
            continue
        if tag in _TEXTS:
            text, found = _text(element)
            lines[-1].append(text)
            picture = picture or found
        elif tag == "matimage" or (tag in _SOUND_OR_FILE and (element.get("uri") or element.get("label"))):
            lines[-1].append("[image]")
            picture = picture or element.get("uri") or element.get("label") or "picture"
        else:
            if tag in _LINES:
                lines.append([])
            stack.extend(reversed(element))
    return "\n".join(text for line in lines if (text := " ".join(filter(None, line)))), picture


def _text(element: Element) -> tuple[str, str]:
    """A text as its type says (HTML or plain); without a type, or where HTML was written as XML, as it looks."""
    kind = (attributes_of(element).get("texttype") or element.get("type") or "").lower()
    if len(element):
        # Markup that wasn't escaped.
        raw, kind = inner_html(element), "text/html"
    else:
        raw = element.text or ""
    if "html" in kind or "smart" in kind or (kind in ("", "text/x-plain", "text/rtf") and _CLOSED_TAG.search(raw)):
        text = html_text(raw)
        source = re.search(r"<img\b[^<>]*?\bsrc\s*=\s*[\"']([^\"'<>]+)", raw, re.IGNORECASE) if "[image]" in text else None
        return text, source[1] if source else "picture" if "[image]" in text else ""
    return raw.strip("\n").strip() if "\n" not in raw.strip() else raw.strip("\n"), ""


def _right(item: Element, idents: list[str], several: bool) -> list[int]:
    """Places of the choices that the best response holds: of one choice, or of some where several may be chosen; [] where no response
    scores, or where the conditions can't be run through."""
    conditions = [_Condition(element) for element in item.iter() if tag_of(element) == "respcondition"]
    if not conditions or len(set(idents)) < len(idents):
        return []
    sizes = range(1, len(idents) + 1) if several else range(1, 2)
    if several and len(idents) > MAX_TRIED:
        return []
    scored = {
        chosen: round(_score(conditions, frozenset(idents[place] for place in chosen)), 4)
        for size in sizes
        for chosen in combinations(range(len(idents)), size)
    }
    best = max(scored.values(), default=0.0)
    if best <= 0 or best == min(scored.values()):
        return []
    winners = [chosen for chosen, score in scored.items() if score == best]
    # Choices that cost nothing are not part of the key; where several small sets are as good, none of them alone is it.
    return sorted({place for chosen in winners if len(chosen) == len(winners[0]) for place in chosen})


def _score(conditions: list["_Condition"], chosen: frozenset[str]) -> float:
    score, met = 0.0, False
    for condition in conditions:
        if not condition.holds(chosen, met):
            continue
        met = True
        score = condition.changed(score)
        if not condition.goes_on:
            break
    return score


class _Condition:
    """One line of the table: what has to be chosen, and what that does to the score."""

    def __init__(self, element: Element) -> None:
        self.goes_on = (element.get("continue") or "no").lower() in ("yes", "true")
        self.tests = [test for child in element if tag_of(child) == "conditionvar" for test in child]
        changes = [child for child in element if tag_of(child) == "setvar"]
        named = [
            change
            for change in changes
            if (attributes_of(change).get("varname") or attributes_of(change).get("variablename") or "").upper() == "SCORE"
        ]
        self.changes = [((change.get("action") or "Set").lower(), _number(change.text)) for change in named or changes]
        if not changes:
            # Some only say what is shown then.
            shown = [element.get("title") or "", *(child.get("linkrefid") or "" for child in element if tag_of(child) == "displayfeedback")]
            if any(re.match(r"(?i)correct|right", name) for name in shown):
                self.changes = [("set", 1.0)]

    def holds(self, chosen: frozenset[str], met: bool) -> bool:
        return bool(self.tests) and all(_holds(test, chosen, met) for test in self.tests)

    def changed(self, score: float) -> float:
        for action, value in self.changes:
            score = (
                score + value
                if action == "add"
                else score - value
                if action == "subtract"
                else score * value
                if action == "multiply"
                else value
            )
        return score


def _holds(test: Element, chosen: frozenset[str], met: bool) -> bool:
    tag, value = tag_of(test), (test.text or "").strip()
    if tag == "and":
        return all(_holds(child, chosen, met) for child in test)
    if tag == "or":
        return any(_holds(child, chosen, met) for child in test)
    if tag == "not":
        return not any(_holds(child, chosen, met) for child in test)
    if tag == "varequal":
        return value in chosen
    if tag == "varsubset":
        return bool(value) and {part.strip() for part in value.split(",")} <= chosen
    if tag == "unanswered":
        return not chosen
    return tag == "other" and not met


def _number(text: str | None) -> float:
    """A score; Blackboard writes the highest one as SCORE.max."""
    written = (text or "").strip()
    if written.lower().endswith(".max"):
        return 100.0
    try:
        return float(written.replace(",", "."))
    except ValueError:
        return 0.0
