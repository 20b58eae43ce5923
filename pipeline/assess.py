"""Stage 4, assess: named signals of a weak question (pipeline/signals), and one score. Wrong questions were rejected before; these are the
doubtful ones. Score = 1 minus the penalties, never under 0; every flag explains itself in the question's language."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.signals import SIGNALS, Signal, View
from pipeline.signals.model import MODEL_SIGNALS, from_model
from schemas.tables import ModelSignal, Quality, Question, arrow_schema, to_frame, to_rows, to_table

_NEEDED = ("stem", "options", "answer_index", "context", "explanation", "language", "repairs", "fixed_order")


def assess(questions: pd.DataFrame, model_signals: pd.DataFrame | None = None) -> pd.DataFrame:
    """One Quality row a question, in order. Each question is judged by itself: others never move its score.

    Args:
        questions: Question rows.
        model_signals: ModelSignal rows, where a model was asked; questions without one are judged by the rules alone.
    """
    table = to_table(questions, Question)
    views = (View(*parts) for parts in zip(*(table[name].to_pylist() for name in _NEEDED), strict=True))
    if model_signals is None:
        found = [judge(view) for view in views]
    else:
        asked = {row["record_id"]: row for row in to_rows(model_signals, ModelSignal)}
        found = [
            judge(view, from_model(asked.get(record_id), len(view.options)))
            for view, record_id in zip(views, table["record_id"].to_pylist(), strict=True)
        ]
    schema = arrow_schema(Quality)
    columns = zip(*found, strict=True) if found else ((), (), (), ())
    arrays = [pa.array(values, field.type) for values, field in zip(columns, list(schema)[1:], strict=True)]
    return to_frame(pa.Table.from_arrays([table["record_id"].combine_chunks(), *arrays], schema=schema), Quality)


_RULES = [
    (
        signal.measure,
        signal.threshold if signal.penalty else float("inf"),
        signal.penalty,
        signal.graded,
        f'"{signal.name}":',
        f'"{signal.name}":null',
        signal,
    )
    for signal in SIGNALS
]


def judge(view: View, by_model: Sequence[float | None] = ()) -> tuple[float, tuple[str, ...], tuple[str, ...], str]:
    """Score of a question (0-1), names and explanations of the signals that fire, and all values but zeros as JSON.

    A signal without penalty only informs: it never fires. `by_model` are the values of MODEL_SIGNALS; empty where no model is used.
    """
    lost, fired, values = 0.0, [], []
    for measure, threshold, penalty, graded, name, null, signal in _RULES:
        value = measure(view)
        if value:
            values.append(f"{name}{round(value, 4)}")
            if value >= threshold:
                lost += penalty
                fired.append((signal, value))
            elif graded:
                lost += penalty * value / threshold
        elif value is None:
            values.append(null)
    for signal, value in zip(MODEL_SIGNALS, by_model, strict=False):
        values.append(f'"{signal.name}":{"null" if value is None else round(value, 4)}')
        if value is not None and value >= signal.threshold:
            lost += signal.penalty
            fired.append((signal, value))
    flags = tuple([signal.name for signal, _ in fired])
    explanations = tuple([explain(signal, value, view.language) for signal, value in fired])
    return round(max(0.0, 1 - lost), 4), flags, explanations, f"{{{','.join(values)}}}"


def explain(signal: Signal, value: float, language: str) -> str:
    """One sentence: what it says, the value, the threshold, the cost. Vietnamese for a Vietnamese question."""
    says, word = (signal.says_vi, "ngưỡng") if language == "vi" else (signal.says, "threshold")
    return f"{says} ({signal.name} {value:.3g}, {word} {signal.threshold:g}, -{signal.penalty:g})"


def measure(row: Mapping[str, Any]) -> dict[str, float | None]:
    """All signals of one question, by name."""
    view = View(*(row[name] for name in _NEEDED))
    return {signal.name: signal.measure(view) for signal in SIGNALS}
