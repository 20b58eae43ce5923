"""Stage 4, assess: named signals of a weak question (pipeline/assess/signals), and one score. Wrong questions were rejected before;
these are the doubtful ones. Score = 1 minus the penalties, never under 0; every flag explains itself in the question's language."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.assess.signals import SIGNALS, Signal, View
from pipeline.assess.signals.model import MODEL_SIGNALS, from_model
from pipeline.common.known_rows import in_order, places_of, rows_equal
from pipeline.common.parallel import map_chunks, preload, table_chunks
from schemas.tables.arrow import arrow_schema, to_frame, to_rows, to_table
from schemas.tables.curation import ModelSignal, Quality, Question

_NEEDED = ("stem", "options", "answer_index", "context", "explanation", "language", "repairs", "fixed_order")
CHUNK = 512
preload(__name__, "lingua")


def assess(
    questions: pd.DataFrame, model_signals: pd.DataFrame | None = None, before: tuple[pd.DataFrame, pd.DataFrame] | None = None
) -> pd.DataFrame:
    """One Quality row a question, in order. Each question is judged by itself: others never move its score.

    Args:
        questions: Question rows.
        model_signals: ModelSignal rows, where a model was asked; questions without one are judged by the rules alone.
        before: questions, and what this code made of them without a model; those that are as they were aren't judged again.
    """
    table = to_table(questions, Question).select(["record_id", *_NEEDED])
    asked = None if model_signals is None else {row["record_id"]: row for row in to_rows(model_signals, ModelSignal)}
    known, table = _judged_before(table, before if asked is None else None)
    parts = map_chunks(partial(_assess, asked=asked), table_chunks(table), table.num_rows)
    found = pa.concat_tables([arrow_schema(Quality).empty_table(), known, *parts])
    return to_frame(in_order(found, to_table(questions, Question)["record_id"]), Quality)


def _judged_before(table: pa.Table, before: tuple[pd.DataFrame, pd.DataFrame] | None) -> tuple[pa.Table, pa.Table]:
    """The Quality rows that are known already, and the questions that are left."""
    if before is None:
        return arrow_schema(Quality).empty_table(), table
    questions, quality = to_table(before[0], Question), to_table(before[1], Quality)
    at, scored = (places_of(table["record_id"], rows["record_id"]) for rows in (questions, quality))
    met = np.flatnonzero((at >= 0) & (scored >= 0))
    same = met[rows_equal(table.take(met), questions.select(table.column_names).take(at[met]), _NEEDED)]
    left = np.ones(table.num_rows, bool)
    left[same] = False
    return quality.take(scored[same]), table.filter(pa.array(left))


def _assess(table: pa.Table, asked: Mapping[str, Mapping[str, Any]] | None) -> pa.Table:
    record_ids = table["record_id"].to_pylist()
    rows = list(zip(*(table[name].to_pylist() for name in _NEEDED), strict=True))
    found = []
    for start in range(0, len(rows), CHUNK):
        views = [View(*parts) for parts in rows[start : start + CHUNK]]
        # A signal runs over a whole chunk while its code is in the processor's cache: a quarter faster than all signals row by row.
        measured = zip(*(list(map(signal.measure, views)) for signal in SIGNALS), strict=True)
        for view, values, record_id in zip(views, measured, record_ids[start : start + CHUNK], strict=True):
            by_model = () if asked is None else from_model(asked.get(record_id), len(view.options))
            found.append(score(values, view.language, by_model))
    return pa.table([record_ids, *zip(*found, strict=True)], schema=arrow_schema(Quality))


def _rules(signals: Iterable[Signal]) -> list[tuple[float, float, bool, str, str, Signal]]:
    """What `score` needs of each signal. One without penalty only informs: nothing reaches its threshold."""
    return [(s.threshold if s.penalty else float("inf"), s.penalty, s.graded, f'"{s.name}":', f'"{s.name}":null', s) for s in signals]


_RULES, _MODEL_RULES = _rules(SIGNALS), _rules(MODEL_SIGNALS)


def score(
    values: Sequence[float | None], language: str, by_model: Sequence[float | None] = ()
) -> tuple[float, tuple[str, ...], tuple[str, ...], str]:
    """Score of a question (0-1), names and explanations of the signals that fire, and all values but zeros as JSON.

    Args:
        values: of SIGNALS, in order.
        language: of the question; the flags are explained in it.
        by_model: values of MODEL_SIGNALS; empty where no model is used.
    """
    lost, fired, written = 0.0, [], []
    found = [(value, rule) for value, rule in zip(values, _RULES, strict=True) if value != 0]
    for value, (threshold, penalty, graded, name, null, signal) in [*found, *zip(by_model, _MODEL_RULES, strict=False)]:
        if value is None:
            written.append(null)
            continue
        written.append(f"{name}{round(value, 4)}")
        if value >= threshold:
            lost += penalty
            fired.append((signal, value))
        elif graded:
            lost += penalty * value / threshold
    flags = tuple([signal.name for signal, _ in fired])
    explanations = tuple([explain(signal, value, language) for signal, value in fired])
    return round(max(0.0, 1 - lost), 4), flags, explanations, f"{{{','.join(written)}}}"


def explain(signal: Signal, value: float, language: str) -> str:
    """One sentence: what it says, the value, the threshold, the cost. Vietnamese for a Vietnamese question."""
    says, word = (signal.says_vi, "ngưỡng") if language == "vi" else (signal.says, "threshold")
    return f"{says} ({signal.name} {value:.3g}, {word} {signal.threshold:g}, -{signal.penalty:g})"


def measure(row: Mapping[str, Any]) -> dict[str, float | None]:
    """All signals of one question, by name."""
    view = View(*(row[name] for name in _NEEDED))
    return {signal.name: signal.measure(view) for signal in SIGNALS}
