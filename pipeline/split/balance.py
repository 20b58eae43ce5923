"""Whether splits and answer positions are balanced, beside what chance would give. Nothing here changes a row's fate: it is
reported. Ranges: hypergeometric for a split (so many rows drawn from the kept ones), binomial for a position (each option
equally likely to be right). Groups move as a whole, which makes counts wilder than single draws: Kish's design effect
(Survey Sampling, 1965) says how much, and the range is that of so many fewer, larger draws."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from pipeline.common.letters import LETTERS
from schemas.reasons import SPLITS
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Selection
from schemas.tables.row import RowMapping

ATTRIBUTES: dict[str, Callable[[RowMapping], str]] = {
    "source": lambda row: row["source"],
    "subject": lambda row: row["subject"] or "(none)",
    "answer position": lambda row: LETTERS[row["answer_index"]],
    "language": lambda row: row["language"],
}


class BalanceCell(NamedTuple):
    """How many rows of `part` (a split, or all rows of a set) have `value`, and the 95% range of chance, both ends included."""

    attribute: str
    value: str
    part: str
    observed: int
    total: int
    expected: float
    low: int
    high: int

    @property
    def outside(self) -> bool:
        return not self.low <= self.observed <= self.high

    @property
    def share(self) -> float:
        """Fraction of the part's rows, 0-1."""
        return self.observed / self.total


def placed_rows(selection: pd.DataFrame, splits: pd.DataFrame) -> list[dict[str, Any]]:
    """Selection rows of the kept questions, each with its split."""
    placed = dict(zip(splits["record_id"], splits["split"], strict=True))
    return [row | {"split": placed[row["record_id"]]} for row in to_rows(selection, Selection) if row["kept"]]


def split_balance(rows: Sequence[RowMapping]) -> list[BalanceCell]:
    """One cell for each attribute, value and split of the kept rows (with `split` and `split_group`), common values first.

    An attribute with one value alone has nothing to balance and gives no cell; neither does a split without rows.
    """
    from scipy.stats import hypergeom

    cells = []
    parts = Counter(row["split"] for row in rows)
    group_sizes = Counter(row["split_group"] for row in rows)
    squares = sum(size**2 for size in group_sizes.values())
    for attribute, value_of in ATTRIBUTES.items():
        found = Counter((value_of(row), row["split"]) for row in rows)
        groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            groups[value_of(row)][row["split_group"]] += 1
        counts = sorted(((of_value.total(), value) for value, of_value in groups.items()), key=lambda pair: (-pair[0], pair[1]))
        for count, value in counts if len(counts) > 1 else []:
            effect = design_effect(groups[value], group_sizes, squares)
            for part in (str(name) for name in SPLITS if parts[name]):
                of_value, drawn = (max(round(n / effect), 1) for n in (count, parts[part]))
                everything = max(round(len(rows) / effect), of_value, drawn)
                low, high = (round(float(q) * effect) for q in hypergeom.ppf([0.025, 0.975], everything, of_value, drawn))
                expected = count * parts[part] / len(rows)
                cells.append(BalanceCell(attribute, value, part, found[value, part], parts[part], expected, low, high))
    return cells


def balance_counts(selection: pd.DataFrame, splits: pd.DataFrame) -> dict[str, int]:
    """Number of balance cells of a split, and of those outside their interval."""
    cells = split_balance(placed_rows(selection, splits))
    return {"balance_cells": len(cells), "balance_cells_outside_95_percent": sum(cell.outside for cell in cells)}


def design_effect(value_by_group: Mapping[str, int], group_sizes: Counter[str], squares: int) -> float:
    """Variance of a value's count when whole groups are drawn, over that when single rows are; at least 1.

    `squares` is the sum of the squared sizes of all groups.


    >>> design_effect({"g1": 1, "g2": 1}, Counter(["g1", "g2", "g3", "g4"]), 4)
    1.0
    >>> design_effect({"g1": 2}, Counter(["g1", "g1", "g3", "g4"]), 6)  # the value's two rows always go together
    1.5
    """
    total = group_sizes.total()
    share = sum(value_by_group.values()) / total
    clustered = share**2 * squares
    clustered += sum(n * (n - 2 * share * group_sizes[group]) for group, n in value_by_group.items())
    single = total * share * (1 - share)
    return max(clustered / single, 1.0) if single else 1.0


def position_shares(rows: Iterable[RowMapping], part: str) -> list[BalanceCell]:
    """One cell for each position that the rows (`answer_index`, `option_count`) could have their key at; no rows give none.

    Each option is right with probability 1 / number of options; a set that mixes those numbers is judged by their mean, which
    widens the range a little.
    """
    from scipy.stats import binom

    sizes: Counter[int] = Counter()
    counts: Counter[int] = Counter()
    for row in rows:
        sizes[row["option_count"]] += 1
        counts[row["answer_index"]] += 1
    total = sum(sizes.values())
    cells = []
    for position in range(max(sizes, default=0)):
        expected = sum(n / options for options, n in sizes.items() if position < options)
        low, high = (int(q) for q in binom.ppf([0.025, 0.975], total, min(expected / total, 1)))
        cells.append(BalanceCell("answer position", LETTERS[position], part, counts[position], total, expected, low, high))
    return cells
