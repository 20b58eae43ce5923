"""Whether a model prefers a letter: how often it answers each position, how often that is right, and the test by groups.

A model that prefers A is right more often where A is right, for no knowledge (Zheng et al. 2024, arXiv 2309.03882).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.common.letters import LETTERS
from pipeline.evaluation.sign_flip import ALPHA, FEWEST_GROUPS

DRAWS = 9999
# Signs that are in memory at once.
SIGNS = 1 << 21


def position_bias(rows: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """Recall by gold position with its spread, shares of answers and of keys, and a test that these are the same. Prediction rows of one
    model in one mode; a position that is never right has recall None."""
    positions = max((len(row["option_scores"]) for row in rows), default=0)
    answered, gold = (np.array([row[name] for row in rows], np.int64) for name in ("predicted_index", "answer_index"))
    keys, answers, hits = (np.bincount(places, minlength=positions) for places in (gold, answered, gold[answered == gold]))
    recall = [hit / count if count else None for hit, count in zip(hits.tolist(), keys.tolist(), strict=True)]
    asked = [value for value in recall if value is not None]
    p = _p_value(answered, gold, [row["split_group"] for row in rows], positions, seed)
    found = {
        "positions": list(LETTERS[:positions]),
        "answered": [count / len(rows) for count in answers.tolist()],
        "gold": [count / len(rows) for count in keys.tolist()],
        "recall": recall,
        "recall_spread": float(np.std(asked)) if len(asked) > 1 else None,
        "p_value": p,
        "shown": None if p is None else p < ALPHA,
    }
    return found | {"said": _said(found, len({row["split_group"] for row in rows}))}


def _p_value(answered: Any, gold: Any, names: Sequence[str], positions: int, seed: int) -> float | None:
    """Two-sided p-value that positions are answered as often as they are right; None for under 6 groups.

    If so, answer and key could swap in any group, as base and adapter do in `sign_flip`. What is summed is a vector here, +1 at the
    answer and -1 at the key, and its length over the flips' own spread (Stuart 1955, Maxwell 1970, by groups) is compared among draws.
    """
    kinds, place = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    if len(kinds) < FEWEST_GROUPS:
        return None
    sums = np.zeros((len(kinds), positions))
    np.add.at(sums, (place, answered), 1)
    np.add.at(sums, (place, gold), -1)
    weights = np.linalg.pinv(sums.T @ sums, 1e-9, hermitian=True)
    total, draw, beyond = sums.sum(0), np.random.default_rng(seed), 1
    rows = max(SIGNS // len(kinds), 1)
    for start in range(0, DRAWS, rows):
        signs = 2.0 * draw.integers(0, 2, (min(rows, DRAWS - start), len(kinds)), np.int8) - 1
        flipped = signs @ sums
        beyond += int((np.einsum("ij,jk,ik->i", flipped, weights, flipped) >= total @ weights @ total - 1e-9).sum())
    return beyond / (DRAWS + 1)


def _said(found: Mapping[str, Any], groups: int) -> str:
    """The position where answers and keys lie furthest apart, in a sentence."""
    if not found["positions"]:
        return "gave no answers"
    place = max(range(len(found["gold"])), key=lambda at: (abs(found["answered"][at] - found["gold"][at]), found["gold"][at]))
    letter = found["positions"][place]
    shares = f"answers {letter} {found['answered'][place]:.0%} of the time, {letter} is right {found['gold'][place]:.0%}"
    if found["p_value"] is None:
        return f"{shares}; too few groups to test it ({groups} of {FEWEST_GROUPS})"
    p = f"p = {found['p_value']:.2g} over {groups} groups"
    return f"{shares}: it prefers positions ({p})" if found["shown"] else f"{shares}; no preference shown ({p})"
