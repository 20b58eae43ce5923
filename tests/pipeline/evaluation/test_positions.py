"""Preference for a letter: shares and recalls by hand, the test's level by simulation, and what is undefined."""

import json

import numpy as np
import pytest

from pipeline.evaluation import positions
from pipeline.evaluation.positions import position_bias


def rows(gold, answered, groups=None, options=4):
    names = groups or [str(place) for place in range(len(gold))]
    return [
        {"split_group": name, "answer_index": key, "predicted_index": said, "option_scores": [0.0] * options}
        for name, key, said in zip(names, gold, answered, strict=True)
    ]


def test_shares_and_recalls_are_those_counted_by_hand():
    found = position_bias(rows([0, 0, 1, 1, 2, 2, 0, 1], [0, 0, 0, 1, 0, 0, 0, 1]), 7)
    assert found["positions"] == ["A", "B", "C", "D"]
    assert found["answered"] == [0.75, 0.25, 0.0, 0.0]
    assert found["gold"] == [0.375, 0.375, 0.25, 0.0]
    assert found["recall"] == [1.0, pytest.approx(2 / 3), 0.0, None], "D is never right"
    assert found["recall_spread"] == pytest.approx(np.std([1, 2 / 3, 0]))
    assert found["said"].startswith("answers A 75% of the time, A is right 38%; no preference shown (p = ")


def test_a_model_that_always_answers_a_is_said_to_prefer_it():
    found = position_bias(rows([i % 4 for i in range(60)], [0] * 60), 7)
    assert found["said"] == "answers A 100% of the time, A is right 25%: it prefers positions (p = 0.0001 over 60 groups)"
    assert (found["recall"], found["shown"]) == ([1.0, 0.0, 0.0, 0.0], True)


def test_a_model_that_is_always_right_prefers_nothing():
    found = position_bias(rows([i % 3 for i in range(30)], [i % 3 for i in range(30)]), 7)
    assert (found["p_value"], found["shown"], found["recall_spread"]) == (1.0, False, 0.0)
    assert found["said"].startswith("answers A 33% of the time, A is right 33%; no preference shown"), "of equal ones the first"


@pytest.mark.parametrize(
    "asked", [rows([], []), rows([1], [0]), rows([0, 1] * 8, [1, 1] * 8, ["a"] * 16)], ids=["none", "one", "one group"]
)
def test_too_little_is_no_number_and_a_sentence(asked):
    found = json.loads(json.dumps(position_bias(asked, 7)))
    assert (found["p_value"], found["shown"]) == (None, None)
    assert "too few groups to test it (1 of 6)" in found["said"] or found["said"] == "gave no answers"


def test_questions_with_other_numbers_of_options_are_tested_together():
    found = position_bias(rows([i % 2 for i in range(20)], [0] * 20, options=2) + rows([3] * 4, [3] * 4), 7)
    assert len(found["gold"]) == 4
    assert found["p_value"] < 0.05


@pytest.mark.parametrize("size", [1, 5])
def test_a_model_without_a_preference_is_blamed_in_at_most_one_of_twenty_evaluations(size, monkeypatch):
    monkeypatch.setattr(positions, "DRAWS", 399)
    draw, blamed, evaluations = np.random.default_rng(3), 0, 400
    for seed in range(evaluations):
        gold, said = np.repeat(draw.choice(4, p=[0.4, 0.3, 0.2, 0.1], size=(2, 40)), size, axis=1)
        blamed += position_bias(rows(gold.tolist(), said.tolist(), [str(i // size) for i in range(40 * size)]), seed)["p_value"] < 0.05
    assert blamed / evaluations <= 0.05 + 2 * (0.05 * 0.95 / evaluations) ** 0.5
