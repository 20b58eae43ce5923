import json
from collections import Counter

import pytest

from pipeline.evidence.folds import Fold, assign, done, file_of, forecast, planned
from schemas.config.evidence import EvidenceConfig
from schemas.errors import DataError

GROUPS = [f"g{number % 40}" for number in range(100)] + ["large"] * 30


def test_a_group_is_held_out_once_and_parts_are_as_large_as_they_can_be():
    part = assign(GROUPS, 5, 0, 7)
    assert set(part) == set(GROUPS)
    sizes = Counter(part[group] for group in GROUPS)
    assert sum(sizes.values()) == 130
    assert sorted(sizes) == [0, 1, 2, 3, 4]
    assert max(sizes.values()) - min(sizes.values()) <= 30 - 130 / 5 + 3, "one group of thirty is more than a fifth"


def test_the_order_of_the_rows_changes_nothing_and_a_repeat_or_a_seed_does():
    part = assign(GROUPS, 5, 0, 7)
    assert assign(GROUPS[::-1], 5, 0, 7) == part
    assert assign(GROUPS, 5, 1, 7) != part
    assert assign(GROUPS, 5, 0, 8) != part


def test_as_many_groups_as_parts_are_enough_and_fewer_say_what_to_do():
    assert sorted(assign("abc", 3, 0, 1).values()) == [0, 1, 2]
    with pytest.raises(DataError, match=r"evidence.folds is 4, and the dataset has 3 .* to 3 or less"):
        assign("abcaa", 4, 0, 1)


def test_all_of_a_repeat_comes_before_the_next_one():
    assert [fold.name for fold in planned(EvidenceConfig(folds=2, repeats=2))] == ["1-1", "1-2", "2-1", "2-2"]


def test_the_cost_is_that_of_the_folds_that_are_done(tmp_path):
    folds = planned(EvidenceConfig(folds=3))
    assert forecast(tmp_path, 3, folds) is None
    for number, seconds in enumerate((10.0, 20.0)):
        file_of(tmp_path, Fold(0, number)).parent.mkdir(exist_ok=True)
        file_of(tmp_path, Fold(0, number)).write_text(json.dumps({"seconds": seconds}))
    assert done(tmp_path, folds) == folds[:2]
    assert forecast(tmp_path, 4, folds) == 60
