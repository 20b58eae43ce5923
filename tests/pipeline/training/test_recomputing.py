"""The first blocks compute again: the same gradients, and each takes its activations off the peak."""

from itertools import pairwise

import pytest
import torch

from pipeline.training import lora, policy
from pipeline.training.dataset import IGNORED
from pipeline.training.engine import prepare
from pipeline.training.loop import label_nll
from pipeline.training.recomputing import blocks, recompute, recomputed
from schemas.config.train import RankPolicy, TrainConfig

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def build(tiny_model, models):
    def make(planned=None, **settings):
        torch.manual_seed(0)
        train = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4, **settings)
        model = lora.build(train, models, CPU, policy.resolve(RankPolicy(), 4, 64), planned=planned)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        return model

    return make


def gradients(model):
    ids = torch.arange(10, 50).view(2, 20)
    model.zero_grad()
    kept = []

    def keep(tensor):
        kept.append(tensor.untyped_storage())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        nll, _ = label_nll(model, ids, ids.masked_fill(torch.arange(20) < 15, IGNORED))
    size = sum({storage._cdata: storage.nbytes() for storage in kept}.values())
    nll.sum().backward()
    return size, {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("method", ["lora", "qlora", "dora"])
def test_gradients_are_the_same_and_memory_falls_block_by_block(method, build):
    model = build(method=method)
    prepare(model, 64)
    total = len(blocks(model))
    assert total == model.config.num_hidden_layers
    sizes, found = [], []
    for first in range(total + 1):
        recompute(model, first)
        assert recomputed(model) == first
        size, of_weights = gradients(model)
        sizes.append(size)
        found.append(of_weights)
    falls = [more - less for more, less in pairwise(sizes)]
    assert min(falls) > 0
    assert max(falls) <= 1.3 * min(falls)
    for of_weights in found[1:]:
        assert all(torch.equal(of_weights[name], expected) for name, expected in found[0].items())


def test_the_plan_decides_where_the_configuration_leaves_it_open(build):
    assert recomputed(build()) == 0
    assert recomputed(build(planned=1)) == 1
    assert recomputed(build(planned=1, gradient_checkpointing=True)) == 2
    assert recomputed(build(planned=1, gradient_checkpointing=False)) == 0


def test_without_a_plan_every_block_of_a_gpu_computes_again(build):
    model, open_to_plan = build(), TrainConfig()
    assert lora.blocks_to_recompute(model, open_to_plan, GPU, None) == 2
    assert lora.blocks_to_recompute(model, open_to_plan, GPU, 0) == 0
    assert lora.blocks_to_recompute(model, open_to_plan, CPU, None) == 0
