"""Whether training helped, said with what the data can carry: paired, and by groups of questions that belong together.

Questions of one split group (variants, one passage) are right or wrong together, so a group counts as one observation. One test decides:
the sign-flip permutation test of the groups' sums (Fisher 1935), exact for any number of groups; with groups of one question it *is* the
exact McNemar test. The interval is that test turned round (Hartigan 1969), and the detectable effect is simulated with it. docs/evaluation.md
explains each number. Undefined is None, never 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm, t

CONFIDENCE = 0.95
POWER = 0.8
SUBSETS = 100_000
EVALUATIONS = 10_000
# From so many changed answers on, the distribution of a flipped sum is a normal one to four digits.
MANY = 4096
# The smallest difference from 0 that is written.
LEAST = 1e-4
BREAKDOWNS = ("subject", "source", "language")

Predictions = Sequence[Mapping[str, Any]]
"""Prediction rows of one model in one mode."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Groups(NamedTuple):
    """What became of each independent group, by group: questions, those that turned right, and those that turned wrong, (G,) int64."""

    sizes: Ints
    fixed: Ints
    broken: Ints

    @property
    def differences(self) -> Ints:
        """Questions more right with the adapter than without, by group."""
        return self.fixed - self.broken


def groups_of(differences: Sequence[int], names: Sequence[str]) -> Groups:
    """Sums by group of +1 (turned right), -1 (turned wrong) and 0 a question."""
    _, place = np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)
    values = np.asarray(differences, dtype=np.int64)
    return Groups(*(np.bincount(place[chosen]) if whole else np.bincount(place[chosen], minlength=place.max(initial=-1) + 1)
                    for whole, chosen in ((True, values == values), (False, values > 0), (False, values < 0))))
