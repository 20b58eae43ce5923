"""The test that decides, its interval, and what it could have shown: all over independent groups of questions.

Under "training changed nothing" base and adapter could swap names in any group, so the sign of each group's sum of differences is a coin.
The p-value is how often flipped signs give a total as far from 0 as the one seen (Fisher 1935), counted over all 2^G flips by the
characteristic function, not drawn. With groups of one question this is the exact McNemar test.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

ALPHA = 0.05
POWER = 0.8
# Fewer have under 2/0.05 sign patterns, and can refuse nothing at the 5% level.
FEWEST_GROUPS = 6
SUBSETS = 100_000
EVALUATIONS = 10_000
# The flipped sum of so many changed answers is as good as normal.
MANY = 1000
# The transform's rounding; a smaller p-value is given as this one.
SMALLEST_P = 1e-15
# Nearest to 0 that an interval's end comes on the side where the test says "different".
OFF_ZERO = 1e-4

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Groups(NamedTuple):
    """What became of each independent group's questions: how many there are, turned right and turned wrong, each (G,) int64."""

    sizes: Ints
    fixed: Ints
    broken: Ints

    @property
    def differences(self) -> Ints:
        """How many more questions of each group the adapter answers right, (G,) int64."""
        return self.fixed - self.broken


def groups_of(differences: Sequence[int], names: Sequence[str]) -> Groups:
    """Counts by group of what became of each question: +1 turned right, -1 turned wrong, 0 as before.

    >>> groups_of([1, 1, 0], ["a", "a", "b"]).differences.tolist()
    [2, 0]
    """
    if not names:
        return Groups(*(np.zeros(0, np.int64) for _ in range(3)))
    kinds, place = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    values = np.asarray(differences)
    return Groups(*(np.bincount(place, chosen, len(kinds)).astype(np.int64) for chosen in (values == values, values > 0, values < 0)))


def p_value(groups: Groups) -> float | None:
    """Two-sided p-value that training changed nothing; None without questions. Exact down to 1e-15."""
    if not len(groups.sizes):
        return None
    differences = groups.differences
    magnitudes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    return float(p_values(magnitudes, counts[None], np.array([differences.sum()]))[0])


def p_values(magnitudes: Ints, counts: Ints, totals: Ints) -> Floats:
    """Two-sided p-values of R evaluations, (R,), from what their groups' differences are but for the sign.

    Args:
        magnitudes: the K distinct sizes of difference that a group has, over 0.
        counts: how many groups have each, (R, K).
        totals: sum of the signed differences, (R,).
    """
    reach = counts @ magnitudes
    length = 1 << int(reach.max(initial=1)).bit_length()
    # Of each magnitude the characteristic function of a coin that gives it or 0, at the transform's frequencies.
    turns = np.exp(-2j * np.pi * np.arange(length // 2 + 1) / length)
    coins = (1 + turns[:, None] ** magnitudes) / 2
    logarithms = np.log(np.maximum(np.abs(coins), 1e-300)) + 1j * np.angle(coins)
    found = np.ones(len(totals))
    rows = max((1 << 21) // length, 1)
    for start in range(0, len(totals), rows):
        part = slice(start, start + rows)
        chances = np.fft.irfft(np.exp(counts[part] @ logarithms.T), length)
        tails = chances[:, ::-1].cumsum(1)[:, ::-1]
        found[part] = 2 * np.take_along_axis(tails, ((reach[part] + np.abs(totals[part])) // 2)[:, None], 1)[:, 0]
    # No flips give less than the two that have all groups on one side.
    return np.clip(found.round(15), np.maximum(2.0 ** (1 - counts.sum(1, dtype=np.float64)), SMALLEST_P), 1)


def interval(groups: Groups, seed: int) -> tuple[float, float] | None:
    """95% interval of the difference in accuracy over all questions: the differences that the test doesn't refuse.

    Refusing a difference d means flipping the signs of what the groups' sums have over d a question, and then the limits are quantiles
    of the mean over random subsets of groups (Hartigan 1969), of which so many are drawn that a limit moves by under 1% of the interval's
    width. As Agresti and Min (2005) do for pairs, one group that turns right and one that turns wrong are added, so that groups that all
    agree don't pretend to certainty. Where that leaves a limit on another side of 0 than `p_value` says, the limit gives way: the two
    never disagree. None for under 6 groups: so few can't refuse anything at the 5% level.
    """
    if len(groups.sizes) < FEWEST_GROUPS:
        return None
    mean_size = groups.sizes.mean()
    kinds, counts = np.unique(np.stack([groups.differences, groups.sizes], 1), axis=0, return_counts=True)
    kinds = np.concatenate([kinds, [[mean_size, mean_size], [-mean_size, mean_size]]])
    drawn = np.random.default_rng(seed).binomial([*counts, 1, 1], 0.5, (SUBSETS, len(kinds)))
    total, size = (drawn @ kinds).T
    means = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
    low, high = (float(limit) for limit in np.quantile(means, [ALPHA / 2, 1 - ALPHA / 2]))
    p = p_value(groups)
    if p is not None and p < ALPHA:
        low, high = (max(low, OFF_ZERO), high) if groups.differences.sum() > 0 else (low, min(high, -OFF_ZERO))
    else:
        low, high = min(low, 0.0), max(high, 0.0)
    return round(low, 4), round(high, 4)


def minimum_detectable_effect(groups: Groups, seed: int) -> float | None:
    """The true difference in accuracy that this test shows with 80% power on another evaluation like this one; None where there is none.

    "Like this one": as many groups of each size, with as many changed answers as groups of that size have here; each changed answer turns
    right with the same chance, and within a group the answers change the same way as often as here. More than the share of changed
    answers is never a difference, so none is given above it. Simulated, with a standard error of 0.3 points of power.
    """
    again = _Again(groups)
    if not again.changed.any() or again.power(1.0, seed) < POWER:
        return None
    low, high = 0.0, 1.0
    for _ in range(30):  # where totals that are normal would have that power
        middle = (low + high) / 2
        low, high = (low, middle) if again.normal_power(middle) >= POWER else (middle, high)
    low, high = 0.8 * high, min(1.2 * high, 1.0)
    while again.power(low, seed) >= POWER:
        low *= 0.8
    while again.power(high, seed) < POWER:
        high = min(1.2 * high, 1.0)
    for _ in range(2):
        leans = np.linspace(low, high, 5)
        powers = np.array([again.power(lean, seed + place) for place, lean in enumerate(leans)])
        crossed = int(np.clip(np.searchsorted(np.maximum.accumulate(powers), POWER), 1, 4))
        low, high = leans[crossed - 1], leans[crossed]
    # The last five simulations smooth each other.
    curve, fine = np.polynomial.Polynomial.fit(leans, powers, 2), np.linspace(leans[0], leans[-1], 200)
    return round(float(np.interp(POWER, np.maximum.accumulate(curve(fine)), fine)) * again.discordance, 5)


class _Again:
    """Evaluations like one that was made. `lean`, 0-1: by how much more of the changed answers turn right than wrong."""

    def __init__(self, groups: Groups) -> None:
        changed, questions = groups.fixed + groups.broken, groups.sizes.sum()
        self.discordance = float(changed.sum() / questions) if questions else 0.0
        self.changed, place = np.unique(changed, return_inverse=True)
        self.magnitudes = np.arange(1, self.changed.max(initial=0) + 1)
        self.sizes = [np.bincount(place[groups.sizes == size], minlength=len(self.changed)) for size in np.unique(groups.sizes)]
        # How much more a group's changes agree than coins with the same lean would: 0 as those, 1 all one way.
        right = groups.fixed.sum() / max(changed.sum(), 1)
        alone = 4 * right * (1 - right) * changed + (2 * right - 1) ** 2 * changed**2
        room = float((changed**2 - alone).sum())
        self.together = float(np.clip((groups.differences**2 - alone).sum() / room, 0, 1)) if room > 1e-9 else 1.0

    def outcomes(self, changed: int, lean: float) -> Floats:
        """Probability that 0, 1, ... of a group's changed answers turn right, (changed + 1,)."""
        right = (1 + lean) / 2
        chances = (1 - self.together) * binom.pmf(np.arange(changed + 1), changed, right)
        chances[[0, -1]] += self.together * np.array([1 - right, right])
        return np.asarray(chances / chances.sum())

    def normal_power(self, lean: float) -> float:
        """The test's power if totals were normal."""
        means, squares = lean * self.changed, np.zeros(len(self.changed))
        for place, changed in enumerate(self.changed):
            squares[place] = self.outcomes(changed, lean) @ (2 * np.arange(changed + 1) - changed) ** 2
        mean = sum(counts @ means for counts in self.sizes)
        square = sum(counts @ squares for counts in self.sizes)
        variance = square - sum((counts @ means) ** 2 / counts.sum() for counts in self.sizes)
        return float(norm.cdf((mean - norm.ppf(1 - ALPHA / 2) * square**0.5) / max(variance, 1e-12) ** 0.5))

    def power(self, lean: float, seed: int) -> float:
        """Fraction of simulated evaluations in which the test says that the adapter is better."""
        draw = np.random.default_rng(seed)
        counts = np.zeros((EVALUATIONS, len(self.magnitudes)), np.int64)
        totals = np.zeros(EVALUATIONS, np.int64)
        drawn = np.sum([draw.multinomial(mine.sum(), mine / mine.sum(), EVALUATIONS) for mine in self.sizes], axis=0)
        for place, changed in enumerate(self.changed):
            found = draw.multinomial(drawn[:, place], self.outcomes(changed, lean))
            for right, times in enumerate(found.T):
                difference = 2 * right - changed
                totals += difference * times
                if difference:
                    counts[:, abs(difference) - 1] += times
        if (counts @ self.magnitudes).max() > MANY:
            spread = np.maximum(counts @ self.magnitudes**2, 1) ** 0.5
            return float((norm.sf((totals - 1) / spread) < ALPHA / 2).mean())
        seen, weights = np.unique(np.column_stack([counts, totals]), axis=0, return_counts=True)
        refused = (p_values(self.magnitudes, seen[:, :-1], seen[:, -1]) < ALPHA) & (seen[:, -1] > 0)
        return float(weights[refused].sum() / EVALUATIONS)
