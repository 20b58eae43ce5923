"""Two settings held against each other, over independent groups of questions and over seeds: is there a difference, and how large?

Seeds and questions are both drawn from many. So the difference of a group under a seed is the true one + what the seed does + what the
group does + the rest (crossed random effects). The standard error holds all three; how many errors count as a difference lies between
Student's quantiles for seeds and for groups, by the share that seeds have in it (Cochran 1964). The paired bootstrap over groups and
seeds stands beside it and decides nothing: three seeds drawn from three vary too little, and it finds differences that aren't there
(tests/pipeline/study/test_comparison.py has both simulated).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

ALPHA = 0.05
DRAWS = 2000
# A smaller p-value is given as this one.
SMALLEST_P = 1e-12

Floats = NDArray[np.float64]
Verdict = Literal["lower", "higher", "equivalent", "undecided", "equal"]


@dataclass(frozen=True)
class Difference:
    """First less second: mean over questions and seeds, standard error, the share of its square that seeds have, 90% and 95% intervals,
    p-value (None where nothing differs anywhere)."""

    mean: float
    error: float
    seeds_share: float
    interval90: tuple[float, float]
    interval: tuple[float, float]
    p_value: float | None


def by_group(values: Floats, groups: Sequence[str]) -> Floats:
    """Sums of (seeds, questions) by group, scaled so that their mean is the mean over questions: (seeds, groups)."""
    _, place = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    count = int(place.max()) + 1
    sums: Floats = np.stack([np.bincount(place, row, count) for row in values]) * (count / values.shape[1])
    return sums


def compare(first: Floats, second: Floats, groups: Sequence[str]) -> Difference:
    """The difference of two settings; both (seeds, questions) of the same seeds and questions. Needs two seeds and two groups."""
    cells = by_group(first - second, groups)
    seeds, count = cells.shape
    assert min(seeds, count) > 1
    mean = float(cells.mean())
    of_seeds, of_groups = cells.mean(1) - mean, cells.mean(0) - mean
    rest = cells - mean - of_seeds[:, None] - of_groups[None]
    by_seed = count * (of_seeds**2).sum() / (seeds - 1)
    by_question = seeds * (of_groups**2).sum() / (count - 1)
    noise = (rest**2).sum() / ((seeds - 1) * (count - 1))
    total = float(max(by_seed + by_question - noise, by_seed, by_question))
    if total < 1e-24:
        return Difference(mean, 0.0, 0.0, (mean, mean), (mean, mean), SMALLEST_P if abs(mean) > 1e-12 else None)
    error, share = math.sqrt(total / cells.size), float(max(by_seed - noise, 0.0)) / total

    def errors(p_value: float) -> float:
        """How many standard errors have this two-sided p-value."""
        few, many = (float(stdtrit(freedom, 1 - p_value / 2)) for freedom in (seeds - 1, count - 1))
        return share * few + (1 - share) * many

    low, high = SMALLEST_P, 1.0
    while high - low > 1e-4 * high:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if errors(middle) > abs(mean) / error else (low, middle)
    reach90, reach = errors(0.1) * error, errors(ALPHA) * error
    return Difference(mean, error, share, (mean - reach90, mean + reach90), (mean - reach, mean + reach), high)


def bootstrap(first: Floats, second: Floats, groups: Sequence[str]) -> tuple[float, float]:
    """95% percentile interval of the difference, seeds and groups both drawn anew; the same draws for all of one shape."""
    cells = by_group(first - second, groups)
    of_seeds, of_groups = _draws(*cells.shape)
    low, high = np.quantile((of_seeds @ cells * of_groups).sum(1) / cells.size, [0.025, 0.975])
    return float(low), float(high)


@cache
def _draws(seeds: int, groups: int) -> tuple[Floats, Floats]:
    """How often each seed and each group is drawn, (DRAWS, seeds) and (DRAWS, groups)."""
    draw = np.random.default_rng(0)
    counts = (draw.multinomial(size, np.full(size, 1 / size), DRAWS).astype(float) for size in (seeds, groups))
    return next(counts), next(counts)


def verdict(difference: Difference, adjusted: float | None, margin: float) -> Verdict:
    """What a difference shows. `equivalent`: two one-sided tests at 5% (TOST) put it inside the margin, that is, its 90% interval lies
    there; a difference may be both shown and small, and then it is told as equivalent."""
    if adjusted is None:
        return "equal"
    low, high = difference.interval90
    if -margin < low and high < margin:
        return "equivalent"
    if adjusted < ALPHA:
        return "lower" if difference.mean < 0 else "higher"
    return "undecided"
