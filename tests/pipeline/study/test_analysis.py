"""A study whose cells are made up, so that what it must say is known."""

import json

import numpy as np
import pytest

from pipeline.study.analysis import ACCURACY, FIXED, FORGETTING, NLL, OWN, analyse
from pipeline.study.claims import claims, in_words, rows_of, turned
from pipeline.study.files import write_result
from pipeline.study.grid import BASE, Arm, file_of, grid
from pipeline.study.page import results
from schemas.config.study import StudyConfig
from schemas.config.train import TrainConfig

STUDY, TRAIN = StudyConfig(), TrainConfig()
PLANNED = grid(STUDY, TRAIN, 576)
PARTS = ["validation"] * 20 + ["learning"] * 60 + ["others"] * 20
FACTS = {
    "questions": {
        "record_id": [f"r{i}" for i in range(100)],
        "split_group": [f"g{i}" for i in range(100)],
        "source": ["s"] * 100,
        "answer_index": [0] * 100,
        "part": PARTS,
    },
    "options": [4] * 100,
    "base": {"gold_nll": [2.0] * 80 + [0.5] * 20, "best": [1] * 80 + [0] * 10 + [1] * 10},
    **{"samples": 80, "base_model": "b", "base_revision": "r", "dataset_version": "v", "compute_dtype": "float32", "device": "d"},
}


@pytest.fixture
def made(tmp_path):
    """Writes cells whose gold NLL is what `mean_of` says of a cell and a part, with a little noise; gives the result."""

    def make(mean_of, cells=PLANNED.cells, study=STUDY, planned=PLANNED):
        (tmp_path / BASE).write_text(json.dumps(FACTS))
        (tmp_path / "cells").mkdir(exist_ok=True)
        for cell in cells:
            draw = np.random.default_rng(int(cell.name, 16))
            means = {part: mean_of(cell, part) for part in set(PARTS)}
            found = {"seconds": 10.0, "scale": cell.scale, "trainable_parameters": 1, "first_step_nats": cell.coordinate}
            if None in means.values():
                found["diverged"] = "no number"
            else:
                found["gold_nll"] = [means[part] + 0.05 * draw.standard_normal() for part in PARTS]
                found["best"] = [int(value > 1) for value in found["gold_nll"]]
            file_of(tmp_path, cell).write_text(json.dumps(found))
        return analyse(tmp_path, study, planned)

    return make


def verdicts(found, family, condition=OWN, outcome=NLL):
    return {
        (row["at"], row["first"]["policy"], row["second"]["policy"]): row["verdict"] for row in rows_of(found, family, condition, outcome)
    }


def test_where_nothing_differs_all_is_equivalent_and_equal_arithmetic_is_no_comparison(made):
    found = made(lambda cell, part: 0.9)
    assert found["cells"] == {"all": 162, "trainings": 153, "shared": 9, "done": 153}
    assert {row["verdict"] for row in found["comparisons"] if row["outcome"] == NLL} == {"equivalent", "equal"}
    assert {at for at, verdict in verdicts(found, "policies").items() if verdict == "equal"} == {("rank 8", "twice_rank", "fixed")}


def test_a_policy_that_is_better_is_found_better_and_its_rate_is_the_one_that_validation_chooses(made):
    """equal_rank (scale 1) is 0.4 nats better at 1.5e-4 and 0.4 worse at 6e-4; the test questions would choose another rate."""

    def mean_of(cell, part):
        rate = {1.5e-4: 0, 6e-4: 1, 2.4e-3: 2}[cell.learning_rate]
        if part == "validation":
            return [0.5, 0.9, 1.3][rate]
        equal = -0.4 if cell.scale == 1 else 0.0
        return [0.9 + equal, 0.9 - equal, 0.1][rate]

    found = made(mean_of)
    assert {one["learning_rate"] for one in found["best_rates"]} == {1.5e-4}
    assert verdicts(found, "policies")["rank 2", "equal_rank", "twice_rank"] == "lower"
    assert verdicts(found, "policies", FIXED)["rank 2", "equal_rank", "twice_rank"] == "higher"
    assert verdicts(found, "policies")["rank 8", "twice_rank", "fixed"] == "equal"
    assert verdicts(found, "policies over all ranks")["all ranks", "equal_rank", "sqrt_hidden"] == "lower"
    (row,) = [
        one
        for one in rows_of(found, "policies", OWN, NLL)
        if one["at"] == "rank 2" and one["first"]["policy"] == "equal_rank" and one["second"]["policy"] == "twice_rank"
    ]
    assert turned(row)["verdict"] == "higher"
    assert turned(row)["interval"] == (-row["interval"][1], -row["interval"][0])
    assert in_words([row]) == "1 better"
    assert in_words([row], ACCURACY) == "1 worse"


def test_what_a_setting_forgets_stands_apart(made):
    found = made(lambda cell, part: 1.5 if part == "others" and cell.scale > 1.5 else 0.5)
    one = next(row for row in found["settings"] if (row["policy"], row["rank"]) == ("twice_rank", 2))
    other = next(row for row in found["settings"] if (row["policy"], row["rank"]) == ("equal_rank", 2))
    assert (one["lost"], other["lost"]) == (1.0, 0.0)
    assert verdicts(found, "policies", FIXED, FORGETTING)["rank 2", "equal_rank", "twice_rank"] == "lower"
    assert verdicts(found, "policies", FIXED)["rank 2", "equal_rank", "twice_rank"] == "equivalent"


def test_only_arms_with_all_their_seeds_and_rates_are_compared(made):
    """All cells of seeds 1 and 2, and of seed 3 those at the reference's rate."""
    some = [cell for cell in PLANNED.cells if cell.seed < 3 or cell.learning_rate == 6e-4]
    found = made(lambda cell, part: 0.9 + cell.scale / 100, some)
    assert {one["learning_rate"] for one in found["best_rates"]} == {None}
    assert rows_of(found, "policies", OWN, NLL) == []
    assert len(rows_of(found, "policies", FIXED, NLL)) == 24
    assert {row["learning_rate"] for row in found["settings"]} == {6e-4}


def test_a_rate_that_left_the_range_of_numbers_is_never_the_best_and_is_told(made, tmp_path):
    found = made(lambda cell, part: None if cell.learning_rate == 2.4e-3 and cell.rank == 128 else 0.9 + cell.seed / 100)
    assert found["diverged"] == 12
    best = {one["learning_rate"] for one in found["best_rates"] if one["rank"] == 128}
    assert 2.4e-3 not in best
    assert "3 diverged" in results(found, "x.svg")


@pytest.mark.parametrize("number", range(4))
def test_every_claim_is_told_of_a_whole_study_and_of_an_empty_one(made, number, tmp_path):
    whole = claims(made(lambda cell, part: 0.9 - 0.05 * cell.rank**0.5 + 0.3 * (cell.modules != PLANNED.cells[0].modules)))
    assert len(whole) == 4
    assert "no comparison" not in whole[number].found.lower()
    empty = claims(made(lambda cell, part: 0.9, [], STUDY))
    assert len(empty) == 4


def test_page_and_picture_hold_every_setting_and_are_the_same_again(made, tmp_path):
    found = made(lambda cell, part: 0.9 + cell.rank / 1000 + cell.seed / 100)
    write_result(tmp_path, found)
    first = {name: (tmp_path / name).read_bytes() for name in ("study.json", "study.md", "study.svg")}
    assert first["study.md"].count(b"| `twice_rank` | ") == 24
    write_result(tmp_path, analyse(tmp_path, STUDY, PLANNED))
    assert {name: (tmp_path / name).read_bytes() for name in first} == first


def test_other_layers_are_held_against_all_of_them(made):
    found = made(lambda cell, part: 0.9 + 0.5 * (len(cell.modules) == 4) + cell.seed / 100)
    assert {row["at"]: row["verdict"] for row in rows_of(found, "layers", OWN, NLL)} == {
        "without_gate": "equivalent",
        "attention": "higher",
    }
    assert Arm("twice_rank", 32, "attention") in PLANNED.arms
