"""From the published dataset to an adapter, a verdict and the audit database: the real child processes, on a tiny random model."""

import json
import os
import shutil
import sqlite3

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from assets import audit, children, curation, evaluation, training
from assets.resources.cache_keys import places
from assets.resources.configured import resources_over
from assets.resources.foundry import Foundry
from cli.main import app
from pipeline.common.escapes import markdown
from pipeline.common.store.runs import is_whole
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT

ASSETS = dg.load_assets_from_modules([curation, training, evaluation, audit])
CHECKS = dg.load_asset_checks_from_modules([training])
SMALL = {"device": "cpu", "rank": 4, "epochs": 1, "batch_size": 4}


@pytest.fixture(scope="module")
def run(questions, tmp_path_factory):
    """Curates eight questions, and trains and evaluates a base model on them."""

    def materialize(base_model):
        folder = tmp_path_factory.mktemp("project")
        (folder / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")
        config = {"dataset": "tiny", "root": str(folder), "sources": [{"name": "school", "path": "*.jsonl"}]}
        config |= {"split": {"method": "quota", "train": 0.5, "validation": 0.25, "test": 0.25}, "render": {"max_seq_tokens": 128}}
        config |= {"train": {**SMALL, "base_model": str(base_model)}, "evaluate": {"modes": ["letter"]}}
        (folder / "tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
        foundry = Foundry(folder / "tiny.yaml", load_config(folder / "tiny.yaml"), folder / "data")

        def again():
            with dg.DagsterInstance.ephemeral() as instance:
                return dg.materialize([*ASSETS, *CHECKS], instance=instance, resources=resources_over(foundry), raise_on_error=False)

        return foundry, again

    return materialize


@pytest.fixture(scope="module")
def trained(run, tiny_model):
    """The Foundry, its first run, how to run it again, and what the children told."""
    foundry, again = run(tiny_model)
    heard = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(children, "listeners", [lambda asset, line: heard.append((asset, line))])
        result = again()
    assert result.success
    return foundry, result, again, heard


def metadata_of(result, asset):
    (event,) = result.asset_materializations_for_node(asset)
    return event.metadata


def test_every_question_is_rendered_and_the_training_ones_are_trained_on(trained):
    foundry, result, _, _ = trained
    at = places(foundry)
    assert pq.read_table(at.examples).num_rows == metadata_of(result, "chat_examples")["dagster/row_count"].value == 8
    assert json.loads(at.manifest.read_text())["samples"] == {"trained": 4, "validation": 2}
    assert {check.check_name for check in result.get_asset_check_evaluations() if check.passed} == {
        "labels_cover_exactly_the_answer",
        "nothing_lost_in_render",
        "fits_the_gpu",
    }


def test_the_verdict_stands_on_the_page_and_in_the_audit_database(trained):
    foundry, result, _, _ = trained
    said = json.loads(places(foundry).result.read_text())["verdict"]
    page = metadata_of(result, "evaluation")
    assert page["verdict"].value == said
    assert all("too few groups" in page[name].value for name in ("by_position", "by_source", "calibration", "position_bias"))
    assert "reliability.png" in page["reliability"].value
    database = sqlite3.connect(foundry.audit)
    assert database.execute("select adapter, verdict from runs").fetchall() == [(places(foundry).adapter.name, said)]
    assert database.execute("select count(*) from predictions").fetchone() == (4,)


@pytest.fixture
def mcq_compare(trained, monkeypatch):
    """Calls the command in this process, as on a wide terminal."""
    monkeypatch.chdir(PROJECT_ROOT)
    monkeypatch.setenv("COLUMNS", "400")
    for name in ("MCQ_CONFIG", "MCQ_DATA_ROOT", "DAGSTER_HOME"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    where = ["--config", str(trained[0].config_file), "--data-root", str(trained[0].data_root)]
    return lambda *arguments: CliRunner().invoke(app, ["compare", *arguments, *where])


def test_the_evaluations_page_and_mcq_compare_show_the_leaderboard(trained, mcq_compare):
    foundry, result, _, _ = trained
    at = places(foundry)
    assert at.adapter.name[:8] in metadata_of(result, "evaluation")["leaderboard"].value
    assert at.adapter.name[:8] in mcq_compare().output
    (row,) = json.loads(mcq_compare("--format", "json").stdout)
    told = json.loads(at.result.read_text())
    assert (row["adapter"], row["evaluation"], row["verdict"]) == (at.adapter.name, at.evaluation.name, told["verdict"])
    assert row["accuracy"] == told["headline"]["modes"]["letter"]["adapter"]["accuracy"]
    alone = mcq_compare(at.adapter.name[:6])
    assert alone.exit_code == 1
    assert "name another run beside it" in " ".join(alone.output.split())


@pytest.fixture
def twin(trained):
    """A copy of the trained adapter whose answers are all other ones, gone again after the test."""
    at = places(trained[0])
    folder = at.adapter.with_name("twin")
    shutil.copytree(at.adapter, folder)
    file = folder / "evaluations" / at.evaluation.name / "predictions.parquet"
    table = pq.read_table(file)
    rows = table.to_pylist()
    for row in rows:
        gold = row["answer_index"]
        row["predicted_index"] = gold if row["predicted_index"] != gold else (gold + 1) % len(row["option_scores"])
        row["correct"] = row["predicted_index"] == gold
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)
    yield folder
    shutil.rmtree(folder)


def test_mcq_compare_shows_two_runs_side_by_side(trained, twin, mcq_compare):
    name = places(trained[0]).adapter.name
    said = mcq_compare(name, "twin").output
    assert "the same questions in the same splits" in said
    assert "Of the 2 test questions that both were asked, B answers" in said
    assert "trained by A and B: Which city is the capital of" in said
    found = json.loads(mcq_compare(name, "twin", "--format", "json").stdout)
    flipped = found["results"]["flipped"]
    assert flipped["to_wrong"] + flipped["to_right"] == len(flipped["items"]) == 2
    assert found["settings"] == []
    assert found["data"]["changes"] == []


def test_a_model_card_with_funnel_and_verdict_stands_beside_the_adapter(trained):
    foundry, _, _, _ = trained
    card = (places(foundry).adapter / "README.md").read_text(encoding="utf-8")
    assert markdown(json.loads(places(foundry).result.read_text())["verdict"]) in card
    assert "| read | 8 |" in card
    assert "| school | 4 | 2 | 2 |" in card


def test_losses_are_told_live_and_stand_in_the_history(trained):
    _, result, _, heard = trained
    steps = [line for asset, line in heard if asset == "qlora_adapter" and "loss" in line]
    assert [line["step"] for line in steps] == [1]
    observed = [event.event_specific_data.asset_observation for event in result.all_events if event.is_asset_observation]
    assert steps[0]["loss"] in [observation.metadata["loss"].value for observation in observed if "loss" in observation.metadata]


def test_the_adapters_page_shows_every_epoch_and_which_one_was_kept(trained):
    _, result, _, heard = trained
    shown = metadata_of(result, "qlora_adapter")
    assert shown["kept"].value.startswith("epoch 1 of 1: its validation loss")
    assert [line.split(" | ")[0].strip("| ") for line in shown["epochs"].value.splitlines()[2:]] == ["before", "1 (kept)"]
    assert shown["kept_validation_loss"].value > 0
    assert 0 <= shown["kept_validation_accuracy"].value <= 1
    assert shown["not_trained"].value == "*no rows*"
    told = [line for asset, line in heard if asset == "qlora_adapter" and "validation_loss" in line]
    assert [(line["epoch"], line["validation_questions"]) for line in told] == [(0, 2), (1, 2)]


def test_what_was_made_once_is_not_made_again(trained, monkeypatch):
    _, _, again, _ = trained
    for module in (training, evaluation):
        monkeypatch.setattr(module, "run_child", lambda *_: pytest.fail("nothing is new"))
    result = again()
    assert result.success
    assert metadata_of(result, "qlora_adapter")["computed"].value == "remembered"


def test_what_is_damaged_is_made_again_as_it_was(trained):
    foundry, _, again, _ = trained
    at = places(foundry)
    weights, answers = at.adapter / "adapter_model.safetensors", at.evaluation / "predictions.parquet"
    before = {path: path.read_bytes() for path in (weights, at.examples)}
    result_before = json.loads(at.result.read_text())["verdict"]
    weights.write_bytes(before[weights][:-1] + bytes([before[weights][-1] ^ 1]))
    at.examples.write_bytes(b"")
    answers.write_bytes(answers.read_bytes()[:-9])
    result = again()
    assert result.success
    assert metadata_of(result, "qlora_adapter")["computed"].value == "the last one is damaged"
    assert {path: path.read_bytes() for path in before} == before
    assert is_whole(at.evaluation)
    assert json.loads(at.result.read_text())["verdict"] == result_before


def test_planned_and_measured_memory_stand_side_by_side(trained):
    foundry, result, _, _ = trained
    memory = json.loads(places(foundry).manifest.read_text())["memory"]
    assert memory["planned"]["target"] == "CPU"
    assert memory["planned_step_gib"] == pytest.approx(memory["planned"]["step_gib"])
    assert "planned_step_gib" in metadata_of(result, "qlora_adapter")["memory_of_a_step"].value
    plan = metadata_of(result, "vram_plan")
    assert plan["fits"].value
    # Eight short questions: their own lengths count, not render.max_seq_tokens.
    assert memory["longest_tokens"] < 128
    assert plan["longest_tokens_that_fit"].value == 512, "what the tiny model can read at all"


def failure_of(result):
    (failed,) = [event for event in result.all_events if event.is_step_failure and event.step_key == "chat_examples"]
    return failed.step_failure_data


def model_folder(folder, config):
    """What looks like a saved instruct model."""
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}", "tokenizer_class": "Nonesuch"}))
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def test_a_child_that_fails_ends_the_run_in_its_own_words(run, tmp_path):
    result = run(model_folder(tmp_path, {"model_type": "nonesuch"}))[1]()
    said = failure_of(result).user_failure_data.description
    assert said.startswith(f"pipeline.render: base model '{tmp_path}' can't be loaded: ")
    assert "Name a local folder" in said


def test_a_base_model_that_can_not_be_trained_is_refused_before_a_child_starts(run, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "run_child", lambda *_: pytest.fail("it is refused before"))
    (model_folder(tmp_path, {"model_type": "nonesuch"}) / "tokenizer_config.json").write_text("{}")
    result = run(tmp_path)[1]()
    assert "has no chat template" in str(failure_of(result).error.cause or failure_of(result).error)
