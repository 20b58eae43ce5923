"""Which configuration and data root a process works with."""

import pytest

from assets.resources.foundry import open_foundry
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError


def test_relative_paths_start_at_the_project_wherever_the_process_is(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert open_foundry("configs/vnhsge.yaml", "elsewhere").data_root == PROJECT_ROOT / "elsewhere"
    assert open_foundry(str(PROJECT_ROOT / "configs" / "vnhsge.yaml"), str(tmp_path)).data_root == tmp_path
    with pytest.raises(ConfigError, match="no configuration file"):
        open_foundry("configs/nothing.yaml", "data")


def test_versions_that_an_adapter_names_stay(make_foundry, questions):
    foundry = make_foundry(questions)
    assert foundry.pinned_versions() == set()
    for name, text in (("done", '{"dataset_version": "abc"}'), ("unfinished", None)):
        (foundry.adapters / name).mkdir(parents=True)
        if text:
            (foundry.adapters / name / "manifest.json").write_text(text)
    assert foundry.pinned_versions() == {"abc"}


def test_the_hash_of_a_configuration_is_that_of_its_curation(make_foundry, questions):
    plain = make_foundry(questions).config_hash
    assert make_foundry(questions, train={"epochs": 1}).config_hash == plain
    assert make_foundry(questions, split={"seed": 8}).config_hash != plain
