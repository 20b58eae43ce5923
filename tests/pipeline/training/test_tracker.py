"""Trackers: a real training and its evaluations, read back with TensorBoard's and MLflow's own readers."""

import json
import logging
import os
import subprocess
import sys
import time
from collections import defaultdict
from importlib.util import find_spec

import pytest

from pipeline.common.model.tracking import require_tracker, run
from pipeline.evaluation.job import EvaluationJob
from pipeline.evaluation.run import evaluate
from pipeline.training.base_config import refuse_early
from pipeline.training.run import train
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import TrainConfig
from schemas.errors import MissingExtraError

BOTH = ("tensorboard", "mlflow")


@pytest.fixture(params=BOTH)
def tracker(request, monkeypatch):
    """Each tracker that is installed."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install 'mcq-foundry[{request.param}]'")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return request.param


@pytest.fixture
def job_of(make_job, question, tmp_path):
    """A training job that has a store of its own, over questions of each split."""

    def make(tracker, output="adapter", **settings):
        splits = ("train", "train", "train", "validation", "test")
        job = make_job([question(i, splits[i % 5]) for i in range(20)], output=output, tracker=tracker, **settings)
        models = tmp_path / "models"
        models.mkdir(exist_ok=True)
        return job.model_copy(update={"models": models})

    return make


def read_back(job):
    """What the tracker holds of the job's adapter: (step, value) of each figure, and everything that it says in words."""
    if job.train.tracker == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(job.output / "tensorboard"), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        tags = events.Tags()
        words = [bytes(event.tensor_proto.string_val[0]).decode() for tag in tags["tensors"] for event in events.Tensors(tag)]
        hyper = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
        return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags["scalars"]}, [
            *words,
            hyper.decode("latin-1"),
        ]
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{job.models / 'mlflow.db'}")
    place = client.get_experiment_by_name("d").experiment_id
    (found,) = client.search_runs([place], f"tags.`mcq/adapter` = '{job.output.name}'")
    histories = {name: client.get_metric_history(found.info.run_id, name) for name in found.data.metrics}
    in_order = {name: sorted(history, key=lambda one: (one.step, one.timestamp)) for name, history in histories.items()}
    words = [f"{name} {value}" for told in (found.data.params, found.data.tags) for name, value in told.items()]
    return {name: [(one.step, one.value) for one in history] for name, history in in_order.items()}, words


def evaluate_adapter(job, output, **settings):
    config = {**job.config, "evaluate": {**job.config["evaluate"], "modes": ["cloze"], **settings}}
    folder = job.output / "evaluations" / output
    evaluate(EvaluationJob(**{**job.model_dump(), "config": config, "output": folder, "adapter": job.output}))
    return json.loads((folder / "result.json").read_text())


def test_a_resumed_training_goes_on_in_the_same_run_with_every_step_once(tracker, job_of, tmp_path):
    job = job_of(tracker, epochs=6)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline.training", str(tmp_path / "job.json")],
        cwd=PROJECT_ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    metrics = job.output / "metrics.jsonl"
    # Beyond the checkpoint of step 4: step 5 is told, and taken again.
    while child.poll() is None and not (metrics.exists() and '"step": 5,' in metrics.read_text()):
        time.sleep(0.01)
    child.kill()
    said = child.communicate(timeout=60)[1]
    assert not (job.output / "manifest.json").exists(), said
    before, _ = read_back(job)
    assert before["loss"][0][0] == 1
    train(job)
    facts = json.loads((job.output / "manifest.json").read_text())
    figures, words = read_back(job)
    assert [step for step, _ in figures["loss"]] == list(range(1, facts["steps"] + 1))
    assert [value for _, value in figures["loss"]] == pytest.approx(facts["train_losses"])
    assert [step for step, _ in figures["learning_rate"]] == [step for step, _ in figures["loss"]]
    epochs = [(one["step"], one["validation_loss"]) for one in facts["epochs"]]
    assert [step for step, _ in figures["validation_loss"]] == [step for step, _ in epochs]
    assert [value for _, value in figures["validation_loss"]] == pytest.approx([loss for _, loss in epochs])
    text = "\n".join(words)
    for part in ("mcq/dataset_version", "v1", "train.rank", "train.policy.name", "twice_rank", "render.style", facts["kept_because"]):
        assert part in text


def test_an_evaluation_is_told_with_its_verdict_and_a_new_one_takes_its_place(tracker, job_of):
    job = job_of(tracker)
    train(job)
    trained, _ = read_back(job)
    assert not any(name.startswith("evaluation") for name in trained)
    steps = json.loads((job.output / "manifest.json").read_text())["steps"]
    for output, settings in (("one", {}), ("two", {"max_questions": 2})):
        result = evaluate_adapter(job, output, **settings)
        figures, words = read_back(job)
        step, value = figures["evaluation/cloze/adapter_accuracy"][-1]
        assert (step, value) == (steps, pytest.approx(result["modes"]["cloze"]["adapter"]["accuracy"]))
        assert figures["evaluation/cloze/questions"][-1] == (steps, result["modes"]["cloze"]["n"])
        assert result["verdict"] in "\n".join(words)
        assert {name: figures[name] for name in trained} == trained
    assert [result["modes"]["cloze"]["n"], len(figures["loss"])] == [2, steps]


def test_a_run_is_named_after_its_adapter(tracker, job_of):
    first, second = job_of(tracker, output="first"), job_of(tracker, output="second", learning_rate=2e-3)
    train(first)
    train(second)
    losses = [read_back(job)[0]["loss"] for job in (first, second)]
    assert losses[0] != losses[1]
    assert [len(one) for one in losses] == [6, 6]


def test_a_store_that_is_not_there_costs_a_warning_and_no_training_and_is_told_all_later(tracker, job_of, monkeypatch, caplog):
    job = job_of(tracker)
    obstacle = job.output / "tensorboard"
    if tracker == "tensorboard":
        job.output.mkdir()
        obstacle.write_text("a file in its place")
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, logger="mcq"):
        train(job)
    assert sum("takes nothing" in line for line in caplog.messages) == 1
    facts = json.loads((job.output / "manifest.json").read_text())
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    obstacle.unlink(missing_ok=True)
    evaluate_adapter(job, "one")
    figures, _ = read_back(job)
    assert [value for _, value in figures["loss"]] == pytest.approx(facts["train_losses"])


@pytest.mark.parametrize("name", BOTH)
def test_a_tracker_that_is_not_installed_is_named_before_anything_is_done(name, job_of):
    if find_spec(name) is not None:
        pytest.skip(f"{name} is installed")
    job = job_of(name)
    for refused in (lambda: train(job), lambda: evaluate_adapter(job, "one"), lambda: refuse_early(TrainConfig(tracker=name))):
        with pytest.raises(MissingExtraError, match=rf"train\.tracker: {name} needs .* pip install 'mcq-foundry\[{name}\]'"):
            refused()
    assert not (job.output / "metrics.jsonl").exists()
    require_tracker(TrainConfig())


class Notebook:
    """A tracker that writes down what it is told; `broken` fails at that step."""

    def __init__(self, broken=None):
        self.broken, self.told, self.steps = broken, {}, defaultdict(list)

    def describe(self, settings, tags):
        self.told |= {"settings": settings, "tags": tags}

    def write(self, step, figures, at):
        if step == self.broken:
            raise OSError("no room left")
        for name, value in figures.items():
            self.steps[name].append((step, value))

    def conclude(self, step, figures, notes):
        self.told |= {"step": step, "figures": figures, "notes": notes}

    def end(self, whole):
        self.told["whole"] = whole


@pytest.fixture
def opened(monkeypatch):
    """What trainings and evaluations open as their tracker, whichever is installed: the stated ones, in order."""

    def use(*trackers):
        left = list(trackers)
        monkeypatch.setattr(run, "require_tracker", lambda _: None)
        monkeypatch.setattr("pipeline.evaluation.run.require_tracker", lambda _: None)
        monkeypatch.setattr(run, "open_tracker", lambda job, adapter: left.pop(0))
        return trackers

    return use


def test_a_tracker_is_told_of_every_step_of_the_settings_and_of_the_verdict(opened, job_of):
    trained, evaluated = opened(Notebook(), Notebook())
    job = job_of("mlflow")
    train(job)
    facts = json.loads((job.output / "manifest.json").read_text())
    assert trained.steps["loss"] == list(enumerate(facts["train_losses"], 1))
    assert [step for step, _ in trained.steps["validation_loss"]] == [0, 3, 6]
    assert trained.told["tags"]["mcq/dataset_version"] == "v1"
    assert (trained.told["settings"]["train.rank"], trained.told["whole"], trained.told["figures"]) == (4, True, {})
    result = evaluate_adapter(job, "one")
    assert evaluated.steps == trained.steps
    assert evaluated.told["notes"] == {"kept": facts["kept_because"], "verdict": result["verdict"]}
    assert evaluated.told["figures"]["evaluation/cloze/questions"] == result["modes"]["cloze"]["n"] == 4
    assert "evaluation/cloze/delta" in evaluated.told["figures"]


def test_a_tracker_that_fails_on_the_way_ends_no_training(opened, job_of, caplog):
    broken, later = opened(Notebook(broken=3), Notebook())
    job = job_of("tensorboard")
    with caplog.at_level(logging.WARNING, logger="mcq"):
        train(job)
    assert [line for line in caplog.messages if "takes nothing" in line] == [
        "warning: tensorboard takes nothing (OSError: no room left); it is left out, and told all of this run with the next training or "
        "evaluation of it"
    ]
    assert ([step for step, _ in broken.steps["loss"]], "whole" in broken.told) == ([1, 2], False)
    evaluate_adapter(job, "one")
    assert [step for step, _ in later.steps["loss"]] == list(range(1, 7))


def test_figures_that_are_not_defined_are_left_out():
    model = {"accuracy": None, "gold_nll": None}
    mode = {"n": 0, "delta": None, "delta_interval": None, "p_value": None, "base": model, "adapter": model}
    modes = {"letter": mode}
    assert run.figures_of({"modes": modes, "others": None, "headline": {"modes": modes}}) == {"evaluation/letter/questions": 0.0}
    named = run.figures_of({"modes": modes, "others": {"modes": modes}, "headline": {"modes": modes}})
    assert set(named) == {"evaluation/letter/questions", "headline/letter/questions"}
