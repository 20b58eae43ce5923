"""The words of the verdict, in each of their forms."""

import pytest

from pipeline.evaluation.statistics import compare
from pipeline.evaluation.verdict import sentence, verdict


@pytest.mark.parametrize(
    ("base", "adapter", "words"),
    [
        ([False] * 40, [True] * 20 + [False] * 20, "training helped."),
        ([True] * 20 + [False] * 20, [False] * 40, "training hurt."),
        ([True, False] * 20, [True, False] * 16 + [False, True] * 4, "no difference shown; a true one of"),
        ([True, False] * 20, [True, False] * 19 + [False, True], "no difference shown, and none could be: too few answers changed."),
        ([True, False] * 20, [True, False] * 20, "no difference shown, and none could be: too few answers changed."),
    ],
)
def test_the_sentence_says_what_the_numbers_carry(base, adapter, words, answers):
    text = sentence(compare(answers(base), answers(adapter), 7), "test questions", 30)
    assert text.endswith(words) or words in text
    assert "95% interval" in text
    assert "over 40 independent groups" in text


@pytest.mark.parametrize(("groups", "given_one"), [(29, False), (30, True), (31, True)])
def test_too_few_independent_groups_give_no_verdict(groups, given_one, answers):
    names = [str(i % groups) for i in range(60)]
    result = compare(answers([False] * 60, names), answers([True] * 60, names), 7)
    assert ("training helped" in sentence(result, "test questions", 30)) is given_one
    assert ("no verdict" in sentence(result, "test questions", 30)) is not given_one


@pytest.mark.parametrize("groups", [1, 2, 5, 6])
def test_few_groups_may_be_asked_for_and_say_what_they_can(groups, answers):
    names = [str(i % groups) for i in range(12)]
    text = sentence(compare(answers([False] * 12, names), answers([True] * 12, names), 7), "test questions", 1)
    assert ("training helped" in text) is (groups == 6), "five groups all alike are one chance in sixteen"
    assert ("no 95% interval" in text) is (groups < 6)
    assert f"over {groups} independent group{'s' if groups > 1 else ''})" in text


def test_without_a_question_there_is_no_verdict():
    nothing = compare([], [], 7)
    assert sentence(nothing, "test questions", 30).startswith("No verdict: there are no test questions")
    assert verdict(nothing, nothing, ["handbook"], "test", 1).startswith("No verdict: there are no test questions of handbook")


def test_the_headlines_sources_come_first_and_all_others_beside_them(answers):
    named = compare(answers([False] * 40), answers([True] * 36 + [False] * 4), 7)
    rest = compare(answers([True, False] * 20), answers([True, False] * 20), 7)
    text = verdict(named, rest, ["handbook", "rules"], "test", 30)
    assert text.startswith(
        "The adapter answers 36 of 40 test questions of handbook and rules right, the base model 0 (90% against 0%, +90 points"
    )
    assert "p < 0.0001 over 40 independent groups): training helped. Of the 40 other test questions it answers 20 right" in text
    assert text.endswith(
        "the base model 20 (+0 points, 95% interval -6 to +6; p = 1.00 over 40 independent groups): no difference shown, "
        "and none could be: too few answers changed."
    )
    few = compare(answers([True] * 3), answers([True] * 3), 7)
    assert verdict(named, few, ["handbook"], "test", 30).endswith("the base model 3 (3 independent groups: no verdict).")
    assert verdict(named, None, "all", "test", 30).count(". ") == 0


def test_what_is_given_apart_from_zero_is_not_written_as_zero(answers):
    result = compare(answers([False] * 40), answers([True] * 6 + [False] * 34), 7)
    low, _ = result["delta_interval"]
    assert 0 < low < 0.005, "the test decides, and the interval follows"
    assert "+0 to" not in sentence(result, "test questions", 30)
