"""What the test promises, simulated: how often it errs, what it can see, and what the bootstrap beside it doesn't keep."""

import numpy as np
import pytest

from pipeline.study.comparison import bootstrap, by_group, compare, verdict

STUDIES = 500
# Seeds, groups, and how much a difference varies with the seed, with the group, and otherwise.
KINDS = [(3, 100, 0.0, 1.0, 1.0), (3, 100, 0.1, 1.0, 1.0), (3, 40, 0.3, 0.3, 0.3), (3, 60, 0.0, 0.0, 1.0), (5, 60, 0.3, 0.5, 1.0)]


def simulated(draw, seeds, groups, of_seed, of_group, rest, true=0.0):
    shapes = (of_seed, (seeds, 1)), (of_group, (1, groups)), (rest, (seeds, groups))
    return true + sum(size * draw.standard_normal(shape) for size, shape in shapes)


def sides(values):
    return values, np.zeros_like(values), [str(i) for i in range(values.shape[1])]


def found(values):
    return compare(*sides(values))


@pytest.mark.parametrize("kind", KINDS)
def test_where_there_is_no_difference_one_is_found_in_at_most_6_of_100(kind):
    draw = np.random.default_rng(0)
    alarms = np.mean([found(simulated(draw, *kind)).p_value < 0.05 for _ in range(STUDIES)])
    assert alarms <= 0.06 + 2 * np.sqrt(0.05 * 0.95 / STUDIES)


def test_the_bootstrap_over_three_seeds_finds_what_is_not_there():
    draw = np.random.default_rng(0)
    intervals = [bootstrap(*sides(simulated(draw, 3, 40, 0.3, 0.3, 0.3))) for _ in range(STUDIES)]
    assert np.mean([low > 0 or high < 0 for low, high in intervals]) > 0.12


@pytest.mark.parametrize("kind", KINDS[:2])
def test_intervals_hold_the_true_difference(kind):
    draw = np.random.default_rng(1)
    intervals = [found(simulated(draw, *kind, true=0.4)).interval for _ in range(STUDIES)]
    assert np.mean([low <= 0.4 <= high for low, high in intervals]) >= 0.93


def test_a_difference_of_four_standard_errors_is_found_nine_times_in_ten():
    draw = np.random.default_rng(2)
    error = np.sqrt((1 + 1 / 3) / 100)
    assert np.mean([found(simulated(draw, 3, 100, 0.0, 1.0, 1.0, 4 * error)).p_value < 0.05 for _ in range(STUDIES)]) > 0.9


def test_pairing_sees_what_two_means_do_not():
    """Questions differ a thousand times more than the settings do; the same questions are asked of both."""
    draw = np.random.default_rng(3)
    hard = 10 * draw.standard_normal((1, 80))
    first, second = (hard + shift + 0.01 * draw.standard_normal((3, 80)) for shift in (0.02, 0.0))
    assert found(first - second).p_value < 1e-6
    mixed = second[:, draw.permutation(80)]
    assert found(first - mixed).p_value > 0.05


def test_questions_of_one_group_count_as_one():
    draw = np.random.default_rng(4)
    values = 0.5 + draw.standard_normal((1, 20)) + 0.1 * draw.standard_normal((3, 20))
    alone = compare(values, np.zeros_like(values), [str(i) for i in range(20)])
    fivefold = np.repeat(values, 5, axis=1)
    together = compare(fivefold, np.zeros_like(fivefold), [str(i // 5) for i in range(100)])
    assert together.p_value == pytest.approx(alone.p_value)
    assert compare(fivefold, np.zeros_like(fivefold), [str(i) for i in range(100)]).p_value < alone.p_value


def test_groups_of_any_size_keep_the_mean_over_questions():
    values = np.array([[1.0, 2.0, 6.0], [3.0, 4.0, 2.0]])
    assert by_group(values, ["a", "a", "b"]).mean() == pytest.approx(values.mean())


def test_two_equal_trainings_have_no_p_value():
    values = np.ones((3, 10))
    nothing = compare(values, values, [str(i) for i in range(10)])
    assert (nothing.mean, nothing.p_value) == (0.0, None)
    assert verdict(nothing, None, 0.1) == "equal"


@pytest.mark.parametrize(
    ("shift", "noise", "expected"),
    [(0.0, 0.1, "equivalent"), (0.05, 0.01, "equivalent"), (0.5, 0.1, "higher"), (-0.5, 0.1, "lower"), (0.0, 3.0, "undecided")],
)
def test_a_difference_is_shown_or_shown_to_be_small_or_neither(shift, noise, expected):
    values = shift + noise * np.random.default_rng(5).standard_normal((3, 60))
    one = found(values)
    assert verdict(one, one.p_value, 0.1) == expected


def test_equivalence_ends_at_the_margin():
    one = found(0.02 + 0.1 * np.random.default_rng(6).standard_normal((3, 60)))
    edge = max(map(abs, one.interval90))
    assert verdict(one, 1.0, edge) == "undecided"
    assert verdict(one, 1.0, edge * 1.001) == "equivalent"
