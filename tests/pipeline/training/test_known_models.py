"""Which known model a name means."""

import pytest

from pipeline.training.known_models import known_config, known_shape


def test_the_longest_known_name_in_a_name_decides():
    assert known_config("microsoft/Phi-4-mini-instruct")["vocab_size"] == 200064
    assert known_config("unsloth/Llama-3.2-1B-Instruct-bnb-4bit")["hidden_size"] == 2048
    assert known_config("some/strange-model") is None
    with pytest.raises(KeyError):
        known_shape("some/strange-model")
