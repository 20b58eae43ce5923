"""Which questions are held out together: k parts of whole split groups, drawn anew in every repeat. Imports no torch."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from schemas.config.evidence import EvidenceConfig
from schemas.errors import DataError

BASE = "base.json"
"""The questions, and what the base model answers them."""


@dataclass(frozen=True)
class Fold:
    """One training: the part `number` (from 0) of a repeat (from 0) is held out."""

    repeat: int
    number: int

    @property
    def name(self) -> str:
        """Its file's; counted from 1, as people do."""
        return f"{self.repeat + 1}-{self.number + 1}"


def planned(config: EvidenceConfig) -> list[Fold]:
    """All trainings, repeat by repeat: what is stopped between two repeats has asked every question equally often."""
    return [Fold(repeat, number) for repeat in range(config.repeats) for number in range(config.folds)]


def assign(groups: Iterable[str], folds: int, repeat: int, seed: int) -> dict[str, int]:
    """The part in which each group is held out, `groups` being that of each question: large groups first, each to the part that has the
    fewest questions. Hashes of (seed, repeat, group) decide the order, never the order of the rows.

    Raises DataError where there are fewer groups than parts.
    """
    sizes = Counter(groups)
    if len(sizes) < folds:
        raise DataError(
            f"evidence.folds is {folds}, and the dataset has {len(sizes)} independent groups of questions, too few to hold out a part "
            f"each time: lower evidence.folds to {len(sizes)} or less (at least 2), or add questions"
        )
    order = sorted(sizes, key=lambda group: (-sizes[group], hashlib.sha256(f"{seed} {repeat} {group}".encode()).digest()))
    held = [0] * folds
    found = {}
    for group in order:
        part = held.index(min(held))
        held[part] += sizes[group]
        found[group] = part
    return found


def file_of(folder: Path, fold: Fold) -> Path:
    """Where a fold's answers lie once it is done."""
    return folder / "folds" / f"{fold.name}.json"


def done(folder: Path, folds: Sequence[Fold]) -> list[Fold]:
    """Those whose file is there, in order."""
    return [fold for fold in folds if file_of(folder, fold).is_file()]


def forecast(folder: Path, waiting: int, folds: Sequence[Fold]) -> float | None:
    """Seconds that so many folds will take, at the mean of those that are done; None where none is."""
    took = [json.loads(file_of(folder, fold).read_text(encoding="utf-8"))["seconds"] for fold in done(folder, folds)]
    return waiting * mean(took) if took else None
