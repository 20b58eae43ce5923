"""What the cells of a study show: every arm at every learning rate, policies held against each other, and each claim in the owner's
notes. Works on what is done; an arm counts once all its seeds and rates are there. Imports no torch."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.common.holm import holm
from pipeline.study.comparison import Difference, Floats, bootstrap, compare, verdict
from pipeline.study.grid import ALL, BASE, Arm, Cell, Grid, file_of
from schemas.config.study import StudyConfig

NLL, ACCURACY, FORGETTING = "gold NLL", "accuracy", "others' gold NLL"
FIXED, OWN = "one rate for all", "own best rate"
LOW_RANK = 8


@dataclass(frozen=True)
class Setting:
    """An arm at a learning rate."""

    arm: Arm
    rate: float


class Study:
    """The cells that are done, as arrays over the questions."""

    def __init__(self, folder: Path, config: StudyConfig, grid: Grid) -> None:
        self.config, self.grid = config, grid
        self.facts = json.loads((folder / BASE).read_text(encoding="utf-8"))
        questions = self.facts["questions"]
        self.key = np.array(questions["answer_index"])
        self.groups = np.array(questions["split_group"])
        self.part = np.array(questions["part"])
        self.found: dict[Cell, dict[str, Any]] = {}
        for cell in grid.cells:
            if file_of(folder, cell).is_file():
                self.found[cell] = json.loads(file_of(folder, cell).read_text(encoding="utf-8"))
        # Of each arm the rate that the validation questions choose.
        self.best = {arm: self._best_rate(arm) for arm in grid.arms}

    def cells(self, setting: Setting) -> list[dict[str, Any]] | None:
        """What each seed gave, in order; None where one isn't done."""
        cells = [self.grid.of[setting.arm, setting.rate, seed] for seed in self.config.seeds]
        return [self.found[cell] for cell in cells] if all(cell in self.found for cell in cells) else None

    def values(self, setting: Setting, outcome: str, part: str) -> Floats | None:
        """An outcome of (seeds, questions of the part); None where a seed isn't done or left the range of numbers."""
        cells = self.cells(setting)
        if cells is None or any("diverged" in cell for cell in cells):
            return None
        asked = self.part == part
        if outcome == ACCURACY:
            return np.array([(np.array(cell["best"]) == self.key)[asked] for cell in cells], dtype=float)
        return np.array([np.array(cell["gold_nll"])[asked] for cell in cells])

    def _best_rate(self, arm: Arm) -> float | None:
        """The learning rate with the lowest gold NLL on the validation questions, over all seeds; None until all rates are done."""
        settings = [Setting(arm, rate) for rate in self.config.learning_rates]
        if any(self.cells(setting) is None for setting in settings):
            return None
        means = [(float(values.mean()), one.rate) for one in settings if (values := self.values(one, NLL, "validation")) is not None]
        return min(means)[1] if means else None

    def chosen(self, arm: Arm, condition: str) -> Setting | None:
        """The arm at the rate of a condition."""
        rate = self.config.reference.learning_rate if condition == FIXED else self.best[arm]
        return None if rate is None else Setting(arm, rate)


def analyse(folder: Path, config: StudyConfig, grid: Grid) -> dict[str, Any]:
    """The result, for `study.json` and the page."""
    study = Study(folder, config, grid)
    compared = list(comparisons(study))
    took = [cell["seconds"] for cell in study.found.values()]
    return {
        "cells": {"all": len(grid.of), "trainings": len(grid.cells), "shared": grid.shared, "done": len(study.found)},
        "diverged": sum("diverged" in cell for cell in study.found.values()),
        "seconds": round(sum(took), 1),
        "seconds_a_cell": round(sum(took) / len(took), 1) if took else None,
        "config": config.model_dump(mode="json"),
        **{name: study.facts[name] for name in ("samples", "base_model", "base_revision", "dataset_version", "compute_dtype", "device")},
        "questions": dict(Counter(study.part.tolist())),
        "base": base_figures(study),
        "settings": [row for arm in grid.arms for rate in config.learning_rates if (row := figures(study, Setting(arm, rate)))],
        "best_rates": [{**asdict(arm), "learning_rate": study.best[arm]} for arm in grid.arms],
        "comparisons": compared,
    }


def base_figures(study: Study) -> dict[str, dict[str, float | None]]:
    """What the base model answers, by part."""
    base, found = study.facts["base"], {}
    for part in ("validation", "learning", "others"):
        asked = study.part == part
        right = (np.array(base["best"]) == study.key)[asked]
        found[part] = {
            "accuracy": float(right.mean()) if asked.any() else None,
            "gold_nll": float(np.array(base["gold_nll"])[asked].mean()) if asked.any() else None,
            "guessing": float((1 / np.array(study.facts["options"]))[asked].mean()) if asked.any() else None,
        }
    return found


def figures(study: Study, setting: Setting) -> dict[str, Any] | None:
    """What came of a setting, over its seeds; None until all are done."""
    cells = study.cells(setting)
    if cells is None:
        return None
    scale, rank = cells[0]["scale"], setting.arm.rank
    row: dict[str, Any] = {
        **asdict(setting.arm),
        "learning_rate": setting.rate,
        "scale": scale,
        "coordinate": scale * rank * setting.rate,
        "first_step_nats": _mean(cell["first_step_nats"] for cell in cells),
        "trainable_parameters": cells[0]["trainable_parameters"],
        "diverged": sum("diverged" in cell for cell in cells),
    }
    if row["diverged"]:
        return row
    for part in ("validation", "learning", "others"):
        nll, right = study.values(setting, NLL, part), study.values(setting, ACCURACY, part)
        if nll is None or right is None or not nll.size:
            continue
        groups = study.groups[study.part == part]
        row[part] = {}
        for name, values in (("gold_nll", nll), ("accuracy", right)):
            found = compare(values, np.zeros_like(values), groups)
            row[part] |= {name: found.mean, f"{name}_interval": found.interval}
    asked = study.part == "others"
    base_right = (np.array(study.facts["base"]["best"]) == study.key)[asked]
    if base_right.any() and (right := study.values(setting, ACCURACY, "others")) is not None:
        row["lost"] = float(1 - right[:, base_right].mean())
    return row


def comparisons(study: Study) -> Iterable[dict[str, Any]]:
    """All comparisons, family by family: p-values are adjusted (Holm) within a family, an outcome and a condition."""
    config = study.config
    names = [policy.name for policy in config.policies]
    low, high = [rank for rank in config.ranks if rank <= LOW_RANK], [rank for rank in config.ranks if rank > LOW_RANK]
    pairs = list(combinations(names, 2))
    families: dict[str, list[tuple[str, list[Arm], list[Arm]]]] = {
        "policies": [(f"rank {rank}", [Arm(one, rank)], [Arm(other, rank)]) for rank in config.ranks for one, other in pairs],
        "policies over all ranks": [
            ("all ranks", [Arm(one, rank) for rank in config.ranks], [Arm(other, rank) for rank in config.ranks]) for one, other in pairs
        ],
        "low ranks": [(name, [Arm(name, one)], [Arm(name, other)]) for name in names for one in low for other in high],
        "layers": [
            (name, [Arm(config.reference.policy, config.reference.rank, name)], [Arm(config.reference.policy, config.reference.rank)])
            for name in config.layers
        ],
    }
    for family, listed in families.items():
        for condition in (FIXED, OWN):
            for outcome in (NLL, ACCURACY, FORGETTING):
                yield from _family(study, family, condition, outcome, listed)


def _family(
    study: Study, family: str, condition: str, outcome: str, listed: Sequence[tuple[str, list[Arm], list[Arm]]]
) -> Iterable[dict[str, Any]]:
    part = "others" if outcome == FORGETTING else "learning"
    asked = study.part == part
    rows: list[tuple[str, list[Setting], list[Setting], Difference, tuple[float, float]]] = []
    for at, first, second in listed:
        settings = [[study.chosen(arm, condition) for arm in arms] for arms in (first, second)]
        known = [[one for one in side if one is not None] for side in settings]
        values = [[study.values(one, outcome, part) for one in side] for side in known]
        whole = all(len(side) == len(arms) for side, arms in zip(known, (first, second), strict=True))
        if not whole or any(one is None for side in values for one in side) or len(set(study.groups[asked])) < 2:
            continue
        means = [np.mean([one for one in side if one is not None], axis=0) for side in values]
        sides = means[0], means[1], study.groups[asked].tolist()
        rows.append((at, known[0], known[1], compare(*sides), bootstrap(*sides)))
    margin = study.config.margin_accuracy if outcome == ACCURACY else study.config.margin_nll
    adjusted_all = holm([row[3].p_value for row in rows])
    for (at, first_of, second_of, found, drawn), adjusted in zip(rows, adjusted_all, strict=True):
        yield {
            "family": family,
            "condition": condition,
            "outcome": outcome,
            "at": at,
            "first": _named(first_of),
            "second": _named(second_of),
            **asdict(found),
            "bootstrap": drawn,
            "adjusted_p": adjusted,
            "margin": margin,
            "verdict": verdict(found, adjusted, margin),
        }


def _named(settings: Sequence[Setting]) -> dict[str, Any]:
    arm = settings[0].arm
    one = len(settings) == 1
    return {
        "policy": arm.policy,
        "rank": arm.rank if one else None,
        "layers": None if arm.layers == ALL else arm.layers,
        "learning_rate": settings[0].rate if one else None,
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None
