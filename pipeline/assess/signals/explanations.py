"""Signals of the explanation that a source gives."""

import re

from pipeline.assess.signals.registry import signal
from pipeline.assess.signals.view import View
from pipeline.common.grammar.keys import key_in_note
from pipeline.common.letters import LOOKALIKE


@signal(
    "0 or 1", 1, 0.0, "the source explains nothing", "không có lời giải", source="informs only: sources without explanations are as good"
)
def missing_explanation(view: View) -> float:
    """1 where no explanation stands with the question."""
    return float(not view.explanation)


@signal(
    "0 or 1",
    1,
    0.55,
    "the explanation names another option than the key",
    "lời giải chọn phương án khác với đáp án",
    source="conflict inside the source",
    why="it names exactly one letter",
)
def contradicted_key(view: View) -> float | None:
    """1 where the explanation names another letter than the key; undefined where it names none or several, or the options were reordered."""
    note = view.explanation
    if not note or "options_out_of_order" in view.repairs:
        return None
    if len(note) > 600:
        # The key is named where an explanation begins or ends.
        note = f"{note[:200]}\n{note[-300:]}"
    letter = key_in_note(note)
    if letter is None and (match := _CLOSING(note)):
        letter = match[1].translate(LOOKALIKE)
    if letter is None or ord(letter) - 65 >= len(view.options):
        return None
    return float(ord(letter) - 65 != view.key)


# "Vậy đáp án cần chọn là: B." or "=> C đúng" at the very end.
_CLOSING = re.compile(r"(?:cần chọn là|đáp án là|is therefore|=>|⇒|→)\s*+(?::\s*+)?\(?([A-J])(?:\s+đúng)?\)?\s*+(?:\.\s*+)?$").search
