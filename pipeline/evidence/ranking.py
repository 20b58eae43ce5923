"""How far each key is believed by models that never saw the question, and which ones are suspected first. No torch.

Two voices, the cross-fitted adapters and the base model, give each option a probability. They are pooled as softmax(a·log p_adapter +
b·log p_base); a and b, and the share of wrong keys e, are those under which the keys as they stand are likeliest, where a key is the
true answer with probability 1 - e, else any other option alike:

    P(key) = (1 - e)·q(key) + e·(1 - q(key)) / (options - 1)         the keys' likelihood; q is the pool's probability
    wrong_share = e·(1 - q(key)) / (options - 1) / P(key)            by Bayes' rule

Keys are foretold by models that didn't see them, and three numbers are fitted over all questions, so no key can speak for itself. A base
model that knows nothing gets little weight, or a negative one, which takes back what the adapter inherited of its taste for texts; sums
that are too sure of themselves are calmed by a < 1.

Confident learning (Northcutt et al. 2021, arXiv 1911.00068) has a threshold for each class: the mean self-confidence of its members.
Options are no classes, as option A of one question has nothing to do with A of another, so there is one threshold, the mean
self-confidence over all questions: another option counts as confident from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# An option is never impossible: a probability of 0 marks that there is no such option.
FLOOR = 1e-12
# Before anything is seen: the adapter as it is, and about 5% of wrong keys, on the word of 20 questions. Keeps tiny sets off the edges.
PRIOR_WRONG, PRIOR_QUESTIONS = 0.05, 20.0
BOUNDS = ((0.0, 10.0), (-10.0, 10.0), (1e-3, 0.5))
STARTS = ((1.0, 0.0, 0.05), (0.2, 0.0, 0.05), (0.2, 0.0, 0.2))


@dataclass(frozen=True)
class Voice:
    """What one voice says of n questions with up to m options: probabilities (n, m), 0 where there is no option, and the option that
    it chooses (n,)."""

    probabilities: Floats
    chosen: Whole


@dataclass(frozen=True)
class Verdict:
    """What the voices say together, (n,) each: `rank` from 1.

    `gain` is what they foretell a key better than guessing, nats a question, with its 95% interval over independent groups; None for a
    single group. Where the interval isn't above 0, the models see nothing and `wrong_share` is undefined.
    """

    adapter_weight: float
    base_weight: float
    wrong_fraction: float
    threshold: float
    gain: float
    gain_interval: tuple[float, float] | None
    self_confidence: Floats
    confidently_other: NDArray[np.bool_]
    wrong_share: Floats
    rank: Whole

    @property
    def sees(self) -> bool:
        """Whether the models foretell keys better than guessing does."""
        return self.gain_interval is not None and self.gain_interval[0] > 0


def voice(repeats: Sequence[Sequence[Sequence[float] | None]], over: Sequence[Sequence[int]]) -> Voice:
    """One voice of summed log-likelihoods (nats): a list a repeat of an item a question, None where it wasn't asked; each question was
    asked at least once.

    Its probabilities are the mean over repeats of the softmax over the sums, which are logarithms of probabilities; over lengths they
    are of none, and a softmax over them would measure the unit. The option is chosen over lengths, as evaluation does, by the mean.
    """
    width = max(map(len, over), default=0)
    probabilities, chosen = np.zeros((len(over), width)), np.zeros(len(over), dtype=np.int64)
    for place, lengths in enumerate(over):
        sums = np.array([found for repeat in repeats if (found := repeat[place]) is not None])
        probabilities[place, : len(lengths)] = np.maximum(softmax(sums, axis=1).mean(axis=0), FLOOR)
        chosen[place] = np.argmax(sums.mean(axis=0) / lengths)
    return Voice(probabilities, chosen)


def judge(adapter: Voice, base: Voice, key: Sequence[int], groups: Sequence[str], record_ids: Sequence[str]) -> Verdict:
    """Pools both voices and ranks the questions; at least one. Equal suspicion is ordered by the adapter's probability of the key, then
    by record_id."""
    keys = np.asarray(key)
    there = adapter.probabilities > 0
    counts = there.sum(axis=1)
    logs = [np.log(np.where(there, one.probabilities, 1.0)) for one in (adapter, base)]

    def pooled(adapter_weight: float, base_weight: float) -> Floats:
        scores = np.where(there, adapter_weight * logs[0] + base_weight * logs[1], -np.inf)
        found: Floats = np.exp(log_softmax(scores, axis=1))
        return found

    def of_key(values: Floats) -> Floats:
        found: Floats = values[np.arange(len(keys)), keys]
        return found

    def likelihood(right: Floats, wrong: float) -> Floats:
        found: Floats = (1 - wrong) * right + wrong * (1 - right) / (counts - 1)
        return found

    def cost(numbers: Floats) -> float:
        adapter_weight, base_weight, wrong = numbers
        prior = PRIOR_QUESTIONS * (PRIOR_WRONG * np.log(wrong) + (1 - PRIOR_WRONG) * np.log(1 - wrong))
        prior -= ((adapter_weight - 1) ** 2 + base_weight**2) / 2
        return -float(np.log(likelihood(of_key(pooled(adapter_weight, base_weight)), wrong)).sum() + prior)

    best = min((minimize(cost, start, method="L-BFGS-B", bounds=BOUNDS) for start in STARTS), key=lambda found: float(found.fun))
    adapter_weight, base_weight, wrong = map(float, best.x)
    pool = pooled(adapter_weight, base_weight)
    right = of_key(pool)
    foretold = likelihood(right, wrong)
    share = wrong * (1 - right) / (counts - 1) / foretold
    threshold = float(right.mean())
    likeliest = pool.argmax(axis=1)
    confident = (likeliest != keys) & (pool.max(axis=1) >= threshold)
    believed = of_key(adapter.probabilities)
    order = sorted(range(len(keys)), key=lambda i: (-share[i], believed[i], record_ids[i]))
    rank = np.empty(len(keys), dtype=np.int64)
    rank[order] = np.arange(1, len(keys) + 1)
    gains = np.log(foretold) + np.log(counts)
    return Verdict(
        adapter_weight, base_weight, wrong, threshold, float(gains.mean()), _interval(gains, groups), right, confident, share, rank
    )


def _interval(values: Floats, groups: Sequence[str]) -> tuple[float, float] | None:
    """95% of the mean, where values of a group go together; None for a single group."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.bincount(place, values - values.mean())
    reach = 1.96 * float(np.sqrt(len(names) / (len(names) - 1) * (sums**2).sum())) / len(values)
    return float(values.mean()) - reach, float(values.mean()) + reach


def probability_of(voice_: Voice, places: Any) -> Floats:
    """A voice's probability of one option of each question."""
    found: Floats = voice_.probabilities[np.arange(len(places)), places]
    return found
