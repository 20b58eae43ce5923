from pipeline.study.grid import Arm, grid
from schemas.config.study import StudyConfig
from schemas.config.train import TrainConfig

STUDY, TRAIN = StudyConfig(), TrainConfig()


def test_settings_of_one_arithmetic_are_trained_once():
    found = grid(STUDY, TRAIN, 576)
    assert (len(found.of), len(found.cells), found.shared) == (162, 153, 9)
    assert found.of[Arm("twice_rank", 8), 6e-4, 1] == found.of[Arm("fixed", 8), 6e-4, 1]
    assert found.of[Arm("twice_rank", 8), 6e-4, 1] != found.of[Arm("equal_rank", 8), 6e-4, 1]
    assert len({cell.name for cell in found.cells}) == 153


def test_a_study_that_is_stopped_holds_every_arm_alike():
    found = grid(STUDY, TRAIN, 576)
    assert [cell.seed for cell in found.cells] == sorted(cell.seed for cell in found.cells)
    arms = {cell for (arm, rate, seed), cell in found.of.items() if (rate, seed) == (6e-4, 1)}
    assert set(found.cells[: len(arms)]) == arms


def test_a_cells_training_has_the_scale_of_its_policy():
    found = grid(STUDY, TRAIN, 576)
    cell = found.of[Arm("sqrt_hidden", 32), 2.4e-3, 3]
    settings = cell.train(TRAIN)
    assert (settings.rank, settings.learning_rate, settings.seed) == (32, 2.4e-3, 3)
    assert settings.policy.alpha / settings.rank == cell.scale
    assert abs(cell.scale - 24 / 32**0.5) < 1e-8
    assert found.of[Arm("twice_rank", 32, "attention"), 6e-4, 1].modules == ("q_proj", "k_proj", "v_proj", "o_proj")


def test_another_policy_keeps_the_names_of_cells_that_stay():
    smaller = StudyConfig.model_validate({"ranks": [8, 32], "seeds": [1, 2, 3], "learning_rates": [6e-4, 2.4e-3]})
    assert set(grid(smaller, TRAIN, 576).cells) < set(grid(STUDY, TRAIN, 576).cells)
