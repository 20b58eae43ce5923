"""The memory plan against the published figures that its formulas were checked with."""

import json

import pytest

from pipeline.training.vram import SHAPES, plan, shape_of
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.render import RenderConfig
from schemas.config.train import LINEAR_KINDS, TrainConfig
from schemas.errors import ConfigError

# GiB at 1,024 tokens, rank 16, 8-bit AdamW, by batch size 1, 2, 4, 8: full logits, and labelled tokens only.
PUBLISHED = {
    "llama-3.1-8b": ((11.2, 13.8, 19.2, 29.9), (7.1, 7.8, 9.0, 11.4)),
    "qwen2.5-7b": ((11.5, 14.5, 20.6, 32.7), (7.0, 7.6, 8.8, 11.1)),
    "qwen2.5-1.5b": (None, (2.2, 2.4, 3.0, 4.0)),
}
CASES = [(model, batch, i) for model in PUBLISHED for i, batch in enumerate((1, 2, 4, 8))]


@pytest.mark.parametrize(("model", "batch", "place"), CASES)
def test_totals_agree_with_published_ones(model, batch, place):
    found = plan(TrainConfig(base_model=model, batch_size=batch), RenderConfig(max_seq_tokens=1024))
    naive, lean = PUBLISHED[model]
    assert found.total_gib == pytest.approx(lean[place], rel=0.09)
    if naive:
        assert found.naive_total_gib == pytest.approx(naive[place], rel=0.05)


@pytest.mark.parametrize(
    ("model", "kinds", "rank", "parameters"),
    [
        ("smollm2-135m", LINEAR_KINDS, 8, 2_442_240),
        ("smollm2-135m", LINEAR_KINDS, 64, 19_537_920),
        ("smollm2-135m", [kind for kind in LINEAR_KINDS if kind != "gate_proj"], 16, 3_870_720),
        ("llama-3.1-8b", LINEAR_KINDS, 16, 41_943_040),
    ],
)
def test_adapter_parameters_are_those_of_built_models(model, kinds, rank, parameters):
    assert SHAPES[model].adapter_parameters(rank, list(kinds)) == parameters


def test_the_largest_batch_is_the_last_that_fits():
    render = RenderConfig(max_seq_tokens=1024)
    largest = plan(TrainConfig(base_model="llama-3.1-8b"), render).largest_batch
    assert plan(TrainConfig(base_model="llama-3.1-8b", batch_size=largest), render).fits
    assert not plan(TrainConfig(base_model="llama-3.1-8b", batch_size=largest + 1), render).fits
    assert plan(TrainConfig(base_model="llama-3.1-8b", gpu_memory_gib=4), render).largest_batch == 0


def test_sixteen_bit_lora_of_an_8b_model_does_not_fit_a_t4():
    assert not plan(TrainConfig(base_model="llama-3.1-8b", method="lora", batch_size=1), RenderConfig()).fits


def test_the_t4_configuration_fits():
    config = load_config(PROJECT_ROOT / "configs" / "t4-llama-3.1-8b.yaml")
    found = plan(config.train, config.render)
    assert found.fits
    assert found.total_gib == pytest.approx(sum(found.components.values()))


def test_a_folders_own_config_tells_the_shape(tmp_path):
    facts = {
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "vocab_size": 1000,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    (tmp_path / "config.json").write_text(json.dumps(facts))
    shape = shape_of(TrainConfig(base_model=str(tmp_path)))
    assert (shape.head_size, shape.kv_heads, shape.tied_embeddings) == (16, 2, False)
    assert shape.linear_parameters == 2 * (64 * 64 * 2 + 2 * 64 * 32 + 3 * 64 * 128)
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 64, "num_attention_heads": 4}))
    with pytest.raises(ConfigError, match="num_hidden_layers"):
        shape_of(TrainConfig(base_model=str(tmp_path)))


def test_an_unknown_model_is_said_to_be_unknown():
    with pytest.raises(ConfigError, match="is not known here"):
        shape_of(TrainConfig(base_model="some/strange-model"))
