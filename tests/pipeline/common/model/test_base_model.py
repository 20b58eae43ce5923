"""Base models: what can't be loaded is named with the cure."""

import pytest
import torch

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
