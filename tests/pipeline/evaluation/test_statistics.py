"""Statistics of the verdict against known values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.statistics import cluster_bootstrap, compare, mcnemar_exact, minimum_detectable_effect, wilson_interval
from pipeline.evaluation.verdict import sentence


@pytest.mark.parametrize(("fixed", "broken", "p"), [(9, 1, 0.021484375), (0, 0, 1.0), (5, 5, 1.0), (0, 6, 0.03125), (1, 0, 1.0)])
def test_mcnemar_is_the_exact_binomial_test(fixed, broken, p):
    assert mcnemar_exact(fixed, broken) == pytest.approx(p)


def test_wilson_interval_has_its_textbook_values():
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(0, 0) is None


def test_detectable_effects_agree_with_published_ones():
    assert minimum_detectable_effect(500, 0.1) == pytest.approx(0.04, abs=0.001)
    assert minimum_detectable_effect(1000, 0.1) == pytest.approx(0.028, abs=0.001)
    assert minimum_detectable_effect(0, 0.1) is None
    assert minimum_detectable_effect(100, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_proportion(case):
    correct, n = case
    low, high = wilson_interval(correct, n)
    assert 0 <= low <= correct / n + 1e-4
    assert correct / n - 1e-4 <= high <= 1


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=2, max_size=40))
def test_the_bootstrap_interval_holds_the_mean_and_depends_on_the_seed_alone(differences):
    groups = [str(i) for i in range(len(differences))]
    low, high = cluster_bootstrap(differences, groups, 7)
    assert low - 1e-3 <= sum(differences) / len(differences) <= high + 1e-3
    assert (low, high) == cluster_bootstrap(differences, groups, 7)


def test_questions_of_one_group_count_once_in_the_interval():
    differences = [1] * 10 + [0] * 10
    alone = cluster_bootstrap(differences, [str(i) for i in range(20)], 7)
    together = cluster_bootstrap(differences, ["a"] * 10 + [str(i) for i in range(10)], 7)
    assert together[1] - together[0] > alone[1] - alone[0]
    assert cluster_bootstrap([1, 1], ["a", "a"], 7) is None


def test_compare_counts_what_turned_right_and_wrong(answers):
    result = compare(answers([True, False, False, True]), answers([True, True, False, False]), 7)
    assert (result["fixed"], result["broken"], result["delta"], result["n"], result["chance"]) == (1, 1, 0.0, 4, 0.25)
    assert result["by_subject"] == [
        {"subject": None, "n": 2, "base": 0.5, "adapter": 0.5},
        {"subject": "maths", "n": 2, "base": 0.5, "adapter": 0.5},
    ]


def test_models_that_answered_different_questions_are_not_compared(answers):
    with pytest.raises(ValueError, match="different questions"):
        compare(answers([True, False]), answers([True]), 7)


def test_nothing_answered_is_undefined_and_not_zero():
    result = compare([], [], 7)
    assert result["base"]["accuracy"] is result["delta"] is result["p_value"] is result["delta_interval"] is None
    assert sentence(result, "test", 30).startswith("No verdict")
