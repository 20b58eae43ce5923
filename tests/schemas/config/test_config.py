"""Configuration: every shipped file loads, every mistake is told at once, and nothing leaves the root."""

import pytest
import yaml

from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError

MINIMAL = {"dataset": "d", "sources": [{"name": "s", "path": "*.csv"}]}


def test_every_shipped_configuration_loads():
    files = sorted((PROJECT_ROOT / "configs").rglob("*.yaml"))
    assert {"sample.yaml", "t4-llama-3.1-8b.yaml", "vnhsge.yaml"} <= {file.name for file in files}
    for file in files:
        load_config(file)
        assert file.read_text(encoding="utf-8").startswith(("# mcq run ", "# mcq study ")), (
            f"{file.name}: the first line says how to run it"
        )


def test_no_two_shipped_configurations_share_a_dataset():
    """They would publish over each other."""
    files = sorted((PROJECT_ROOT / "configs").rglob("*.yaml"))
    names = [load_config(file).dataset for file in files]
    assert len(set(names)) == len(names)


def test_the_t4_configuration_shows_every_field_of_training():
    shown = yaml.safe_load((PROJECT_ROOT / "configs" / "t4-llama-3.1-8b.yaml").read_text(encoding="utf-8"))
    for block in ("train", "render", "evaluate"):
        assert set(shown[block]) == set(Config.model_fields[block].annotation.model_fields)


def test_a_dataset_and_one_source_are_enough():
    assert Config.model_validate(MINIMAL).split.method == "hash"


def test_all_errors_are_told_at_once_with_their_place(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("dataset: a b\nsources:\n- {name: X, path: '../up', reader: word}\nsplit: {train: .5, trane: 1}\nnope: 1\n")
    with pytest.raises(ConfigError) as error:
        load_config(file)
    text = str(error.value)
    for part in (
        "dataset:",
        "sources.0.name",
        "sources.0.path",
        "sources.0.reader",
        "split.trane: unknown key",
        "nope: unknown key",
        "allowed here",
    ):
        assert part in text


@pytest.mark.parametrize("content", ["", "[]", "a: [", "just text"])
def test_files_that_are_no_mapping_are_refused_in_words(tmp_path, content):
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError):
        load_config(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no configuration file .*nothing\.yaml"):
        load_config(tmp_path / "nothing.yaml")


def test_the_environment_is_expanded_in_root_alone(monkeypatch):
    monkeypatch.setenv("MCQ_PLACE", "/somewhere")
    config = Config.model_validate({**MINIMAL, "root": "${MCQ_PLACE}/x", "sources": [{"name": "s", "path": "${MCQ_PLACE}"}]})
    assert config.root_path.as_posix() == "/somewhere/x"
    assert config.sources[0].path == "${MCQ_PLACE}"
    monkeypatch.delenv("MCQ_PLACE")
    assert Config.model_validate({**MINIMAL, "root": "${MCQ_PLACE:-here}"}).root_path == PROJECT_ROOT / "here"
    with pytest.raises(ValueError, match="MCQ_PLACE is not set"):
        Config.model_validate({**MINIMAL, "root": "${MCQ_PLACE}"})


def test_what_the_environment_holds_is_read_by_and_never_written_down(monkeypatch):
    monkeypatch.setenv("MCQ_PLACE", "/tmp/s3cret")
    config = Config.model_validate({**MINIMAL, "root": "${MCQ_PLACE}/x"})
    assert config.root == "${MCQ_PLACE}/x"
    assert "s3cret" not in config.model_dump_json() + repr(config)


def test_an_error_never_quotes_what_the_environment_holds(monkeypatch, tmp_path):
    monkeypatch.setenv("MCQ_PLACE", "/tmp/s3cret")
    file = tmp_path / "bad.yaml"
    file.write_text("dataset: D\nroot: ${MCQ_PLACE}/${MCQ_NOWHERE}\nsources: 3\n")
    with pytest.raises(ConfigError) as error:
        load_config(file)
    assert "MCQ_NOWHERE is not set" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_a_root_that_can_not_be_followed_is_an_error_of_the_configuration(tmp_path, monkeypatch):
    (tmp_path / "loop").symlink_to("loop")
    for root in (str(tmp_path / "loop"), "a\0b"):
        with pytest.raises(ConfigError, match="no path that can be followed"):
            _ = Config.model_validate({**MINIMAL, "root": root}).root_path
    monkeypatch.setenv("MCQ_PLACE", "/tmp")
    config = Config.model_validate({**MINIMAL, "root": "${MCQ_PLACE}"})
    monkeypatch.delenv("MCQ_PLACE")
    with pytest.raises(ConfigError, match="MCQ_PLACE is not set"):
        _ = config.root_path


def test_numbers_that_are_none_or_without_end_are_refused(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("dataset: d\nsources: [{name: s, path: a}]\ntrain: {epochs: .inf, learning_rate: .nan}\n")
    with pytest.raises(ConfigError, match=r"has 2 errors[\s\S]*train.epochs[\s\S]*train.learning_rate"):
        load_config(file)


def test_an_error_is_short_however_much_is_wrong(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("dataset: [" + "x, " * 3000 + "]\n" + "".join(f"{'k' * 500}{n}: {'v' * 500}\n" for n in range(300)))
    with pytest.raises(ConfigError, match="and 282 more") as error:
        load_config(file)
    assert len(str(error.value)) < 10_000


@pytest.mark.parametrize(
    "block",
    [
        {"split": {"train": 0.9, "validation": 0.2, "test": 0.1}},
        {"train": {"policy": {"name": "fixed"}}},
        {"train": {"policy": {"name": "twice_rank", "alpha": 3}}},
        {"evaluate": {"modes": ["letter"], "primary": "cloze"}},
        {"dedup": {"bands": 100, "rows": 10}},
        {"sources": [{"name": "s", "path": "a"}, {"name": "s", "path": "b"}]},
        {"sources": [{"name": "s", "path": "a", "fields": {"stam": "x"}}]},
    ],
)
def test_settings_that_contradict_each_other_are_refused(block):
    with pytest.raises(ValueError, match="validation error"):
        Config.model_validate({**MINIMAL, **block})


@pytest.mark.parametrize(
    ("headline", "said"),
    [
        ("[handbok]", r"evaluate\.headline names 'handbok', .* known are: handbook, trivia;"),
        ("[handbook, measure]", r"evaluate\.headline names 'measure', .* known are: handbook, trivia;"),
        ("handbook", r"evaluate\.headline: expected `all` or a list of source names, as in \[handbook\]; found 'handbook'"),
        ("[trivia, trivia]", r"evaluate\.headline: a source is named twice"),
        ("[]", r"evaluate\.headline: expected `all` or a list of source names"),
        ("[7]", r"evaluate\.headline.*valid string"),
    ],
)
def test_a_headline_that_no_source_stands_for_is_refused_before_anything_runs(tmp_path, headline, said):
    sources = "[{name: handbook, path: a}, {name: trivia, path: b}, {name: measure, path: c, role: benchmark}]"
    file = tmp_path / "c.yaml"
    file.write_text(f"dataset: d\nsources: {sources}\nevaluate: {{headline: {headline}}}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(file)


@pytest.mark.parametrize("headline", ["all", ["handbook"], ["trivia", "handbook"]])
def test_a_headline_names_sources_that_there_are(headline):
    sources = [{"name": "handbook", "path": "a"}, {"name": "trivia", "path": "b"}]
    assert Config.model_validate({"dataset": "d", "sources": sources, "evaluate": {"headline": headline}}).evaluate.headline == headline


def test_the_curation_part_holds_no_paths_and_no_training():
    one = Config.model_validate({**MINIMAL, "root": "/a", "train": {"epochs": 1}})
    other = Config.model_validate({**MINIMAL, "root": "/b", "sources": [{"name": "s", "path": "other/*.csv", "licence": "CC0"}]})
    assert one.curation() == other.curation()
    assert one.curation() != Config.model_validate({**MINIMAL, "split": {"seed": 8}}).curation()


def test_a_root_starts_where_its_configuration_lies(tmp_path):
    for folder in ("a/questions", "b"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a" / "c.yaml").write_text("dataset: d\nroot: questions\nsources: [{name: s, path: '*.csv'}]\n")
    (tmp_path / "b" / "c.yaml").write_text("dataset: d\nsources: [{name: s, path: '*.csv'}]\n")
    first, second = load_config(tmp_path / "a" / "c.yaml"), load_config(tmp_path / "b" / "c.yaml")
    assert first.root_path == tmp_path / "a" / "questions"
    assert first.root == "questions", "it is kept as written"
    assert second.root_path == tmp_path / "b"
    assert Config.model_validate(MINIMAL).root_path == PROJECT_ROOT
