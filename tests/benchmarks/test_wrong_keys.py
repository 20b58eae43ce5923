"""The benchmark of planted wrong keys goes its whole way on a tiny random model, and counts as it should."""

import argparse

import numpy as np
import pytest

from benchmarks import wrong_keys
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError


def test_it_goes_the_whole_way_and_again_without_training(tmp_path, tiny_model, models, capsys):
    config = load_config(PROJECT_ROOT / "configs" / "sample.yaml")
    train = config.train.model_copy(update={"base_model": str(tiny_model), "epochs": 1, "rank": 2, "batch_size": 8})
    options = argparse.Namespace(folds=2, runs=1, folder=tmp_path, models=models)
    rows = wrong_keys.questions("handbook", 20)
    found = wrong_keys.measure(rows, 0.1, 1, config.model_copy(update={"train": train}), options)
    assert (found["scored"], found["flipped"]) == (len(rows), round(0.1 * len(rows)))
    (folds,) = tmp_path.glob("*/evidence/folds")
    written = {file: file.stat().st_mtime_ns for file in folds.iterdir()}
    assert len(written) == 2
    assert wrong_keys.measure(rows, 0.1, 1, config.model_copy(update={"train": train}), options) == found
    assert {file: file.stat().st_mtime_ns for file in folds.iterdir()} == written
    lines = wrong_keys.table([found, found]).splitlines()
    assert len(lines) == 2 + len(found["voices"]) + 3
    assert "| chance | 0.50 |" in lines[2 + len(found["voices"])]


def test_equal_suspicion_is_worth_chance_and_nothing_flipped_is_undefined():
    wrong = np.array([True, False, False, True] + [False] * 16)
    found = wrong_keys.figures(np.zeros(20), wrong)
    assert found["auroc"] == 0.5
    assert found["precision at 10%"] == pytest.approx(0.1)
    assert found["recall at 10%"] == pytest.approx(0.1)
    assert wrong_keys.figures(np.zeros(20), np.zeros(20, dtype=bool))["auroc"] is None


def test_the_same_seed_plants_the_same_errors():
    rows = [{"record_id": f"{place:02d}", "options": ["a", "b", "c"], "answer_index": 0} for place in range(40)]
    changed, flipped = wrong_keys.plant(rows, 0.05, 3)
    assert wrong_keys.plant(rows[::-1], 0.05, 3) == (changed, flipped)
    assert len(flipped) == 2
    assert wrong_keys.plant(rows, 0.05, 4)[1] != flipped


def test_a_source_that_is_nowhere_is_named():
    with pytest.raises(ConfigError, match="neither a source of the sample"):
        wrong_keys.questions("nowhere", None)
