"""What the answers of base model and adapter show, in numbers: accuracies, their difference, tables by subject, source and the like.

Questions of one split group (variants, one passage) are right or wrong together, so every interval and the test are over groups:
`pipeline.evaluation.sign_flip` decides, Wilson's interval (1927) of one model counts effective questions. docs/evaluation.md explains each
number. Undefined is None, never 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, norm, t

from pipeline.evaluation.breakdowns import breakdowns
from pipeline.evaluation.calibration import calibration
from pipeline.evaluation.positions import position_bias
from pipeline.evaluation.sign_flip import ALPHA, groups_of, interval, minimum_detectable_effect, p_value

CONFIDENCE = 0.95

Predictions = Sequence[Mapping[str, Any]]
"""Prediction rows of one model in one mode."""


def wilson_interval(correct: Sequence[bool], groups: Sequence[str]) -> tuple[float, float] | None:
    """95% interval of a proportion, 0-1, from questions and their groups; None for none, and for several of one group.

    Wilson's score interval of as many independent questions as these are worth: n over the design effect (Kish 1965), and with Student's
    quantile as that is estimated from the groups. Where each group is one question it is the plain one.

    >>> wilson_interval([True] * 8 + [False] * 2, list("abcdefghij"))
    (0.4902, 0.9433)
    """
    n, right = len(correct), sum(correct)
    names, place, sizes = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True, return_counts=True)
    if n == 0 or (len(names) == 1 and n > 1):
        return None
    share, worth, quantile = right / n, float(n), float(norm.ppf((1 + CONFIDENCE) / 2))
    if len(names) < n:
        rest = np.bincount(place, np.asarray(correct, dtype=float) - share)
        # Of all right or all wrong nothing tells how far a group's questions go together: wholly.
        effect = (rest**2).sum() * len(names) / (len(names) - 1) / (n * share * (1 - share)) if 0 < right < n else (sizes**2).sum() / n
        worth, quantile = n / max(effect, 1.0), float(t.ppf((1 + CONFIDENCE) / 2, len(names) - 1))
    squared = quantile**2 / worth
    middle, half = share + squared / 2, quantile * (share * (1 - share) / worth + squared / (4 * worth)) ** 0.5
    return round(max((middle - half) / (1 + squared), 0.0), 4), round(min((middle + half) / (1 + squared), 1.0), 4)


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Two-sided p-value that as many questions turn right as turn wrong, as if all were independent; 1.0 without discordant pairs.

    >>> mcnemar_exact(9, 1)
    0.021484375
    """
    return float(binomtest(fixed, fixed + broken, 0.5).pvalue) if fixed + broken else 1.0


def compare(base: Predictions, adapter: Predictions, seed: int) -> dict[str, Any]:
    """Both models on the same questions of one mode: accuracies, difference, test, and tables by subject, source, language and position.

    Both sequences hold the same record_ids in the same order. Raises ValueError when they don't.
    """
    if [row["record_id"] for row in base] != [row["record_id"] for row in adapter]:
        raise ValueError("base and adapter answered different questions")
    n = len(base)
    differences = [int(a["correct"]) - int(b["correct"]) for b, a in zip(base, adapter, strict=True)]
    fixed, broken = differences.count(1), differences.count(-1)
    groups = groups_of(differences, [row["split_group"] for row in base])
    delta, p = _mean(differences), p_value(groups)
    return {
        "n": n,
        "groups": len(groups.sizes),
        "chance": _mean([1 / len(row["option_scores"]) for row in base]),
        "base": one_model(base, seed),
        "adapter": one_model(adapter, seed),
        "delta": delta,
        "delta_interval": interval(groups, seed),
        "fixed": fixed,
        "broken": broken,
        "p_value": p,
        "shown": None if delta is None or p is None or p >= ALPHA else "better" if delta > 0 else "worse",
        "minimum_detectable_effect": minimum_detectable_effect(groups, seed),
        # For comparison with what others print; it decides nothing.
        "mcnemar_p_value_as_if_independent": mcnemar_exact(fixed, broken) if n else None,
        **breakdowns(base, adapter, seed),
    }


def one_model(rows: Predictions, seed: int) -> dict[str, Any]:
    """Accuracy with its interval, mean gold-option NLL (nats), how often each position was the answer and was answered, whether the model
    prefers one, and whether it is as sure as it is right."""
    correct = [bool(row["correct"]) for row in rows]
    positions = range(max((len(row["option_scores"]) for row in rows), default=0))
    return {
        "correct": sum(correct),
        "accuracy": sum(correct) / len(rows) if rows else None,
        "interval": wilson_interval(correct, [row["split_group"] for row in rows]),
        "gold_nll": _mean([row["gold_nll"] for row in rows]),
        "answered_positions": [sum(row["predicted_index"] == place for row in rows) for place in positions],
        "gold_positions": [sum(row["answer_index"] == place for row in rows) for place in positions],
        "position_bias": position_bias(rows, seed),
        "calibration": calibration(rows, seed),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(sum(values) / len(values)) if values else None
