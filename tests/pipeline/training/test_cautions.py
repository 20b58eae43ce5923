"""What is said of sets that are too small or one-sided to learn from."""

import pytest

from pipeline.training.cautions import of_result, of_training_set, require_samples
from pipeline.training.dataset import Sample
from pipeline.training.history import Epoch
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def example(split="train", status="ok"):
    return {"split": split, "status": status}


def test_one_example_is_enough_and_none_is_refused_with_what_to_do():
    require_samples([example(), example(status="not_trained: too_long")])
    with pytest.raises(TrainingError, match="no question at all"):
        require_samples([])
    with pytest.raises(TrainingError, match=r"empty \(2 test\).*mend the sources"):
        require_samples([example("test")] * 2)
    with pytest.raises(TrainingError, match=r"has 2 questions, and none is fit \(2 not_trained: answer_altered\).*another base model"):
        require_samples([example(status="not_trained: answer_altered")] * 2)


class Samples:
    """Stands for Permutations, of which only what is permuted is asked."""

    def __init__(self, *permuted):
        self.permuted = set(permuted)


def told(answers, letters, permuted=(), held_out=30, epochs=100):
    training = [Sample(i, str(i), [1], [letter]) for i, letter in enumerate(letters)]
    questions = {str(i): {"options": [text, "other"], "answer_index": 0} for i, text in enumerate(answers)}
    validation = [Sample(i + 100, "v", [1], [1]) for i in range(held_out)]
    return " ".join(of_training_set(TrainConfig(epochs=epochs), training, Samples(*permuted), validation, questions))


def test_one_answer_everywhere_is_said_and_one_letter_where_it_stays():
    assert "have one answer, 'True'" in told(["True", "true "], [5, 5])
    assert "their answer in one place" in told(["Huế", "Vinh"], [5, 5])
    assert told(["Huế", "Vinh"], [5, 5], permuted=(0, 1)) == ""
    assert told(["Huế", "Vinh"], [5, 6]) == ""
    assert told(["True"], [5]) == ""


def test_few_steps_and_few_validation_questions_are_said():
    assert "99 optimiser steps may be too few" in told(["a", "b"], [1, 2], epochs=99)
    assert told(["a", "b"], [1, 2], epochs=100) == ""
    assert "no validation questions: the last epoch is kept" in told(["a", "b"], [1, 2], held_out=0)
    assert "19 validation questions: which epoch is best is mostly chance" in told(["a", "b"], [1, 2], held_out=19)
    assert told(["a", "b"], [1, 2], held_out=20) == ""


def test_an_adapter_that_is_no_better_than_before_is_said():
    assert of_result(Epoch(1, 1, 1.0, 0.9), Epoch(0, 0, None, 1.0)) == []
    assert "validation got no better" in of_result(Epoch(1, 1, 1.0, 1.0), Epoch(0, 0, None, 1.0))[0]
    assert of_result(Epoch(1, 1, 1.0), Epoch(0, 0)) == []
