"""Balance: ranges of chance are those of the distributions, whole groups widen them, and nothing to balance gives no cell."""

import random
from itertools import count

import pytest
from scipy.stats import binom, hypergeom

from pipeline.split.balance import position_shares, split_balance

NUMBERS = count()


def row(split, *, group=None, source="a", subject=None, language="en", answer_index=0):
    row = {"split": split, "split_group": group or f"g{next(NUMBERS)}", "source": source, "subject": subject}
    return row | {"language": language, "answer_index": answer_index, "option_count": 4}


def cells(rows, attribute):
    return {(cell.value, cell.part): cell for cell in split_balance(rows) if cell.attribute == attribute}


def test_single_rows_have_the_hypergeometric_range_and_what_lies_outside_is_said():
    rows = [row("train", source="a") for _ in range(70)] + [row("train", source="b") for _ in range(10)]
    rows += [row("test", source="a") for _ in range(8)] + [row("test", source="b") for _ in range(12)]
    found = cells(rows, "source")
    low, high = hypergeom.ppf([0.025, 0.975], 100, 22, 20)
    cell = found["b", "test"]
    assert (cell.observed, cell.total, cell.expected, cell.low, cell.high) == (12, 20, 4.4, low, high)
    assert cell.outside
    assert cell.share == 0.6


@pytest.mark.parametrize(("in_test", "outside"), [(8, False), (9, True)])
def test_the_ends_of_the_range_are_inside(in_test, outside):
    rows = [row("test", source="b") for _ in range(in_test)] + [row("test", source="a") for _ in range(20 - in_test)]
    rows += [row("train", source="b") for _ in range(22 - in_test)] + [row("train", source="a") for _ in range(58 + in_test)]
    assert hypergeom.ppf(0.975, 100, 22, 20) == 8
    assert cells(rows, "source")["b", "test"].outside is outside


def test_a_group_that_moves_as_a_whole_surprises_nobody():
    """Five questions on one passage land in test together: for five single rows that would be rare, for one group it isn't."""
    singles = [row("test") for _ in range(95)] + [row("train") for _ in range(900)]
    together = [row("test", group="passage", source="b") for _ in range(5)]
    apart = [row("test", source="b") for _ in range(5)]
    assert not cells(singles + together, "source")["b", "test"].outside
    assert cells(singles + apart, "source")["b", "test"].outside


def test_the_range_of_groups_covers_about_what_it_says():
    """Groups of 1 to 6 rows with a source each, drawn by lot 400 times: 95% ranges miss 5% of the counts, give or take."""
    rng, missed, total = random.Random(5), 0, 0
    groups = [(f"g{i}", rng.choice("aab"), rng.randint(1, 6)) for i in range(120)]
    for _ in range(400):
        rows = []
        for group, source, size in groups:
            split = rng.choices(["train", "validation", "test"], [0.8, 0.1, 0.1])[0]
            rows += [row(split, group=group, source=source) for _ in range(size)]
        found = cells(rows, "source").values()
        missed += sum(cell.outside for cell in found)
        total += len(found)
    assert 0.02 < missed / total < 0.08


@pytest.mark.parametrize("rows", [[], [row("train")], [row("train"), row("test")]], ids=["none", "one", "one value"])
def test_what_has_one_value_has_no_balance(rows):
    assert split_balance(rows) == []


def test_positions_are_judged_by_the_number_of_options():
    rows = [row("train", answer_index=i % 4) for i in range(100)]
    found = position_shares(rows, "before")
    low, high = binom.ppf([0.025, 0.975], 100, 0.25)
    assert [(cell.value, cell.observed, cell.expected, cell.low, cell.high) for cell in found] == [(x, 25, 25, low, high) for x in "ABCD"]
    assert not any(cell.outside for cell in found)
    assert [cell.value for cell in position_shares([row("train", answer_index=0) for _ in range(20)], "x") if cell.outside] == list("ABCD")
    mixed = [{"answer_index": 0, "option_count": 2}, {"answer_index": 1, "option_count": 4}]
    assert [cell.expected for cell in position_shares(mixed, "x")] == [0.75, 0.75, 0.25, 0.25]


def test_no_rows_have_no_positions():
    assert position_shares([], "before") == []
