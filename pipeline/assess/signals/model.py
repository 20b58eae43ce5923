"""Signals that a language model measured beforehand, in a process of its own (pipeline/assess/ask_model.py). Only used where the
configuration names a model: a weak one (135M) can't see wrong keys, a 7B can see some."""

import math
from collections.abc import Mapping

from pipeline.assess.signals.registry import Signal

MODEL_SIGNALS = (
    Signal(
        "gold_excess_nll",
        lambda view: None,
        "nats",
        0.7,
        0.05,
        "the model gives the right option little chance",
        "mô hình cho rằng đáp án đúng rất khó xảy ra",
        "Swayamdipta 2020 (dataset cartography), without training",
        "half of what guessing would give it; 1 in 50 questions with SmolLM2-135M",
        False,
    ),
    Signal(
        "question_loss",
        lambda view: None,
        "nats a byte",
        0.3,
        0.05,
        "reading the question makes the right option less likely",
        "đọc câu hỏi lại làm đáp án đúng khó xảy ra hơn",
        "Ethayarajh 2022 (V-usable information), question-free against whole",
        "0.3 nats a byte against the wrong options; 1 in 20 questions with SmolLM2-135M",
        False,
    ),
)


def from_model(row: Mapping[str, float | None] | None, option_count: int) -> list[float | None]:
    """Values of MODEL_SIGNALS from a ModelSignal row: the right option's NLL above that of guessing, and the question's gain, negated.
    Undefined where there is no row or the question was too long."""
    if row is None or row["gold_nll"] is None or row["question_gain"] is None:
        return [None] * len(MODEL_SIGNALS)
    return [row["gold_nll"] - math.log(option_count), -row["question_gain"]]
