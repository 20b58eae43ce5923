"""What a study trains: every arm at every learning rate with every seed; settings that come to the same arithmetic are one cell.

Imports no torch: what a study will cost is told before a model is loaded.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.common.text import canonical_json, short_hash
from pipeline.training.policy import Resolution, resolve
from schemas.config.study import StudyConfig
from schemas.config.train import RankPolicy, TrainConfig

ALL = "all"
BASE = "base.json"
"""The questions, and what the base model answers them."""


@dataclass(frozen=True)
class Arm:
    """A policy at a rank on a choice of layers, by its name: `all` for `train.target_modules`."""

    policy: str
    rank: int
    layers: str = ALL


@dataclass(frozen=True)
class Cell:
    """One training: what decides its numbers. `scale` multiplies B·A, whatever policy it comes from."""

    rank: int
    scale: float
    modules: tuple[str, ...]
    learning_rate: float
    seed: int

    @property
    def name(self) -> str:
        """Its file's."""
        return short_hash(canonical_json(asdict(self)))

    @property
    def coordinate(self) -> float:
        """scale·rank·learning_rate, in which first steps compare (`pipeline.training.policy`)."""
        return self.scale * self.rank * self.learning_rate

    def train(self, train: TrainConfig) -> TrainConfig:
        """The training's settings; a plain alpha of scale·rank is the scale of any policy."""
        policy = RankPolicy(name="fixed", alpha=self.scale * self.rank)
        of_cell = {"rank": self.rank, "policy": policy, "target_modules": list(self.modules)}
        return train.model_copy(update={**of_cell, "learning_rate": self.learning_rate, "seed": self.seed})

    @property
    def resolution(self) -> Resolution:
        """The scale as a plain alpha."""
        return Resolution(self.rank, self.scale * self.rank, False, self.scale)


@dataclass(frozen=True)
class Grid:
    """The cells in the order of their training, and which arm at which learning rate and seed each one stands for."""

    cells: list[Cell]
    of: dict[tuple[Arm, float, int], Cell]
    arms: list[Arm]

    @property
    def shared(self) -> int:
        """Trainings that are spared because another policy comes to the same."""
        return len(self.of) - len(self.cells)


def grid(study: StudyConfig, train: TrainConfig, hidden_size: int) -> Grid:
    """All of a study for a model of this width.

    Seed by seed, and within a seed the reference's learning rate first: a study that is stopped holds every arm with equal seeds, or
    every arm at one rate.
    """
    policies: dict[str, RankPolicy] = {policy.name: policy for policy in study.policies}
    layers = {ALL: train.target_modules, **study.layers}
    reference = study.reference
    arms = [Arm(name, rank) for rank in study.ranks for name in policies]
    arms += [Arm(reference.policy, reference.rank, name) for name in study.layers]
    rates = sorted(study.learning_rates, key=lambda rate: (rate != reference.learning_rate, study.learning_rates.index(rate)))
    found = {}
    for seed in study.seeds:
        for rate in rates:
            for arm in arms:
                scale = round(resolve(policies[arm.policy], arm.rank, hidden_size).scale, 9)
                found[arm, rate, seed] = Cell(arm.rank, scale, tuple(layers[arm.layers]), rate, seed)
    return Grid(list(dict.fromkeys(found.values())), found, arms)


def file_of(folder: Path, cell: Cell) -> Path:
    """Where a cell's numbers lie once it is done."""
    return folder / "cells" / f"{cell.name}.json"


def done(folder: Path, cells: Sequence[Cell]) -> list[Cell]:
    """Those whose file is there, in order."""
    return [cell for cell in cells if file_of(folder, cell).is_file()]
