"""The sentence of the verdict, in each of its forms."""

import pytest

from pipeline.evaluation.statistics import compare
from pipeline.evaluation.verdict import sentence


@pytest.mark.parametrize(
    ("base", "adapter", "words"),
    [
        ([False] * 40, [True] * 20 + [False] * 20, "training helped"),
        ([True] * 20 + [False] * 20, [False] * 40, "training hurt"),
        ([True, False] * 20, [True, False] * 19 + [False, True], "no difference shown"),
        ([True, False] * 20, [True, False] * 20, "no difference shown"),
    ],
)
def test_the_sentence_says_what_the_numbers_carry(base, adapter, words, answers):
    text = sentence(compare(answers(base), answers(adapter), 7), "test", 30)
    assert words in text
    assert "95% interval" in text


@pytest.mark.parametrize(("groups", "given_one"), [(29, False), (30, True), (31, True)])
def test_too_few_independent_groups_give_no_verdict(groups, given_one, answers):
    names = [str(i % groups) for i in range(60)]
    result = compare(answers([False] * 60, names), answers([True] * 60, names), 7)
    assert ("training helped" in sentence(result, "test", 30)) is given_one
    assert ("no verdict" in sentence(result, "test", 30)) is not given_one
