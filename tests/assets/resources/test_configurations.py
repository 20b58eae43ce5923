"""Which configurations a code location holds, and with which one a command works."""

import json
import os

import pytest

from assets.resources.configurations import configuration_files, file_hash, load_configurations, load_foundry
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    """Writes a configuration of a dataset into a file of this name."""

    def written(name, dataset, **more):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"dataset": dataset, "sources": [{"name": "school", "path": "*.jsonl"}], **more}))
        return file

    return written


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_environment_it_is_the_sample_in_the_project(value, monkeypatch):
    for name in ("MCQ_CONFIG", "MCQ_DATA_ROOT"):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    assert configuration_files() == [PROJECT_ROOT / "configs" / "sample.yaml"]
    foundry = load_foundry()
    assert (foundry.config_file, foundry.data_root) == (PROJECT_ROOT / "configs" / "sample.yaml", PROJECT_ROOT / "data")


@pytest.mark.parametrize("separator", [",", os.pathsep, " , "])
def test_several_files_and_folders_are_named_in_order_and_each_once(separator, write, tmp_path):
    first, second, third = write("z.yaml", "z"), write("more/a.yaml", "a"), write("more/b.yaml", "b")
    (tmp_path / "more" / "notes.yaml").write_text("hello: world")
    (tmp_path / "more" / "c.yml.bak").write_text("dataset: c")
    named = separator.join(map(str, (first, tmp_path / "more", second)))
    assert configuration_files(named) == [first, second, third]


def test_a_file_whose_name_holds_a_comma_is_one_file(write):
    file = write("a,b.yaml", "a")
    assert configuration_files(str(file)) == [file]


def test_a_folder_without_configurations_and_an_empty_list_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no configuration"):
        configuration_files(str(tmp_path))
    with pytest.raises(ConfigError, match="names no configuration"):
        configuration_files(" , ")


def test_a_broken_configuration_takes_no_other_away(write, tmp_path):
    write("a.yaml", "a")
    write("b.yaml", "b", refesh=1)
    (tmp_path / "c.yaml").write_text("dataset: [")
    loaded = load_configurations(configuration_files(str(tmp_path)))
    assert [foundry.config.dataset for foundry in loaded.foundries] == ["a"]
    assert len(loaded.left_out) == 2
    assert "refesh: unknown key" in loaded.left_out[0]
    assert "c.yaml can't be read as YAML" in loaded.left_out[1]


@pytest.mark.parametrize(("one", "other"), [("year-12", "year-12"), ("year-12", "year_12")])
def test_two_files_of_one_dataset_are_both_left_out_in_words(one, other, write, tmp_path):
    write("a.yaml", one)
    write("b.yaml", other)
    with pytest.raises(ConfigError, match=r"a\.yaml and .*b\.yaml are of one dataset, year_12"):
        load_configurations(configuration_files(str(tmp_path)))
    write("c.yaml", "c")
    loaded = load_configurations(configuration_files(str(tmp_path)))
    assert [foundry.config.dataset for foundry in loaded.foundries] == ["c"]
    assert len(loaded.left_out) == 1


def test_a_command_works_with_one_configuration_and_lists_them_where_there_are_several(write, tmp_path, monkeypatch):
    files = [write("a.yaml", "a"), write("b.yaml", "b")]
    monkeypatch.setenv("MCQ_CONFIG", str(tmp_path))
    with pytest.raises(ConfigError, match="2 configurations") as error:
        load_foundry()
    assert all(f"--config {file}" in str(error.value) for file in files)
    files[1].unlink()
    assert load_foundry().config.dataset == "a"


def test_a_file_that_is_gone_has_no_hash():
    assert file_hash(PROJECT_ROOT / "nothing.yaml") == ""
