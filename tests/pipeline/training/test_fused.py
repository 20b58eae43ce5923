"""Fused layers give PEFT's own results and gradients, and stand aside where they don't apply."""

import peft
import pytest
import torch

from pipeline.common.model import base_model, nf4
from pipeline.common.model.head import difference
from pipeline.training import fused, lora, policy
from pipeline.training.dataset import IGNORED
from pipeline.training.loop import label_nll
from schemas.config.train import RankPolicy, TrainConfig

CPU = torch.device("cpu")


# Largest differences of losses and of gradients, of the largest value.
TOLERATED = {torch.float32: (1e-5, 1e-4), torch.bfloat16: (1e-3, 5e-2)}


@pytest.fixture(autouse=True, params=TOLERATED, ids=str)
def dtype(request, monkeypatch):
    monkeypatch.setattr(base_model, "compute_dtype", lambda _: request.param)
    return request.param


@pytest.fixture
def build(tiny_model, models):
    def make(**settings):
        config = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4, **settings)
        torch.manual_seed(0)
        model = lora.build(config, models, CPU, policy.resolve(RankPolicy(), 4, 64))
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        return model

    return make


def step(model):
    ids = torch.arange(10, 40).view(2, 15)
    labels = ids.masked_fill(torch.arange(15) < 11, IGNORED)
    model.zero_grad()
    nll, _ = label_nll(model, ids, labels)
    nll.sum().backward()
    return nll.detach(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("method", "share"), [("lora", 0), ("qlora", 0), ("qlora", 0.05)])
def test_results_and_gradients_are_pefts_own(method, share, dtype, build, monkeypatch):
    monkeypatch.setattr(nf4, "KEPT_SHARE", share)
    model = build(method=method)
    nll, expected = step(model)
    assert fused.fuse(model) == 14
    found, ours = step(model)
    of_losses, of_gradients = TOLERATED[dtype]
    assert difference(found, nll) <= of_losses
    assert ours.keys() == expected.keys()
    assert max(difference(ours[name], expected[name]) for name in expected) <= of_gradients


def test_less_is_kept_for_the_way_back(build):
    model = build()

    def kept():
        sizes = {}
        weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}

        def pack(tensor):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            label_nll(model, torch.arange(10, 74)[None], torch.arange(10, 74)[None].masked_fill(torch.arange(64) < 62, IGNORED))
        return sum(sizes.values())

    before = kept()
    fused.fuse(model)
    assert kept() < 0.9 * before


def test_an_adapter_that_is_switched_off_is_switched_off(build):
    model = build().eval()
    ids = torch.arange(10, 25)[None]
    with model.disable_adapter():
        expected = model(input_ids=ids).logits
    fused.fuse(model)
    with model.disable_adapter():
        assert torch.equal(model(input_ids=ids).logits, expected)
    assert not torch.allclose(model(input_ids=ids).logits, expected)


@pytest.mark.parametrize("settings", [{"method": "dora"}, {"dropout": 0.1}])
def test_variants_and_dropout_are_left_to_peft(settings, build):
    assert fused.fuse(build(**settings)) == 0


def test_a_feed_forward_that_computes_something_else_keeps_its_own_forward(build):
    model = build()
    block = model.get_base_model().model.layers[0].mlp
    block.act_fn = torch.nn.ReLU()
    theirs = block.forward
    block.forward = lambda x: 2 * theirs(x)
    odd = block.forward
    fused.fuse(model)
    assert block.forward is odd
    assert model.get_base_model().model.layers[1].mlp.forward is not theirs


def test_16_bit_weights_compute_in_16_bits_and_gradients_stay_fp32(build):
    model = build(method="lora")
    nll, expected = step(model)
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer):
            module.get_base_layer().to(torch.bfloat16)
    fused.fuse(model)
    found, ours = step(model)
    assert difference(found, nll) <= 5e-2
    assert all(gradient.dtype == torch.float32 for gradient in ours.values())
    similar = [float(torch.cosine_similarity(ours[k].flatten(), expected[k].flatten(), dim=0)) for k in expected]
    assert min(similar) > 0.98
