"""GIFT, Moodle's rich text format (docs.moodle.org, "GIFT format"): `::title:: question {=right ~wrong#feedback}`."""

import html
import re
from collections.abc import Iterator
from typing import Any

from pipeline.common.html_signs import is_html
from pipeline.common.markup import html_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from schemas.reasons import Reason
from schemas.tables.row import MAX_TEXT_CHARS

# `{1:MULTICHOICE:=a~b}` is the form of embedded answers.
_EMBEDDED = r"(?:\d*:(?:MULTICHOICE|MULTICHOICE_[VHS]+|MC|MC[VHS]+):)"
# What shows a GIFT file: an answer block with a right answer (=), a wrong one (~) or a truth value. An empty one is LaTeX's as well.
BLOCK = re.compile(
    rf"(?<!\\)\{{\s*+(?:(?:{_EMBEDDED}|\d+:)\s*+)?(?:[=~]|(?:T|F|TRUE|FALSE)\s*+(?:#(?:\\.|[^{{}}\\])*+)?\}})", re.IGNORECASE
)
_ANSWER = re.compile(r"(?<!\\)([=~])((?:\\.|[^=~\\])*)", re.DOTALL)
_WEIGHT = re.compile(r"\s*%(-?[\d.,]+)%")
_CATEGORY = re.compile(r"[ \t]*\$CATEGORY:[ \t]*(.*)")
FORMAT_TAG = re.compile(r"\A\s*+\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
# A paragraph whose question ends in an answer block: behind a word, a gap or a sentence, not where a formula or code has its braces.
_ASKING = re.compile(
    rf"(?<![\\$^_}}=(\[\"'\w])(?<!=\s)\{{\s*+(?:(?:{_EMBEDDED}|\d+:)\s*+)?"
    r"(?:[=~](?!=)(?:\\.|[^{}\\])++\}|(?:T|F|TRUE|FALSE)\s*+(?:#(?:\\.|[^{}\\])*+)?\}\s*+\Z)"
)
_GLUED = re.compile(rf"(?<=\w)\{{\s*+(?:(?:{_EMBEDDED}|\d+:)\s*+)?[=~](?!=)(?:\\.|[^{{}}~\\])*+[~](?:\\.|[^{{}}\\])++\}}")
_TAG = re.compile(r"</?(?:p|br|div|span|li|ul|ol|b|i|u|em|strong|sub|sup|img|pre|code)(?:\s[^<>]*+)?/?>", re.IGNORECASE)
# The rest of a text in braces, which may hold pairs of its own.
_CLOSING = re.compile(r"(?:\\.|[^{}\\]|\{(?:\\.|[^{}\\])*+\})*+\}", re.DOTALL)
_WRONG = re.compile(r"(?<!\\)~")


_SIGNS = re.compile(r"%-?[\d.,]{1,20}%|\[(?:html|moodle|plain|markdown)\]", re.IGNORECASE)
_LOOSE_SIGN = re.compile(r"(?<!\\)(?:[=~#{}]|::)")


def sniff(file: SniffedFile) -> bool:
    """The suffix, a title before an answer block, or paragraphs most of which hold an answer block."""
    if file.suffix == ".gift" or re.search(r"(?m)^::[^:\n]+::.*\{", file.text) is not None:
        return True
    if BLOCK.search(file.text) is None:
        return False
    asked = others = 0
    for chunk in re.split(r"\n[ \t]*+\n", file.text):
        lines = [line for line in chunk.split("\n") if line.strip() and not line.lstrip().startswith(("//", "$CATEGORY"))]
        if lines:
            asks = _ASKING.search(body := "\n".join(lines)) is not None or _GLUED.search(body) is not None
            asked, others = asked + asks, others + (not asks)
    return asked > others


def read(text: str) -> Iterator[Item | Text]:
    """One item a question; `//` lines are comments, `$CATEGORY:` lines the subject of what follows.

    >>> next(item for item in read("::q1:: Which is even? {=2 ~1 ~3#no}") if isinstance(item, Item)).payload
    {'question': 'Which is even?', 'options': ['2', '1', '3'], 'answer': ['2'], 'id': 'q1'}
    """
    number, subject = 0, None
    for chunk in re.split(r"\n[ \t]*\n", text):
        lines = []
        for line in chunk.split("\n"):
            if category := _CATEGORY.match(line):
                subject = category[1].strip().rpartition("/")[2] or None
            elif not line.lstrip().startswith("//"):
                lines.append(line)
        if body := "\n".join(lines).strip():
            number += 1
            yield Text(_as_read(body))
            if len(body) > MAX_TEXT_CHARS:
                yield Item(f"item:{number}", body, Reason.TOO_LARGE, f"more than {MAX_TEXT_CHARS:,} characters")
                continue
            cells, several = _question(body)
            reason, detail = (Reason.MULTIPLE_QUESTIONS, "two answer blocks in one paragraph") if several else (None, None)
            yield Item(f"item:{number}", cells | ({"subject": subject} if subject else {}), reason, detail)


def _as_read(body: str) -> str:
    """A paragraph without the signs of the format, for the account of what is in no record: feedback, mostly."""
    plain = _shown(_SIGNS.sub(" ", body), "html" if is_html(body) or "[html]" in body else "")
    return _unescape(_LOOSE_SIGN.sub("\n", plain))


def _question(chunk: str) -> tuple[dict[str, Any], bool]:
    """The cells of a paragraph, and whether it holds two answer blocks."""
    title = re.match(r"::((?:\\.|[^:\\])*)::\s*", chunk)
    body = chunk[title.end() :] if title else chunk
    tag = FORMAT_TAG.match(body)
    kind = tag[1].lower() if tag else ""
    body = body[tag.end() :] if tag else body
    found = BLOCK.search(body) or re.search(r"(?<!\\)\{", body)
    cells: dict[str, Any] = {"question": _shown(body, kind), "options": [], "answer": None}
    several = False
    if found and (end := _end_of_block(body, found.start() + 1)):
        before, inside, after = body[: found.start()], body[found.start() + 1 : end].strip(), body[end + 1 :]
        several = BLOCK.search(after) is not None
        goes_on = re.sub(r"<[^<>]*+>", "", after).strip() != ""
        gap = " _____" if after.strip()[:1] in ".,;:!?)" else " _____ "
        cells["question"] = _shown(f"{before.rstrip()}{gap}{after.strip()}" if goes_on else before + after, kind)
        inside = re.sub(rf"^(?:{_EMBEDDED}|\d+:)\s*", "", inside, flags=re.IGNORECASE)
        inside, _, general = inside.partition("####")
        truth = re.fullmatch(r"(TRUE|T|FALSE|F)\s*(?:#.*)?", inside.strip(), re.DOTALL | re.IGNORECASE)
        if truth:
            cells |= {"options": ["True", "False"], "answer": ["True" if truth[1][0] in "Tt" else "False"]}
        elif _WRONG.search(inside):  # without a wrong one it is a matching question (=a -> b), a number or an open one
            cells |= _options(inside, kind)
        if general.strip():
            cells["explanation"] = _answer_text(general, kind)
    return {**cells, **({"id": _unescape(title[1])} if title else {})}, several


def _end_of_block(body: str, start: int) -> int:
    """Where the brace stands that closes an answer block: the last of the paragraph, where braces don't pair; 0 for none."""
    if pair := _CLOSING.match(body, start):
        return pair.end() - 1
    end = body.rfind("}", start)
    while end > 0 and body[end - 1] == "\\":
        end = body.rfind("}", start, end)
    return max(end, 0)


def _options(inside: str, kind: str) -> dict[str, Any]:
    """Options in order. An answer of 100% is right as much as one marked =; where none is whole, every share counts."""
    found: list[tuple[str, float]] = []
    for mark, raw in _ANSWER.findall(inside):
        weight = _WEIGHT.match(raw)
        text = re.split(r"(?<!\\)#", raw[weight.end() :] if weight else raw, maxsplit=1)[0]
        share = float(weight[1].replace(",", ".")) if weight and re.fullmatch(r"-?\d+(?:[.,]\d+)?", weight[1]) else 0.0
        found.append((_answer_text(text, kind), 100.0 if mark == "=" and not weight else share))
    whole = [text for text, share in found if share >= 100]
    return {"options": [text for text, _ in found], "answer": whole or [text for text, share in found if share > 0]}


def _answer_text(text: str, kind: str) -> str:
    """An answer as Moodle shows it, in its own format, or its question's."""
    tag = FORMAT_TAG.match(text)
    return _shown(text[tag.end() :], tag[1].lower()) if tag else _shown(text, kind)


def _shown(text: str, kind: str) -> str:
    """A text in a format as Moodle shows it."""
    text = _unescape(text)
    if kind in ("plain", "markdown"):
        return text
    if is_html(text) or (kind == "html" and _TAG.search(text)):
        # In HTML alone do the file's own lines mean nothing.
        shown = html_text(text if kind == "html" or "<p" in text else text.replace("\n", "<br>"))
        return shown.strip() or text
    return html.unescape(text) if kind == "html" else text


def _unescape(text: str) -> str:
    return re.sub(r"\\([=~#{}:\\])", r"\1", re.sub(r"(?<!\\)\\n", "\n", text)).strip()


FORMAT = Format("gift", sniff, read_text=read)
