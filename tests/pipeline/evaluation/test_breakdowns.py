"""Cells of a breakdown: numbers, what too few groups say, and how often a breakdown errs where nothing changed."""

import numpy as np
import pytest

from pipeline.common.holm import holm
from pipeline.evaluation.breakdowns import breakdowns
from pipeline.evaluation.sign_flip import ALPHA, p_values


def by(base, adapter, column):
    return {cell[column]: cell for cell in breakdowns(base, adapter, 7)[f"by_{column}"]}


def test_a_cell_has_what_the_whole_has_and_p_values_know_how_many_cells_there_are(answers):
    base, adapter = answers([False] * 40), answers([True] * 24 + [False] * 16)
    for rows in (base, adapter):
        for place, row in enumerate(rows):
            row["source"] = "helped" if place < 20 else "same" if place < 36 else "few"
    found = by(base, adapter, "source")
    helped, same, few = (found[name] for name in ("helped", "same", "few"))
    assert list(found) == ["helped", "same", "few"], "largest first"
    assert (helped["n"], helped["groups"], helped["base"], helped["adapter"], helped["delta"]) == (20, 20, 0.0, 1.0, 1.0)
    assert helped["delta_interval"][0] > 0.5
    assert (helped["p_value"], helped["p_holm"]) == pytest.approx((2 * 0.5**20, 4 * 0.5**20)), "two cells were tested"
    assert (helped["shown"], same["shown"]) == ("better", None)
    assert same["p_holm"] == same["p_value"] == 0.125, "of the largest p-value nothing is left to adjust for"
    assert {few[name] for name in ("delta", "delta_interval", "p_value", "p_holm", "shown")} == {None}
    assert (few["adapter"], few["undefined_because"]) == (0.0, "too few groups (4; a test needs 6)")


@pytest.mark.parametrize(("groups", "defined"), [(5, False), (6, True)])
def test_six_groups_are_tested_and_five_say_that_they_are_too_few(groups, defined, answers):
    names = [str(i % groups) for i in range(12)]
    (cell,) = by(answers([False] * 12, names), answers([True] * 12, names), "language").values()
    assert (cell["p_value"] is not None) is defined is (cell["undefined_because"] is None)


def test_positions_stand_in_order_and_are_letters(answers):
    base, adapter = answers([True] * 12), answers([True] * 12)
    for rows in (base, adapter):
        for place, row in enumerate(rows):
            row["answer_index"] = 2 if place < 8 else 0
    assert [(name, cell["n"]) for name, cell in by(base, adapter, "position").items()] == [("A", 4), ("C", 8)]


def test_without_answers_there_are_no_cells():
    assert set(map(str, breakdowns([], [], 7).values())) == {"[]"}


def test_a_breakdown_finds_what_is_not_there_in_at_most_one_of_twenty_evaluations():
    """Ten cells of 20 groups of 2 that go together, answers of half the groups changed; unadjusted p-values find something far oftener."""
    evaluations, cells = 2000, 10
    drawn = np.random.default_rng(3).choice([2, -2, 0], p=[0.25, 0.25, 0.5], size=(evaluations * cells, 20))
    found = p_values(np.array([2]), (drawn != 0).sum(1, keepdims=True), drawn.sum(1)).reshape(evaluations, cells)
    assert np.mean([min(holm(row)) < ALPHA for row in found.tolist()]) <= 0.055
    assert (found.min(1) < ALPHA).mean() > 0.2, "without adjustment"
