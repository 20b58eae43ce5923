"""Shapes read from config.json have exactly the parameters of the model that transformers builds, family by family."""

import pytest

from pipeline.training.known_models import KNOWN, PARAMETERS, known_config, known_shape
from pipeline.training.shapes import FAMILIES, UnknownShapeError, read_shape
from schemas.config.train import LINEAR_KINDS
from schemas.errors import ConfigError

TINY = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def built(config):
    """A model of a configuration on the meta device: names and sizes, no memory."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))


def assert_equal(shape, model):
    import torch

    head = model.get_output_embeddings()
    linears = [(name, m) for name, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not head]
    assert shape.linear_parameters == sum(m.weight.numel() for _, m in linears)
    assert shape.bias_parameters == sum(m.bias.numel() for _, m in linears if m.bias is not None)
    assert shape.norm_parameters == sum(p.numel() for name, p in model.named_parameters() if "norm" in name)
    assert shape.parameters == sum(p.numel() for p in model.parameters())
    found = {name.rpartition(".")[2]: (m.in_features, m.out_features) for name, m in linears}
    assert {name: (linear.inputs, linear.outputs) for name, linear in shape.linears().items()} == found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("more", [{}, {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "head_dim": 24}])
def test_a_family_counts_as_transformers_builds_it(family, more):
    from transformers import AutoConfig

    known = AutoConfig.for_model(family).to_dict()
    more = {key: value for key, value in more.items() if key in known}
    config = {"model_type": family, **TINY, **more}
    assert_equal(read_shape(config, family), built(config))


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_model_counts_as_transformers_builds_it(name):
    assert_equal(known_shape(name), built({**known_config(name), "pad_token_id": 0}))


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_known_model_has_the_parameters_that_its_repository_tells(name):
    assert known_shape(name).parameters == PARAMETERS[name]


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
    assert known_shape(model).adapter_parameters(rank, list(kinds)) == parameters


def test_magnitudes_are_one_an_output():
    shape = known_shape("smollm2-135m")
    assert shape.adapter_parameters(4, ["q_proj"], magnitudes=True) - shape.adapter_parameters(4, ["q_proj"]) == 30 * 576


def test_a_family_that_is_not_planned_is_said_with_what_to_do():
    with pytest.raises(UnknownShapeError, match=r"of family mamba.*llama, mistral.*measures what it needs"):
        read_shape({"model_type": "mamba"}, "some/model")
    with pytest.raises(UnknownShapeError, match="pictures"):
        read_shape({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}}, "some/model")
    with pytest.raises(UnknownShapeError, match="without a model_type"):
        read_shape({}, "some/model")


@pytest.mark.parametrize("value", [None, 0, -1, "64", 1.5, True])
def test_a_number_that_is_missing_or_none_is_named(value):
    with pytest.raises(ConfigError, match=r"'some/model' says hidden_size: .*whole number above 0"):
        read_shape({"model_type": "llama", **TINY, "hidden_size": value}, "some/model")


def test_target_modules_of_another_family_are_refused_with_its_own():
    with pytest.raises(
        ConfigError, match=r"names q_proj, k_proj, v_proj, gate_proj, up_proj, .*'phi3'.*\[qkv_proj, o_proj, down_proj, gate_up_proj\]"
    ):
        known_shape("phi-3.5-mini").targets(list(LINEAR_KINDS))
