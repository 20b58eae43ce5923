"""Moodle's embedded answers (docs.moodle.org, "Embedded Answers (Cloze)"): `{1:MULTICHOICE:wrong~=right#feedback~%50%half}`."""

import re
from collections.abc import Callable
from typing import Any

_OPENING = re.compile(r"(?<!\\)\{\d{0,3}:([A-Z_]{2,20}+):")
# A gap ends with the first brace that isn't escaped.
_CLOSING = re.compile(r"(?:\\.|[^}\\])*+\}", re.DOTALL)
_CHOICE = re.compile(r"(?:MULTICHOICE|MC)(?:_?[VHS]{1,2})?")
_RESPONSE = re.compile(r"(?:MULTIRESPONSE|MR)(?:_?[VHS]{1,2})?")
_WEIGHT = re.compile(r"\s*+(?:(=)|%(-?[\d.]{1,10})%)?")
_ANSWERS, _FEEDBACK = re.compile(r"(?<!\\)~"), re.compile(r"(?<!\\)#")
GAP = "_____"


def read_cloze(text: str, shown: Callable[[str], str]) -> dict[str, Any]:
    """Question, options and right ones of a text with gaps, and how many it has; a gap to write in offers no options.

    >>> read_cloze("Water is {1:MC:dry~=wet#Yes}.", str)
    {'question': 'Water is _____.', 'options': ['dry', 'wet'], 'answer': ['wet'], 'gaps': 1}
    """
    pieces, gaps, at = [], [], 0
    while (opening := _OPENING.search(text, at)) and (closing := _CLOSING.match(text, opening.end())):
        pieces += [text[at : opening.start()], GAP]
        gaps.append((opening[1], text[opening.end() : closing.end() - 1]))
        at = closing.end()
    cells: dict[str, Any] = {"question": shown("".join((*pieces, text[at:]))), "options": [], "answer": None, "gaps": len(gaps)}
    several = len(gaps) == 1 and _RESPONSE.fullmatch(gaps[0][0]) is not None
    if len(gaps) != 1 or not (several or _CHOICE.fullmatch(gaps[0][0])):
        return cells
    found = []
    for answer in _ANSWERS.split(gaps[0][1]):
        mark = _WEIGHT.match(answer)
        assert mark is not None
        share = 100.0 if mark[1] else _number(mark[2])
        found.append((shown(re.sub(r"\\([}#~/\"\\{=])", r"\1", _FEEDBACK.split(answer[mark.end() :], maxsplit=1)[0])).strip(), share))
    whole = [option for option, share in found if share >= 100 or (several and share > 0)]
    return cells | {"options": [option for option, _ in found], "answer": whole or [option for option, share in found if share > 0]}


def _number(text: str | None) -> float:
    try:
        return float(text or "0")
    except ValueError:
        return 0.0
