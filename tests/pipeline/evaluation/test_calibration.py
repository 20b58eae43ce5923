"""Calibration: numbers by hand, what too little says, and whether intervals hold the truth, by simulation."""

import json
import math

import numpy as np
import pytest

from pipeline.evaluation import calibration as module
from pipeline.evaluation.calibration import calibration, mean_interval


def row(place, probabilities, answer, predicted=None, group=None):
    best = int(np.argmax(probabilities)) if predicted is None else predicted
    return {
        "split_group": str(place) if group is None else group,
        "answer_index": answer,
        "predicted_index": best,
        "correct": best == answer,
        "option_log_likelihoods": [math.log(value) - 3 for value in probabilities],
    }


def test_brier_log_loss_and_ece_are_those_counted_by_hand():
    found = calibration([row(0, [0.8, 0.1, 0.1], 0), row(1, [0.6, 0.4], 1)], 7)
    assert found["brier"] == pytest.approx(((0.04 + 0.01 + 0.01) + (0.36 + 0.36)) / 2)
    assert found["log_loss"] == pytest.approx(-(math.log(0.8) + math.log(0.4)) / 2)
    assert found["guessing"] == pytest.approx({"brier": (2 / 3 + 1 / 2) / 2, "log_loss": (math.log(3) + math.log(2)) / 2})
    assert (found["confidence"], found["accuracy"], found["overconfidence"]) == pytest.approx((0.7, 0.5, 0.2))
    assert found["ece"] == pytest.approx(0.2), "one bin of so few"
    assert calibration([row(0, [0.85, 0.15], 0), row(1, [0.65, 0.35], 1)], 7)["histogram"] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 0]


def test_what_is_calibrated_is_the_probability_of_the_option_answered():
    found = calibration([row(0, [0.9, 0.1], 1, predicted=1)], 7)
    assert (found["confidence"], found["accuracy"]) == (pytest.approx(0.1), 1.0), "cloze chose the less probable text, and was right"
    assert found["brier"] == pytest.approx(2 * 0.81), "which is not the choice's"


@pytest.mark.parametrize(("asked", "bins"), [(9, 1), (19, 1), (20, 2), (99, 9), (100, 10), (300, 10)])
def test_bins_hold_ten_answers_or_more_and_as_many_each(asked, bins):
    share = np.linspace(0.5, 0.99, asked)
    found = calibration([row(i, [p, 1 - p], 0) for i, p in enumerate(share.tolist())], 7)["bins"]
    sizes = [one["n"] for one in found]
    assert (len(found), sum(sizes)) == (bins, asked)
    assert max(sizes) - min(sizes) <= 1


def test_equal_probabilities_are_one_bin_whatever_their_order():
    rows = [row(i, [0.7, 0.3], i % 2) for i in range(60)]
    found = calibration(rows, 7)
    assert (len(found["bins"]), found["ece"]) == (1, pytest.approx(0.2))
    assert calibration(rows[::-1], 7)["ece"] == pytest.approx(0.2)


UNDEFINED = ("overconfidence_interval", "ece_unbiased", "ece_interval", "brier_interval", "log_loss_interval")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "gave no answers with probabilities"),
        ([row(0, [0.8, 0.2], 0)], "is 80% sure on average and 100% right; too few groups to say more (1 of 6)"),
        (
            [row(i, [0.8, 0.2], 0, group="a") for i in range(50)],
            "is 80% sure on average and 100% right; too few groups to say more (1 of 6)",
        ),
        ([{**row(i, [0.8, 0.2], 0), "option_log_likelihoods": None} for i in range(9)], "gave no answers with probabilities; 9 without"),
        ([{**row(0, [0.8, 0.2], 0), "option_log_likelihoods": [math.nan, -1.0]}], "gave no answers with probabilities; 1 without"),
    ],
    ids=["none", "one", "one group", "predictions from before", "no number"],
)
def test_too_little_is_no_number_and_a_sentence(rows, said):
    found = json.loads(json.dumps(calibration(rows, 7), allow_nan=False))
    assert found["said"].startswith(said)
    assert {found[name] for name in UNDEFINED} == {None}
    assert (found["ece"] is None) is (found["n"] == 0)


@pytest.mark.parametrize("right", [True, False])
def test_a_model_that_is_sure_of_everything_has_numbers(right):
    found = json.loads(json.dumps(calibration([row(i, [1 - 1e-300, 1e-300], 0 if right else 1) for i in range(40)], 7), allow_nan=False))
    assert found["ece"] == pytest.approx(0 if right else 1)
    low, high = found["ece_interval"]
    assert low <= found["ece_unbiased"] <= high
    assert ("too sure" in found["said"]) is not right


def simulated(draw, n, size, gap, together):
    """Confidences, chances of being right and whether they are, with groups of `size` of which a share goes wholly together."""
    sure = draw.uniform(0.3, 1, n)
    chance = np.clip(gap(sure), 0, 1)
    group = np.arange(n) // size
    number, shared, alike = draw.random(n), draw.random(group[-1] + 1), draw.random(group[-1] + 1) < together
    return sure, chance, (np.where(alike[group], shared[group], number) < chance).astype(float), group


@pytest.mark.parametrize(
    ("n", "size", "gap", "together"),
    [
        (130, 1, lambda sure: sure, 0),
        (300, 5, lambda sure: sure, 0.5),
        (130, 1, lambda sure: sure - 0.15, 0),
        (300, 1, lambda sure: 0.25 + 0.5 * (sure - 0.25), 0),
    ],
    ids=["calibrated", "calibrated, groups", "too sure", "the surer the worse"],
)
def test_calibration_intervals_hold_the_truth_nineteen_times_in_twenty(n, size, gap, together, monkeypatch):
    """The true ECE is that of these bins: how far the chances lie from the confidences."""
    monkeypatch.setattr(module, "DRAWS", 200)
    draw, evaluations, held, sure_held, excess = np.random.default_rng(1), 150, 0, 0, []
    for seed in range(evaluations):
        sure, chance, right, group = simulated(draw, n, size, gap, together)
        found = module._ece(sure, right, group, seed)
        place = np.searchsorted([one["from"] for one in found["bins"]], sure, side="right")
        true = np.abs(np.bincount(place, sure - chance)).sum() / n
        low, high = found["ece_interval"]
        held += low - 1e-4 <= true <= high + 1e-4
        excess.append((found["ece"] - true, found["ece_unbiased"] - true))
        low, high = mean_interval(sure - right, group, possible=1.0)
        sure_held += low <= (sure - chance).mean() <= high
    assert min(held, sure_held) >= 0.9 * evaluations, "95% less what chance takes of 150"
    plain, unbiased = np.mean(excess, axis=0)
    assert abs(unbiased) < max(abs(plain), 0.02)
