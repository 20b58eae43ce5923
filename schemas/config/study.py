"""`study:` which alpha, rank and learning rate are trained side by side, and what counts as a difference."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Strict
from schemas.config.train import RankPolicy

POLICIES = (RankPolicy(name="equal_rank"), RankPolicy(), RankPolicy(name="fixed", alpha=16), RankPolicy(name="sqrt_hidden"))
WITHOUT_GATE = ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj")
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


class Reference(Strict):
    """The setting that others are held against."""

    policy: Literal["equal_rank", "twice_rank", "fixed", "sqrt_hidden"] = Field("twice_rank", description="one of `policies`")
    rank: int = Field(32, ge=1, description="one of `ranks`; other layers are tried with this policy and rank")
    learning_rate: float = Field(6e-4, gt=0, description="one of `learning_rates`: that of comparisons at one rate for all")


class StudyConfig(Strict):
    """Every policy at every rank and learning rate, with the same seeds, questions and budget (`mcq study`); all else as in `train`."""

    policies: list[RankPolicy] = Field(list(POLICIES), min_length=1, description="how alpha follows from the rank")
    ranks: list[int] = Field([2, 8, 32, 128], min_length=1, description="of the adapter's matrices")
    learning_rates: list[float] = Field([1.5e-4, 6e-4, 2.4e-3], min_length=1, description="the same trials for every policy")
    seeds: list[int] = Field([1, 2, 3], min_length=3, description="one training of each setting; two would not tell what a seed does")
    layers: dict[str, list[str]] = Field(
        {"without_gate": list(WITHOUT_GATE), "attention": list(ATTENTION)},
        description="names of further choices of layers, tried beside `train.target_modules` with the reference's policy and rank",
    )
    reference: Reference = Reference()
    margin_nll: float = Field(0.1, gt=0, description="differences of gold NLL under so many nats are as good as none")
    margin_accuracy: float = Field(0.05, gt=0, lt=1, description="differences of accuracy under this fraction are as good as none")
    max_questions: int | None = Field(
        None, ge=1, description="at most so many of each: validation, test, others; a sample that hashes decide; null: all"
    )

    @field_validator("policies", "ranks", "learning_rates", "seeds")
    @classmethod
    def _named_once(cls, values: list[Any]) -> list[Any]:
        names = [value.name if isinstance(value, RankPolicy) else value for value in values]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]!r} is named twice")
        if any(not isinstance(value, RankPolicy) and value <= 0 for value in values):
            raise ValueError("expected numbers over 0")
        return values

    @model_validator(mode="after")
    def _reference_is_tried(self) -> Self:
        tried: dict[str, list[Any]] = {
            "policy": [one.name for one in self.policies],
            "rank": self.ranks,
            "learning_rate": self.learning_rates,
        }
        for name, values in tried.items():
            if (found := getattr(self.reference, name)) not in values:
                raise ValueError(f"reference.{name} is {found!r}, which is not among {values}")
        if "all" in self.layers:
            raise ValueError("`all` is the name of train.target_modules; name these layers otherwise")
        return self
