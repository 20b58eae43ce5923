"""Numbers of an evaluation against known values, and what is undefined."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipeline.evaluation.statistics import compare, mcnemar_exact, wilson_interval


def wilson(correct, n):
    return wilson_interval([True] * correct + [False] * (n - correct), [str(i) for i in range(n)])


@pytest.mark.parametrize(("fixed", "broken", "p"), [(9, 1, 0.021484375), (0, 0, 1.0), (5, 5, 1.0), (0, 6, 0.03125), (1, 0, 1.0)])
def test_mcnemar_is_the_exact_binomial_test(fixed, broken, p):
    assert mcnemar_exact(fixed, broken) == pytest.approx(p)


def test_wilson_interval_has_its_textbook_values():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_of_independent_questions_it_is_wilsons_and_holds_its_proportion(case):
    correct, n = case
    low, high = wilson(correct, n)
    expected = binomtest(correct, n).proportion_ci(0.95, "wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-4)
    assert 0 <= low <= correct / n + 1e-4
    assert correct / n - 1e-4 <= high <= 1


@pytest.mark.parametrize("accuracy", [0.25, 0.6])
def test_an_accuracys_interval_holds_it_however_questions_go_together(accuracy):
    draw = np.random.default_rng(3)
    names = [str(i // 5) for i in range(200)]
    right = np.repeat(draw.random((400, 40)) < accuracy, 5, axis=1)
    found = [wilson_interval(row.tolist(), names) for row in right]
    assert np.mean([low <= accuracy <= high for low, high in found]) >= 0.93
    independent = [wilson(int(row.sum()), 200) for row in right]
    assert np.mean([low <= accuracy <= high for low, high in independent]) < 0.75, "as if questions were independent"


@pytest.mark.parametrize("correct", [[True] * 20, [False] * 20])
def test_all_right_in_few_groups_is_no_certainty(correct):
    low, high = wilson_interval(correct, [str(i // 5) for i in range(20)])
    assert high - low > 0.6, "four groups of five"
    assert wilson_interval(correct, ["a"] * 20) is None, "of one group there is nothing to compare with"


def test_compare_counts_what_turned_right_and_wrong(answers):
    result = compare(answers([True, False, False, True]), answers([True, True, False, False]), 7)
    assert (result["fixed"], result["broken"], result["delta"], result["n"], result["chance"]) == (1, 1, 0.0, 4, 0.25)
    cells = [(cell["subject"], cell["n"], cell["base"], cell["adapter"], cell["delta"]) for cell in result["by_subject"]]
    assert cells == [(None, 2, 0.5, 0.5, None), ("maths", 2, 0.5, 0.5, None)], "two groups show nothing"


def test_the_test_over_groups_decides_and_not_the_one_over_questions(answers):
    groups = [str(i // 5) for i in range(200)]
    right = [i % 5 < 5 and i // 5 in {1, 2, 3, 4} for i in range(200)]
    result = compare(answers([False] * 200, groups), answers(right, groups), 7)
    assert result["mcnemar_p_value_as_if_independent"] < 1e-5
    assert (result["p_value"], result["shown"]) == (0.125, None), "four groups"
    low, high = result["delta_interval"]
    assert low <= 0 < high


def test_models_that_answered_different_questions_are_not_compared(answers):
    with pytest.raises(ValueError, match="different questions"):
        compare(answers([True, False]), answers([True]), 7)


UNDEFINED = ("delta", "delta_interval", "p_value", "shown", "minimum_detectable_effect", "mcnemar_p_value_as_if_independent", "chance")


def test_nothing_answered_is_undefined_and_not_zero(answers):
    result = compare([], [], 7)
    assert {result[name] for name in UNDEFINED} == {None}
    assert (result["base"]["accuracy"], result["base"]["interval"], result["base"]["gold_nll"]) == (None, None, None)


@pytest.mark.parametrize(
    ("base", "adapter", "groups"),
    [([True], [False], ["a"]), ([False] * 4, [True] * 4, ["a"] * 4), ([True] * 3, [True] * 3, ["a", "b", "c"])],
    ids=["one question", "one group", "nothing changed"],
)
def test_what_so_little_cannot_say_is_undefined(base, adapter, groups, answers):
    result = compare(answers(base, groups), answers(adapter, groups), 7)
    assert (result["delta_interval"], result["minimum_detectable_effect"], result["shown"]) == (None, None, None)
    assert json.loads(json.dumps(result))["p_value"] == 1.0
