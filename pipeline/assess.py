"""Stage 4, assess: named signals of a weak question (pipeline/signals), and one score. Wrong questions were rejected before; these are the
doubtful ones. Score = 1 minus the penalties, never under 0; every flag explains itself in the question's language."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.signals import SIGNALS, Signal, View
from schemas.tables import Quality, Question, arrow_schema, to_frame, to_table

_NEEDED = ("stem", "options", "answer_index", "context", "explanation", "language", "repairs")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_NAMES = [signal.name for signal in SIGNALS]


def assess(questions: pd.DataFrame) -> pd.DataFrame:
    """One Quality row a question, in order. Each question is judged by itself: others never move its score."""
    table = to_table(questions, Question)
    scores, flags, explanations, signals = [], [], [], []
    for parts in zip(*(table[name].to_pylist() for name in _NEEDED), strict=True):
        view = View(*parts)
        values = [signal.measure(view) for signal in SIGNALS]
        score, fired = judge(values)
        scores.append(score)
        flags.append([signal.name for signal, _ in fired])
        explanations.append([explain(signal, value, view.language) for signal, value in fired])
        signals.append(_encode(dict(zip(_NAMES, [value if value is None else round(value, 4) for value in values], strict=True))))
    columns = [table["record_id"].combine_chunks(), scores, flags, explanations, signals]
    return to_frame(pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, arrow_schema(Quality), strict=True)], schema=arrow_schema(Quality)), Quality)


_RULES = [(i, signal.threshold, signal.penalty, signal.graded, signal) for i, signal in enumerate(SIGNALS)]


def judge(values: list[float | None]) -> tuple[float, list[tuple[Signal, float]]]:
    """The score of a question, 0-1, and the signals that fire with their values, in registry order."""
    lost, fired = 0.0, []
    for value, (_, threshold, penalty, graded, signal) in zip(values, _RULES, strict=True):
        if value:
            if value >= threshold:
                lost += penalty
                fired.append((signal, value))
            elif graded:
                lost += penalty * value / threshold
    return round(max(0.0, 1 - lost), 4), fired


def explain(signal: Signal, value: float, language: str) -> str:
    """One sentence: what it says, the value, the threshold, the cost. Vietnamese for a Vietnamese question."""
    says, word = (signal.says_vi, "ngưỡng") if language == "vi" else (signal.says, "threshold")
    return f"{says} ({signal.name} {value:.3g}, {word} {signal.threshold:g}, -{signal.penalty:g})"


def measure(row: Mapping[str, Any]) -> dict[str, float | None]:
    """All signals of one question, by name."""
    view = View(*(row[name] for name in _NEEDED))
    return {signal.name: signal.measure(view) for signal in SIGNALS}
