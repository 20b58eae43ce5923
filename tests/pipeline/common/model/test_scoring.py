"""Scores of options equal those of plain forward passes, in batches within a budget and within the memory that there is."""

import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.job import Progress
from pipeline.common.model.score_cache import ScoreCache
from pipeline.common.model.scoring import EncodedQuestion, batches, option_scores, score_all
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError

CPU = torch.device("cpu")


def test_scores_equal_those_of_plain_forward_passes(tiny_model, models):
    model = base_model.load_model(TrainConfig(base_model=str(tiny_model), method="lora"), models, CPU, quantised=False).float()
    torch.manual_seed(1)
    items = [
        EncodedQuestion(torch.randint(5, 900, (3 + i,)).tolist(), [torch.randint(5, 900, (1 + j,)).tolist() for j in range(2 + i % 3)])
        for i in range(5)
    ]
    found = option_scores(model, items)
    for item, scores in zip(items, found, strict=True):
        for ids, score in zip(item.option_ids, scores, strict=True):
            logits = model(torch.tensor([item.prompt_ids + ids])).logits[0].log_softmax(-1)
            start = len(item.prompt_ids) - 1
            expected = sum(float(logits[start + k, token]) for k, token in enumerate(ids))
            assert score == pytest.approx(expected, abs=1e-4)


def test_what_questions_begin_with_is_computed_once(tiny_model, models):
    model = base_model.load_model(TrainConfig(base_model=str(tiny_model)), models, CPU, quantised=True)
    items = [EncodedQuestion([*range(5, 25), 30 + i], [[40, 41], [42]]) for i in range(6)]
    rows = []
    model.model.layers[0].register_forward_hook(lambda _module, inputs, _outcome: rows.append(tuple(inputs[0].shape[:2])))
    option_scores(model, items[:1])
    rows.clear()
    option_scores(model, items)
    assert rows == [(1, 20), (6, 4)]


def test_batches_hold_all_items_once_within_the_budget():
    items = [EncodedQuestion([1] * (i % 13 + 1), [[2], [3]]) for i in range(50)]
    found = list(batches(items, 40))
    assert sorted(i for batch in found for i in batch) == list(range(50))
    assert all(len(batch) * max(len(items[i]) for i in batch) <= 40 for batch in found)
    assert list(batches([EncodedQuestion([1] * 99, [[1]])], 40)) == [[0]]


class Asked:
    """Stands for a model: holds so many padded tokens, and remembers what it was asked."""

    def __init__(self, holds, error=torch.OutOfMemoryError):
        self.holds, self.error, self.sizes = holds, error, []

    def __call__(self, _, items):
        padded = len(items) * max(map(len, items))
        self.sizes.append(padded)
        if padded > self.holds:
            raise self.error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return [[float(-len(item)), 0.0] for item in items]


@pytest.fixture
def score(tmp_path, monkeypatch):
    """Scores 40 questions of 4 to 16 tokens in batches of 64 tokens; with what stands for a model, that in its place."""
    items = [(EncodedQuestion([1] * (i % 13 + 2), [[2], [3]]), f"question {i}", ["a", "b"]) for i in range(40)]

    def run(model, name="scores"):
        monkeypatch.setattr("pipeline.common.model.scoring.option_scores", model)
        cache = ScoreCache(tmp_path / f"{name}.sqlite", "model")
        return score_all(None, items, items, cache, Progress(tmp_path / "metrics.jsonl"), "base, letter", 64), items

    return run


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_a_batch_that_memory_does_not_hold_is_halved_and_so_are_the_ones_after_it(score, caplog, error):
    model = Asked(20, error)
    found, items = score(model)
    assert found == [[float(-len(item)), 0.0] for item, _, _ in items], "each question keeps its own scores"
    assert sum(size > 20 for size in model.sizes) == 2, "64 and 32 tokens fail once each"
    assert [record.getMessage().split("; ")[1] for record in caplog.records if record.levelname == "WARNING"] == [
        "going on with batches of 32 tokens",
        "going on with batches of 16 tokens",
    ]
    assert score(model)[0] == found, "the cache holds what was computed"


def test_one_question_that_memory_does_not_hold_ends_it_in_words(score):
    with pytest.raises(TrainingError, match=r"one question of 16 tokens doesn't fit; lower render\.max_seq_tokens"):
        score(Asked(15))


def test_another_error_is_no_lack_of_memory(score):
    def broken(*_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        score(broken)


def test_what_the_cpus_allocator_says_is_known(score):
    def huge(*_):
        torch.empty(1 << 46)

    with pytest.raises(TrainingError, match="out of memory"):
        score(huge)
