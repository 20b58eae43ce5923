"""Whether training helped, said with what the data can carry: paired, by question, with intervals over independent groups.

Wilson interval (1927), exact McNemar test (binomial on the discordant pairs), percentile bootstrap over split groups, and the
minimum detectable effect of a paired design (Connor 1987). Undefined is None, never 0.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, norm

CONFIDENCE = 0.95
POWER = 0.8
RESAMPLES = 4000
CONVENTION = 0.1
BREAKDOWNS = ("subject", "source", "language")

Predictions = Sequence[Mapping[str, Any]]
"""Prediction rows of one model in one mode."""


def wilson_interval(correct: int, n: int) -> tuple[float, float] | None:
    """95% interval of a proportion, 0-1; None for n = 0.

    >>> wilson_interval(8, 10)
    (0.4902, 0.9433)
    """
    if n == 0:
        return None
    found = binomtest(correct, n).proportion_ci(CONFIDENCE, method="wilson")
    return round(float(found.low), 4), round(float(found.high), 4)


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Two-sided p-value that as many questions turn right as turn wrong; 1.0 without discordant pairs.

    >>> mcnemar_exact(9, 1)
    0.021484375
    """
    return float(binomtest(fixed, fixed + broken, 0.5).pvalue) if fixed + broken else 1.0


def cluster_bootstrap(differences: Sequence[float], groups: Sequence[str], seed: int) -> tuple[float, float] | None:
    """95% percentile interval of the mean difference when whole groups are drawn again; None under two groups."""
    names, place = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(place, weights=np.asarray(differences, dtype=float))
    sizes = np.bincount(place)
    drawn = np.random.default_rng(seed).integers(0, len(names), (RESAMPLES, len(names)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return round(float(low), 4), round(float(high), 4)


def minimum_detectable_effect(n: int, discordant_fraction: float) -> float | None:
    """Smallest true difference in accuracy that n independent pairs show with 80% power at the 5% level; None where there is none.

    >>> minimum_detectable_effect(500, 0.1), minimum_detectable_effect(1000, 0.1)
    (0.0395, 0.028)
    """
    if n == 0 or discordant_fraction <= 0:
        return None
    alpha, beta = map(float, norm.ppf([(1 + CONFIDENCE) / 2, POWER]))
    effect = 0.0
    for _ in range(100):  # a contraction: a few rounds settle it
        effect = (alpha * math.sqrt(discordant_fraction) + beta * math.sqrt(max(discordant_fraction - effect**2, 0))) / math.sqrt(n)
    return round(effect, 4) if effect <= 1 else None


def compare(base: Predictions, adapter: Predictions, seed: int) -> dict[str, Any]:
    """Both models on the same questions of one mode: accuracies, difference, tests, and tables by subject, source and language.

    Both sequences hold the same record_ids in the same order. Raises ValueError when they don't.
    """
    if [row["record_id"] for row in base] != [row["record_id"] for row in adapter]:
        raise ValueError("base and adapter answered different questions")
    n = len(base)
    differences = [int(a["correct"]) - int(b["correct"]) for b, a in zip(base, adapter, strict=True)]
    fixed, broken = differences.count(1), differences.count(-1)
    groups = [row["split_group"] for row in base]
    independent = len(set(groups))
    return {
        "n": n,
        "groups": independent,
        "chance": _mean([1 / len(row["option_scores"]) for row in base]),
        "base": one_model(base),
        "adapter": one_model(adapter),
        "delta": _mean(differences),
        "delta_interval": cluster_bootstrap(differences, groups, seed),
        "fixed": fixed,
        "broken": broken,
        "p_value": mcnemar_exact(fixed, broken) if n else None,
        "minimum_detectable_effect": minimum_detectable_effect(independent, (fixed + broken) / n) if n else None,
        "minimum_detectable_effect_at_10_percent_discordant": minimum_detectable_effect(independent, CONVENTION),
        **{f"by_{column}": _breakdown(base, adapter, column) for column in BREAKDOWNS},
    }


def one_model(rows: Predictions) -> dict[str, Any]:
    """Accuracy with its interval, mean gold-option NLL (nats), and how often each position was the answer and was answered."""
    correct = sum(row["correct"] for row in rows)
    positions = range(max((len(row["option_scores"]) for row in rows), default=0))
    return {
        "correct": correct,
        "accuracy": correct / len(rows) if rows else None,
        "interval": wilson_interval(correct, len(rows)),
        "gold_nll": _mean([row["gold_nll"] for row in rows]),
        "answered_positions": [sum(row["predicted_index"] == place for row in rows) for place in positions],
        "gold_positions": [sum(row["answer_index"] == place for row in rows) for place in positions],
    }


def _breakdown(base: Predictions, adapter: Predictions, column: str) -> list[dict[str, Any]]:
    cells: dict[Any, list[tuple[bool, bool]]] = {}
    for b, a in zip(base, adapter, strict=True):
        cells.setdefault(b[column], []).append((b["correct"], a["correct"]))
    return [
        {column: value, "n": len(pairs), "base": _mean([b for b, _ in pairs]), "adapter": _mean([a for _, a in pairs])}
        for value, pairs in sorted(cells.items(), key=lambda item: (-len(item[1]), str(item[0])))
    ]


def _mean(values: Sequence[float]) -> float | None:
    return float(sum(values) / len(values)) if values else None
