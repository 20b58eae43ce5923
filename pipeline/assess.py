"""Stage 4, assess: named signals of a weak question (pipeline/signals), and one score. Wrong questions were rejected before; these are the
doubtful ones. Score = 1 minus the penalties, never under 0; every flag explains itself in the question's language."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.signals import SIGNALS, Signal, View
from pipeline.signals.model import MODEL_SIGNALS, from_model
from pipeline.work import map_chunks, table_chunks
from schemas.tables import ModelSignal, Quality, Question, arrow_schema, to_frame, to_rows, to_table

_NEEDED = ("stem", "options", "answer_index", "context", "explanation", "language", "repairs")


def assess(questions: pd.DataFrame, model_signals: pd.DataFrame | None = None) -> pd.DataFrame:
    """One Quality row a question, in order. Each question is judged by itself: others never move its score.

    Args:
        questions: Question rows.
        model_signals: ModelSignal rows, where a model was asked; questions without one are judged by the rules alone.
    """
    table = to_table(questions, Question).select(["record_id", *_NEEDED])
    asked = None if model_signals is None else {row["record_id"]: row for row in to_rows(model_signals, ModelSignal)}
    parts = map_chunks(partial(_assess, asked=asked), table_chunks(table), table.num_rows)
    return to_frame(pa.concat_tables([arrow_schema(Quality).empty_table(), *parts]).combine_chunks(), Quality)


def _assess(table: pa.Table, asked: Mapping[str, Mapping[str, Any]] | None) -> pa.Table:
    record_ids = table["record_id"].to_pylist()
    views = [View(*parts) for parts in zip(*(table[name].to_pylist() for name in _NEEDED), strict=True)]
    if asked is None:
        found = [judge(view) for view in views]
    else:
        found = [judge(v, from_model(asked.get(record_id), len(v.options))) for v, record_id in zip(views, record_ids, strict=True)]
    return pa.table([record_ids, *zip(*found, strict=True)], schema=arrow_schema(Quality))


_RULES = [(signal.measure, signal.threshold, signal.penalty, signal.graded, f'"{signal.name}":', signal) for signal in SIGNALS]


def judge(view: View, by_model: Sequence[float | None] = ()) -> tuple[float, list[str], list[str], str]:
    """Score of a question (0-1), names and explanations of the signals that fire, and all values but zeros as JSON.

    `by_model` are the values of MODEL_SIGNALS; empty where no model is used.
    """
    lost, flags, explanations, values = 0.0, [], [], []
    for measure, threshold, penalty, graded, name, signal in _RULES:
        value = measure(view)
        if value:
            values.append(f"{name}{round(value, 4)}")
            if value >= threshold:
                lost += penalty
                flags.append(signal.name)
                explanations.append(explain(signal, value, view.language))
            elif graded:
                lost += penalty * value / threshold
        elif value is None:
            values.append(f"{name}null")
    for signal, value in zip(MODEL_SIGNALS, by_model, strict=False):
        values.append(f'"{signal.name}":{"null" if value is None else round(value, 4)}')
        if value is not None and value >= signal.threshold:
            lost += signal.penalty
            flags.append(signal.name)
            explanations.append(explain(signal, value, view.language))
    return round(max(0.0, 1 - lost), 4), flags, explanations, f"{{{','.join(values)}}}"


def explain(signal: Signal, value: float, language: str) -> str:
    """One sentence: what it says, the value, the threshold, the cost. Vietnamese for a Vietnamese question."""
    says, word = (signal.says_vi, "ngưỡng") if language == "vi" else (signal.says, "threshold")
    return f"{says} ({signal.name} {value:.3g}, {word} {signal.threshold:g}, -{signal.penalty:g})"


def measure(row: Mapping[str, Any]) -> dict[str, float | None]:
    """All signals of one question, by name."""
    view = View(*(row[name] for name in _NEEDED))
    return {signal.name: signal.measure(view) for signal in SIGNALS}
