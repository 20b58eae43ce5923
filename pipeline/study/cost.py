"""What a study will take, from what its cells took so far. Imports no torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from pipeline.study.grid import Cell, done, file_of


def seconds(folder: Path, cells: Sequence[Cell]) -> dict[int, float]:
    """Mean seconds of the cells that are done, by rank."""
    took: dict[int, list[float]] = {}
    for cell in done(folder, cells):
        took.setdefault(cell.rank, []).append(json.loads(file_of(folder, cell).read_text(encoding="utf-8"))["seconds"])
    return {rank: mean(values) for rank, values in sorted(took.items())}


def forecast(folder: Path, waiting: Sequence[Cell], cells: Sequence[Cell]) -> float | None:
    """Seconds that these cells will take; between measured ranks on a straight line. None where none is done."""
    took = seconds(folder, cells)
    return float(np.interp([cell.rank for cell in waiting], list(took), list(took.values())).sum()) if took else None


def to_measure(waiting: Sequence[Cell]) -> list[Cell]:
    """The cells to begin with, so that all others can be told: the first of the smallest and of the largest rank."""
    ranks = {cell.rank for cell in waiting}
    return [next(cell for cell in waiting if cell.rank == rank) for rank in sorted({min(ranks), max(ranks)})] if ranks else []
