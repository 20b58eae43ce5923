"""Models for tests that need one: the real small model, converted once a machine, and a tiny random one."""

import os

import pytest

from schemas.config import PROJECT_ROOT, TrainConfig

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A models folder with the converted demo model; that of the demo when it has run, else one of this session."""
    from pipeline.training.base_model import locate

    ours = PROJECT_ROOT / "data" / "models"
    folder = ours if (ours / "base" / "smollm2-135m").is_dir() else tmp_path_factory.mktemp("models")
    locate(TrainConfig(), folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(models, tmp_path_factory):
    """Folder of a random two-layer Llama with the demo model's real tokenizer: for what needs no knowledge."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from pipeline.training.base_model import load_tokenizer

    torch.manual_seed(0)
    tokenizer = load_tokenizer(TrainConfig(), models)
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **shape))
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
