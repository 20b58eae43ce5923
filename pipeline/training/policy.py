"""How a LoRA update is scaled: alpha follows from the rank by a named policy, and what that means is said out loud.

No policy is best: papers disagree, and learning rate and scale trade against each other. So each resolves to the scale s that
multiplies B·A, and to c = s·rank·learning_rate, in which first steps can be compared. Why this product: at first B is 0, and Adam's
first step moves each of its values by the learning rate, whatever the gradient's size. So ΔW = s·ΔB·A sums `rank` terms of equal
size, all pushing the loss down, and what the step does to the model's answers grows with s·rank·lr, not with s·sqrt(rank)·lr
(which would hold for terms of random signs).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.config.train import LINEAR_KINDS, RankPolicy, TrainConfig

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
        """c = s·r·lr, the equivalent alpha times the learning rate: first steps of equal c change the answers about equally,
        whatever rank and policy."""
        return self.equivalent_alpha * learning_rate


@dataclass(frozen=True)
class Recipe:
    """A published setting; alpha/rank is its scale."""

    name: str
    source: str
    rank: int
    alpha: float
    learning_rate: float

    @property
    def coordinate(self) -> float:
        """c of its first step."""
        return self.alpha * self.learning_rate


RECIPES = (
    Recipe("QLoRA, 33B and 65B", "arXiv 2305.14314", 64, 16, 1e-4),
    Recipe("QLoRA, 7B and 13B", "arXiv 2305.14314", 64, 16, 2e-4),
    Recipe("Unsloth's defaults", "unsloth.ai/docs, LoRA hyperparameters guide", 16, 16, 2e-4),
    Recipe("LoRA, RoBERTa base on MNLI", "arXiv 2106.09685", 8, 8, 5e-4),
    Recipe("LoRA, GPT-2 medium", "arXiv 2106.09685", 4, 32, 2e-4),
    Recipe("LoRA learns less, code", "arXiv 2405.09673", 256, 32, 2e-4),
    Recipe("LoRA learns less, mathematics", "arXiv 2405.09673", 256, 512, 2e-4),
)
COORDINATE_BAND = (min(recipe.coordinate for recipe in RECIPES), max(recipe.coordinate for recipe in RECIPES))


def resolve(policy: RankPolicy, rank: int, hidden_size: int) -> Resolution:
    """Alpha and scale of a policy at a rank (>= 1), for a model of `hidden_size`.

    >>> resolve(RankPolicy(), 16, 576)
    Resolution(rank=16, alpha=32.0, use_rslora=False, scale=2.0)
    >>> resolve(RankPolicy(name="sqrt_hidden"), 16, 4096)
    Resolution(rank=16, alpha=64.0, use_rslora=True, scale=16.0)
    """
    own = policy.alpha or FIXED_ALPHA
    alpha = {"equal_rank": float(rank), "twice_rank": 2.0 * rank, "fixed": own, "sqrt_hidden": math.sqrt(hidden_size)}[policy.name]
    use_rslora = policy.name == "sqrt_hidden" if policy.rslora is None else policy.rslora
    return Resolution(rank, alpha, use_rslora, alpha / (math.sqrt(rank) if use_rslora else rank))


def warnings(train: TrainConfig, resolution: Resolution) -> list[str]:
    """What a reader of the results should know about these settings; none of it stops a run."""
    if train.method == "full":
        return []
    found: list[str] = []
    if train.rank <= 8:
        found.append(
            f"rank {train.rank}: 8 or less was found enough for up to a few thousand samples (LoRA Without Regret, 2025), and to add "
            "directions that the base model doesn't know (arXiv 2410.21228); with more questions take 16 or more"
        )
    if missing := [kind for kind in LINEAR_KINDS if kind not in train.target_modules]:
        found.append(
            f"no adapter on {', '.join(missing)}: QLoRA needed every linear layer to match full fine-tuning (arXiv 2305.14314, figure 2), "
            "and results don't compare with runs that adapt all of them"
        )
    c = resolution.coordinate(train.learning_rate)
    low, high = COORDINATE_BAND
    if not low * 0.999 <= c <= high * 1.001:
        side, cure = ("under", "raise") if c < low else ("over", "lower")
        found.append(
            f"scale·rank·learning_rate = {c:.2e} is {side} that of every published recipe ({low:.1e} to {high:.1e}); "
            f"{cure} the learning rate (here they span {low / c * train.learning_rate:.1e} to {high / c * train.learning_rate:.1e})"
        )
    return found


@dataclass(frozen=True)
class PolicyRow:
    """One line of the policy table; the learning rates are those whose first step is that of the smallest and largest published recipe."""

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
    policies = (RankPolicy(name="equal_rank"), RankPolicy(), RankPolicy(name="fixed", alpha=alpha), RankPolicy(name="sqrt_hidden"))
    for policy in policies:
        for rank in ranks:
            r = resolve(policy, rank, hidden_size)
            low, high = (c / r.coordinate(1.0) for c in COORDINATE_BAND)
            rows.append(PolicyRow(policy.name, rank, r.alpha, r.use_rslora, r.scale, r.equivalent_alpha, low, high))
    return rows
