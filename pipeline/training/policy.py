"""How a LoRA update is scaled: alpha follows from the rank by a named policy, and what that means is said out loud.

No policy is best: papers disagree, and learning rate and scale trade against each other. So each resolves to the scale s that
multiplies B·A, and to c = s·sqrt(rank)·learning_rate, in which policies can be compared.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.config.train import LINEAR_KINDS, RankPolicy, TrainConfig

# From alpha = 2r, r = 16, lr = 2e-4 (QLoRA's setting, arXiv 2305.14314) up to the largest that published sweeps found to work.
COORDINATE_BAND = (1.6e-3, 5e-3)
FIXED_ALPHA = 16.0


@dataclass(frozen=True)
class Resolution:
    """What a policy gives for one rank. `scale` multiplies B·A: alpha/r, or alpha/sqrt(r) with rsLoRA (arXiv 2312.03732)."""

    rank: int
    alpha: float
    use_rslora: bool
    scale: float

    @property
    def equivalent_alpha(self) -> float:
        """The alpha that gives the same scale without rsLoRA."""
        return self.scale * self.rank

    def coordinate(self, learning_rate: float) -> float:
        """c = s·sqrt(r)·lr: runs of equal c take steps of about equal size, whatever their rank and policy."""
        return self.scale * math.sqrt(self.rank) * learning_rate


def resolve(policy: RankPolicy, rank: int, hidden_size: int) -> Resolution:
    """Alpha and scale of a policy at a rank (>= 1), for a model of `hidden_size`.

    >>> resolve(RankPolicy(), 16, 576)
    Resolution(rank=16, alpha=32.0, use_rslora=False, scale=2.0)
    >>> resolve(RankPolicy(name="sqrt_hidden"), 16, 4096)
    Resolution(rank=16, alpha=64.0, use_rslora=True, scale=16.0)
    """
    if policy.name == "sqrt_hidden":
        alpha = math.sqrt(hidden_size)
        return Resolution(rank, alpha, True, alpha / math.sqrt(rank))
    alpha = 2.0 * rank if policy.alpha is None else policy.alpha
    return Resolution(rank, alpha, False, alpha / rank)


def warnings(train: TrainConfig, resolution: Resolution) -> list[str]:
    """What a reader of the results should know about these settings; none of it stops a run."""
    found = []
    if train.rank <= 8:
        found.append(f"rank {train.rank}: 8 or less suits up to a few thousand questions; more data may need more")
    if missing := [kind for kind in LINEAR_KINDS if kind not in train.target_modules]:
        found.append(f"no adapter on {', '.join(missing)}: results don't compare with runs that adapt every linear layer")
    c = resolution.coordinate(train.learning_rate)
    low, high = COORDINATE_BAND
    if not low * 0.999 <= c <= high * 1.001:
        side, cure = ("under", "raise") if c < low else ("over", "lower")
        found.append(
            f"scale·sqrt(rank)·learning_rate = {c:.2e} is {side} the published band {low:.1e} to {high:.1e}; "
            f"{cure} the learning rate (here the band is {low / c * train.learning_rate:.1e} to {high / c * train.learning_rate:.1e})"
        )
    return found


@dataclass(frozen=True)
class PolicyRow:
    """One line of the policy table; the learning rates are those at the two ends of the published band."""

    policy: str
    rank: int
    alpha: float
    use_rslora: bool
    scale: float
    equivalent_alpha: float
    learning_rate_low: float
    learning_rate_high: float


def policy_table(hidden_size: int, ranks: Iterable[int] = (4, 8, 16, 32, 64, 128, 256), alpha: float = FIXED_ALPHA) -> list[PolicyRow]:
    """Every policy at every rank, in that order; `alpha` is that of the policy `fixed`."""
    ranks = list(ranks)
    rows = []
    for policy in (RankPolicy(), RankPolicy(name="fixed", alpha=alpha), RankPolicy(name="sqrt_hidden")):
        for rank in ranks:
            r = resolve(policy, rank, hidden_size)
            low, high = (c / r.coordinate(1.0) for c in COORDINATE_BAND)
            rows.append(PolicyRow(policy.name, rank, r.alpha, r.use_rslora, r.scale, r.equivalent_alpha, low, high))
    return rows
