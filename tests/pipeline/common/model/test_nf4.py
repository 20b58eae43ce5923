"""Dequantised weights are kept where memory has room for them, and nothing but the time of a pass changes."""

import bitsandbytes
import pytest
import torch
from bitsandbytes.functional import dequantize_4bit

from pipeline.common.model import base_model, nf4
from schemas.config.train import TrainConfig

CPU = torch.device("cpu")


@pytest.fixture(params=[torch.float32, torch.bfloat16])
def load(request, tiny_model, models, monkeypatch):
    def make(share):
        monkeypatch.setattr(base_model, "compute_dtype", lambda _: request.param)
        monkeypatch.setattr(nf4, "KEPT_SHARE", share)
        return base_model.load_model(TrainConfig(base_model=str(tiny_model)), models, CPU, quantised=True)

    return make


def test_weights_are_dequantised_once_where_memory_has_room_and_scores_are_the_same(load, monkeypatch):
    asked = []
    monkeypatch.setattr(nf4, "dequantize_4bit", lambda *args: asked.append(0) or dequantize_4bit(*args))
    ids = torch.arange(10, 40).view(2, 15)
    each_time = load(0)
    assert not asked
    kept = load(0.05)
    assert len(asked) == 14
    with torch.no_grad():
        assert torch.equal(kept(input_ids=ids).logits, each_time(input_ids=ids).logits)
    assert len(asked) == 14


def test_only_linear_layers_change_and_the_input_gives_the_type(load):
    each_time, kept = load(0), load(0.05)
    layers = {name for name, module in each_time.named_modules() if isinstance(module, bitsandbytes.nn.Linear4bit)}
    assert layers == {name for name, module in kept.named_modules() if isinstance(module, nf4.Dequantised)}
    assert len(layers) == 14
    layer = kept.model.layers[0].mlp.down_proj
    for dtype in (torch.float32, torch.bfloat16):
        assert layer(torch.ones(1, layer.in_features, dtype=dtype)).dtype == dtype
    assert not any(parameter.requires_grad for parameter in kept.parameters())


def test_a_bias_stays(load):
    layer = bitsandbytes.nn.Linear4bit(64, 64, compute_dtype=torch.float32, quant_type="nf4").to("cpu")
    x = torch.randn(3, 64)
    assert torch.equal(nf4._kept(layer)(x), layer(x))
