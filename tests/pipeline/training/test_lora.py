"""Adapters: built with the policy's scale on every method, and trained down to the first layer."""

import peft
import pytest
import torch

from pipeline.common.model import base_model
from pipeline.training import lora, policy
from pipeline.training.dataset import IGNORED
from pipeline.training.loop import label_nll
from schemas.config.train import RankPolicy, TrainConfig
from schemas.errors import TrainingError

CPU = torch.device("cpu")


@pytest.mark.parametrize("method", ["lora", "qlora", "dora"])
@pytest.mark.parametrize("rule", [RankPolicy(), RankPolicy(name="sqrt_hidden"), RankPolicy(name="fixed", alpha=8)])
def test_every_method_builds_with_the_policys_scale_and_takes_a_step(method, rule, tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method=method, policy=rule, rank=4)
    resolution = policy.resolve(rule, 4, base_model.hidden_size(settings, models))
    model = lora.build(settings, models, CPU, resolution)
    assert lora.built_scale(model) == pytest.approx(resolution.scale)
    ids = torch.arange(10, 22)[None]
    labels = ids.masked_fill(torch.arange(12) < 8, IGNORED)
    label_nll(model, ids, labels)[0].sum().backward()
    moved = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is not None and p.grad.abs().sum() > 0]
    assert len(moved) >= 14
    assert all(p.dtype == torch.float32 for p in model.parameters() if p.requires_grad)


def test_a_built_scale_that_differs_from_the_policys_is_refused(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4)
    wrong = policy.Resolution(rank=4, alpha=8, use_rslora=False, scale=3.0)
    with pytest.raises(TrainingError, match="scales by 2, but the policy resolves to 3"):
        lora.build(settings, models, CPU, wrong)


def test_a_target_that_the_model_lacks_is_named(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", target_modules=["q_proj", "c_attn"])
    with pytest.raises(TrainingError, match="'c_attn'"):
        lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 16, 64))


def test_a_rank_above_a_layers_sides_is_refused_with_the_largest_that_fits(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", rank=500)
    with pytest.raises(TrainingError, match=r"train.rank 500 is more than the shorter side of \w+ in .*; take \d+ or less"):
        lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 500, 64))


def test_pissa_is_saved_as_the_difference_to_the_untouched_base(tiny_model, models, tmp_path):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4, method="lora", init="pissa")
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64), tmp_path).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.add_(0.05 * torch.randn_like(parameter))
    ids = torch.arange(10, 22)[None]
    trained = model(ids).logits.detach()
    lora.save(model, settings, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    base = base_model.load_model(settings, models, CPU, quantised=False).float()
    untouched = base(ids).logits.detach()
    found = peft.PeftModel.from_pretrained(base, str(tmp_path))(ids).logits
    assert (trained - untouched).abs().max() > 0.05
    assert torch.allclose(found, trained, atol=2e-2), "the base is 16 bit, and so is its rest"


def test_training_after_evaluating_still_reaches_the_first_layer(models):
    """bitsandbytes repacks weights in eval mode on some CPUs and then gives no input gradient, without a word."""
    settings = TrainConfig(device="cpu", rank=2)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 2, 576))
    ids = torch.arange(100, 108)[None]
    labels = ids.masked_fill(torch.arange(8) < 6, IGNORED)
    model.eval()
    with torch.no_grad():
        label_nll(model, ids, labels)
    model.train()
    label_nll(model, ids, labels)[0].sum().backward()
    first = [p.grad for name, p in model.named_parameters() if ".layers.0.self_attn.q_proj.lora_B" in name]
    assert first[0].abs().sum() > 0
