"""Base models: what can't be loaded is named with the cure."""

import pytest
import torch
import transformers

from pipeline.common.model import base_model
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_loaded():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(TrainingError, match="sees no GPU"):
        base_model.device_of(TrainConfig(device="cuda"))


def test_a_model_that_cannot_be_loaded_is_named_with_the_cure(tmp_path, models):
    with pytest.raises(TrainingError, match="Name a local folder"):
        base_model.load_tokenizer(TrainConfig(base_model="nobody/nothing"), models)
    with pytest.raises(TrainingError, match="looks like a folder"):
        base_model.load_tokenizer(TrainConfig(base_model="./nothing"), models)
    with pytest.raises(TrainingError, match=r"no config\.json"):
        base_model.load_tokenizer(TrainConfig(base_model=str(tmp_path)), models)


def test_attention_is_the_fastest_that_the_family_has(tiny_model, models, tmp_path):
    """Gemma 2 caps its attention scores, which SDPA can't: there it must be spelt out, or the model isn't loaded."""
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    transformers.Gemma2ForCausalLM(transformers.Gemma2Config(vocab_size=64, head_dim=16, **shape)).save_pretrained(tmp_path)
    used = {
        folder: base_model.load_model(TrainConfig(base_model=str(folder)), models, torch.device("cpu"), quantised=False).config
        for folder in (tiny_model, tmp_path)
    }
    assert [config._attn_implementation for config in used.values()] == ["sdpa", "eager"]


def test_a_family_whose_logits_cannot_be_had_position_by_position_is_refused_by_name(models, tmp_path):
    shape = {"hidden_size": 16, "decoder_ffn_dim": 16, "num_decoder_layers": 1, "num_decoder_attention_heads": 2}
    config = transformers.ProphetNetConfig(vocab_size=97, is_decoder=True, **shape)
    transformers.ProphetNetForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(TrainingError, match=rf"'{tmp_path}' \(prophetnet\)"):
        base_model.load_model(TrainConfig(base_model=str(tmp_path)), models, torch.device("cpu"), quantised=False)
