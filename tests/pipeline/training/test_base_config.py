"""What a base model is, is asked before anything large is downloaded, and what can't be trained is refused with a cure."""

import json
import subprocess
import sys

import pytest

from pipeline.training import base_config
from pipeline.training.base_config import refuse_early, shape_of
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


@pytest.fixture
def folder(tmp_path):
    """A saved instruct model, as far as its small files tell."""
    made = tmp_path / "model"
    made.mkdir()
    (made / "config.json").write_text(json.dumps(LLAMA))
    (made / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    (made / "model.safetensors").write_bytes(b"")
    return made


def train(model, **more):
    return TrainConfig(base_model=str(model), **more)


def test_a_folders_own_config_tells_the_shape(folder):
    shape = shape_of(train(folder))
    assert (shape.head_size, shape.kv_heads, shape.tied_embeddings) == (16, 2, False)
    refuse_early(train(folder))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("config.json", None, "holds no config.json"),
        ("config.json", "{", "config.json of base model .* can't be read"),
        ("config.json", "[]", "holds list, expected an object"),
        ("config.json", json.dumps({**LLAMA, "hidden_size": "wide"}), "says hidden_size: 'wide'"),
        ("config.json", json.dumps({**LLAMA, "model_type": "phi3"}), "names q_proj.*`target_modules: \\[qkv_proj"),
        ("model.safetensors", None, "holds no .*safetensors file"),
        ("tokenizer_config.json", None, "has no chat template"),
        ("tokenizer_config.json", "{}", "has no chat template .*name an instruct model"),
    ],
)
def test_a_folder_that_can_not_be_trained_is_refused(folder, file, text, said):
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text)
    with pytest.raises(ConfigError, match=said):
        refuse_early(train(folder))


def test_a_template_in_a_file_of_its_own_is_one(folder):
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    refuse_early(train(folder))


def test_a_family_that_is_not_planned_is_not_refused(folder):
    (folder / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    refuse_early(train(folder))


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"'\./nowhere' looks like a folder and there is none"):
        refuse_early(train("./nowhere"))


HUB = """
import sys
from pipeline.training.base_config import refuse_early, shape_of
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError
train = TrainConfig(base_model=sys.argv[1])
try:
    print(shape_of(train).hidden_size)
    refuse_early(train)
    print("torch" in sys.modules)
except ConfigError as error:
    print(error)
"""


def asked(cache, name):
    """What a process that has this hub cache and no network says of a model."""
    env = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(PROJECT_ROOT), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", HUB, name], cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_hub_model_is_known_by_its_small_files_alone(folder, tmp_path):
    snapshot = tmp_path / "cache" / "models--some--strange-model" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("a" * 40)
    for file in ("config.json", "tokenizer_config.json"):
        (snapshot / file).write_text((folder / file).read_text())
    assert asked(tmp_path / "cache", "some/strange-model") == ["64", "False"]
    (snapshot / "tokenizer_config.json").unlink()
    assert "has no chat template" in asked(tmp_path / "cache", "some/strange-model")[1]


def test_a_hub_model_that_is_not_here_is_refused_with_what_to_do(tmp_path):
    (said,) = asked(tmp_path, "some/strange-model")
    assert said.startswith("base model 'some/strange-model' at revision 'main' is not on this machine, and HF_HUB_OFFLINE is set: unset it")
    known, said = asked(tmp_path, "Qwen/Qwen2.5-7B-Instruct")
    assert known == "3584", "of a known model the shape stands here"
    assert "is not on this machine" in said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("GatedRepoError", "is gated: accept its licence"),
        ("RepositoryNotFoundError", "is not on the hub"),
        ("RevisionNotFoundError", "has no revision 'main'"),
        ("EntryNotFoundError", "has no config.json"),
        ("LocalEntryNotFoundError", "is not on this machine"),
    ],
)
def test_what_a_hub_answers_is_said_with_a_cure(monkeypatch, kind, said):
    """The hub's own errors, without a hub."""
    import huggingface_hub
    from huggingface_hub import errors

    def answers(*_, **__):
        error = getattr(errors, kind)
        raise error.__new__(error)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", answers)
    with pytest.raises(ConfigError, match=said):
        base_config._asked(train("some/model"), "config.json")


def test_a_name_that_no_hub_has_is_refused():
    with pytest.raises(ConfigError, match="is no hub name"):
        refuse_early(train("some model!"))
