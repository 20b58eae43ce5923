"""Whether a model is as sure as it is right, on its own probabilities of the options (softmax over summed log-likelihoods).

What is calibrated is the probability of the option that it answers, however that was chosen: in cloze mode by scores over lengths, so that
the answer may be the less probable option. Brier score and log-loss are of all options' probabilities and don't hang on the choice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import t

from pipeline.evaluation.sign_flip import FEWEST_GROUPS
from pipeline.evaluation.verdict import points

MOST_BINS, BIN_SIZE = 10, 10
HISTOGRAM = 10
# Simulated evaluations, and how many random numbers they may hold at once.
DRAWS, FEWEST_DRAWS, NUMBERS = 1000, 200, 1 << 24
REACH = (0.025, 0.975)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def calibration(rows: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """ECE, over-confidence, Brier score and log-loss of Prediction rows of one model in one mode, with 95% intervals by group, 0-1 but for
    the Brier score (0-2) and the log-loss (nats). Answers without finite log-likelihoods are counted and left out."""
    usable = [row for row in rows if row["option_log_likelihoods"] and np.isfinite(row["option_log_likelihoods"]).all()]
    logs = [log_softmax(np.asarray(row["option_log_likelihoods"], float)) for row in usable]
    chosen = np.array([np.exp(row_logs[row["predicted_index"]]) for row, row_logs in zip(usable, logs, strict=True)])
    right = np.array([row["correct"] for row in usable], float)
    brier = np.array([_brier(np.exp(row_logs), row["answer_index"]) for row, row_logs in zip(usable, logs, strict=True)])
    losses = np.array([abs(row_logs[row["answer_index"]]) for row, row_logs in zip(usable, logs, strict=True)])
    options = [len(row_logs) for row_logs in logs]
    group = np.unique(np.array([str(row["split_group"]) for row in usable], object), return_inverse=True)[1].astype(np.int64)
    groups = int(group.max(initial=-1)) + 1
    found = {
        "n": len(usable),
        "left_out": len(rows) - len(usable),
        "groups": groups,
        "confidence": _mean(chosen),
        "accuracy": _mean(right),
        "overconfidence": _mean(chosen - right),
        "overconfidence_interval": mean_interval(chosen - right, group, possible=1.0),
        **_ece(chosen, right, group, seed),
        "brier": _mean(brier),
        "brier_interval": mean_interval(brier, group),
        "log_loss": _mean(losses),
        "log_loss_interval": mean_interval(losses, group),
        "guessing": {"brier": _mean([1 - 1 / k for k in options]), "log_loss": _mean(np.log(options))},
        "histogram": np.histogram(chosen, HISTOGRAM, (0, 1))[0].tolist(),
    }
    return found | {"said": _said(found)}


def mean_interval(values: Floats, group: Ints, possible: float | None = None) -> tuple[float, float] | None:
    """95% interval of a mean over questions, from what groups (numbers from 0) sum to, with Student's quantile; None for under 6 groups.

    `possible`: the furthest from 0 that a value can lie; then one group at each end is added, as in `sign_flip.interval`, so that values
    that hardly differ don't pretend to certainty.
    """
    groups = int(group.max(initial=-1)) + 1
    if groups < FEWEST_GROUPS:
        return None
    sums, sizes = np.bincount(group, values), np.bincount(group).astype(float)
    if possible is not None:
        size = sizes.mean()
        sums, sizes = np.append(sums, [possible * size, -possible * size]), np.append(sizes, [size, size])
    mean = sums.sum() / sizes.sum()
    error = (((sums - mean * sizes) ** 2).sum() * len(sums) / (len(sums) - 1)) ** 0.5 / sizes.sum()
    half = float(t.ppf(REACH[1], groups - 1)) * error
    return round(float(mean - half), 4), round(float(mean + half), 4)


def _ece(chosen: Floats, right: Floats, group: Ints, seed: int) -> dict[str, Any]:
    """Expected calibration error over bins of as many answers each, plain and without its bias, the interval, and the bins."""
    if not len(chosen):
        return {"ece": None, "ece_unbiased": None, "ece_interval": None, "bins": []}
    wanted = min(MOST_BINS, max(len(chosen) // BIN_SIZE, 1))
    edges = np.quantile(chosen, np.arange(1, wanted) / wanted)
    # Equal probabilities stay in one bin, so that the order of the questions decides nothing.
    place = np.unique(np.searchsorted(edges, chosen, side="right"), return_inverse=True)[1]
    bins = [np.flatnonzero(place == number) for number in range(place.max() + 1)]
    many = group.max() + 1 >= FEWEST_GROUPS
    again = _Again(chosen, right, group, place, seed) if many else None
    return {
        "ece": float(sum(abs((chosen[mine] - right[mine]).sum()) for mine in bins) / len(chosen)),
        "ece_unbiased": again and again.error_at(0.5, ties=0.5),
        "ece_interval": again and (again.error_at(REACH[1], ties=0), again.error_at(REACH[0], ties=1)),
        "bins": [
            {
                "n": len(mine),
                "from": float(chosen[mine].min()),
                "to": float(chosen[mine].max()),
                "confidence": float(chosen[mine].mean()),
                "accuracy": float(right[mine].mean()),
            }
            for mine in bins
        ],
    }


class _Again:
    """Evaluations like one that was made, of models as miscalibrated as one likes: the same confidences, questions of a group right or
    wrong together as often as here, and in each bin a gap between confidence and accuracy in the direction seen.

    A plain ECE is never 0: of a perfectly calibrated model it is what chance makes. Which true ECE gives the plain one that was seen in
    half of all evaluations is the estimate, and those that give it in 2.5% and 97.5% bound the interval.
    """

    def __init__(self, chosen: Floats, right: Floats, group: Ints, place: Ints, seed: int) -> None:
        order = np.argsort(place, kind="stable")
        self.chosen, self.group, self.place = chosen[order], group[order], place[order]
        self.starts = np.flatnonzero(np.diff(self.place, prepend=-1))
        sizes = np.diff(np.append(self.starts, len(chosen)))
        gaps = np.add.reduceat(right[order] - self.chosen, self.starts) / sizes
        self.seen = float(abs(gaps * sizes).sum() / len(chosen))
        # A gap that noise alone would make has that noise's size, one answer's at least, and points where there is room.
        means = np.add.reduceat(self.chosen, self.starts) / sizes
        noise = np.sqrt(np.add.reduceat(self.chosen * (1 - self.chosen), self.starts)) / sizes
        noise = np.maximum(noise, 1 / sizes)
        self.gaps = np.where(np.abs(gaps) > noise, gaps, np.copysign(noise, 0.5 - means))
        draw = np.random.default_rng(seed)
        draws = int(np.clip(NUMBERS // len(chosen), FEWEST_DRAWS, DRAWS))
        together = self._together(right[order] - self.chosen - gaps[self.place], np.clip(self.chosen + gaps[self.place], 0, 1))
        self.numbers = draw.random((draws, len(chosen)), np.float32)
        groups = int(group.max()) + 1
        if together and groups < len(chosen):
            shared = draw.random((draws, groups), np.float32)
            alike = draw.random((draws, groups)) < together
            self.numbers = np.where(alike[:, self.group], shared[:, self.group], self.numbers)

    def _together(self, rest: Floats, chances: Floats) -> float:
        """How alike answers of one group are beyond what their chances say, 0-1 (intraclass correlation)."""
        rest = rest / np.sqrt(np.maximum(chances * (1 - chances), 0.01))
        sizes = np.bincount(self.group)
        pairs = float((sizes * (sizes - 1)).sum())
        return float(np.clip((np.bincount(self.group, rest) ** 2 - np.bincount(self.group, rest**2)).sum() / pairs, 0, 1)) if pairs else 0.0

    def _chances(self, times: float) -> Floats:
        return np.asarray(np.clip(self.chosen + times * self.gaps[self.place], 0, 1))

    def _under(self, times: float, ties: float) -> float:
        """Fraction of evaluations with a smaller plain ECE than was seen, where gaps are `times` those seen; equal ones count `ties`."""
        right = self.numbers < self._chances(times)
        sums = np.add.reduceat(right, self.starts, axis=1, dtype=np.int64) - np.add.reduceat(self.chosen, self.starts)
        beyond = np.abs(sums).sum(1) / len(self.chosen) - self.seen
        return float((1 - ties) * (beyond < -1e-9).mean() + ties * (beyond < 1e-9).mean())

    def error_at(self, share: float, ties: float) -> float:
        """The true ECE with which this share of evaluations has a smaller plain one than was seen; 0 where fewer have."""
        low, high = 0.0, 1.0
        if self._under(low, ties) <= share:
            return 0.0
        while self._under(high, ties) > share and high < 64:
            low, high = high, 2 * high
        for _ in range(10):
            middle = (low + high) / 2
            low, high = (middle, high) if self._under(middle, ties) > share else (low, middle)
        gaps = np.add.reduceat(self._chances(high) - self.chosen, self.starts)
        return round(float(np.abs(gaps).sum() / len(self.chosen)), 4)


def _brier(probabilities: Floats, answer: int) -> float:
    truth = np.arange(len(probabilities)) == answer
    return float(((probabilities - truth) ** 2).sum())


def _said(found: Mapping[str, Any]) -> str:
    left = f"; {found['left_out']} without probabilities are left out" if found["left_out"] else ""
    if not found["n"]:
        return f"gave no answers with probabilities{left}"
    sure = f"is {found['confidence']:.0%} sure on average and {found['accuracy']:.0%} right"
    limits = found["overconfidence_interval"]
    if limits is None:
        return f"{sure}; too few groups to say more ({found['groups']} of {FEWEST_GROUPS}){left}"
    low, high = limits
    said = "too sure" if low > 0 else "not sure enough" if high < 0 else "no difference shown"
    return f"{sure}: {said} ({points(low)} to {points(high)} points, 95% interval){left}"


def _mean(values: Sequence[float] | Floats) -> float | None:
    return float(np.mean(values)) if len(values) else None
