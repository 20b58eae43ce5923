"""Scores of options equal those of plain forward passes, in batches within a budget."""

import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.scoring import EncodedQuestion, batches, option_scores
from schemas.config.train import TrainConfig

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


def test_batches_hold_all_items_once_within_the_budget():
    items = [EncodedQuestion([1] * (i % 13 + 1), [[2], [3]]) for i in range(50)]
    found = list(batches(items, 40))
    assert sorted(i for batch in found for i in batch) == list(range(50))
    assert all(len(batch) * max(len(items[i]) for i in batch) <= 40 for batch in found)
    assert list(batches([EncodedQuestion([1] * 99, [[1]])], 40)) == [[0]]
