"""Training for real: a tiny model for mechanics, the small pretrained one for templates and the quantisation trap."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unicodedata
from statistics import mean

import peft
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import transformers

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.training import loop
from pipeline.training.dataset import collate, encode
from pipeline.training.loop import label_nll
from pipeline.training.run import train
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError

# How the lines begin that a training says; no other library adds any.
CPU = torch.device("cpu")
OURS = r"encoding|loading model|\S+, qlora on|policy|\d of \d blocks|warning: |a first step|training|step \d|before training|epoch \d|stopp|interrupted"


def lines(job):
    return [json.loads(line) for line in (job.output / "metrics.jsonl").read_text().splitlines()]


def manifest(job):
    return json.loads((job.output / "manifest.json").read_text())


def read_samples(job):
    return pq.read_table(job.output / "samples.parquet").to_pylist()


def weights(job):
    return (job.output / "adapter_model.safetensors").read_bytes()


def test_a_run_leaves_adapter_manifest_and_the_loss_of_every_sample(make_job):
    job = make_job()
    train(job)
    facts = manifest(job)
    assert facts["dataset_version"] == "v1"
    assert facts["config"] == job.config
    assert facts["samples"] == {"trained": 16, "validation": 4}
    assert len(facts["trained_groups"]) == 16
    assert facts["policy"]["scale"] == facts["policy"]["built_scale"] == 2.0
    assert {"torch", "peft", "bitsandbytes"} <= set(facts["packages"])
    samples = read_samples(job)
    assert {row["times_seen"] for row in samples if row["split"] == "train"} == {2}
    assert all((row["validation_loss"] is not None) == (row["split"] == "validation") for row in samples)
    assert {len(row["losses"]) for row in samples} == {2}
    assert all(len(row["gold_chosen"]) == 2 * (row["split"] == "validation") for row in samples)
    assert {tuple(row["option_orders"]) for row in samples} == {()}
    steps = [line for line in lines(job) if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 9))
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert {"learning_rate", "grad_norm", "eta_s", "total_steps"} <= set(steps[0])
    assert not (job.output / "checkpoints").exists()


@pytest.mark.parametrize("optimizer", ["adamw", "adamw_8bit", "sgd"])
def test_every_weight_is_trained_by_any_optimiser_and_the_model_is_saved_whole(make_job, optimizer):
    job = make_job(method="full", optimizer=optimizer, learning_rate=0.5 if optimizer == "sgd" else 1e-3)
    train(job)
    facts = manifest(job)
    assert {"model.safetensors", "config.json"} < set(facts["files"])
    assert (facts["policy"], facts["coordinate"]) == (None, None)
    assert facts["first_step_nats"] > 0
    assert facts["train_losses"][-1] < facts["train_losses"][0]
    model = base_model.load_model(job.train.model_copy(update={"base_model": str(job.output)}), job.models, CPU, quantised=False)
    assert facts["trainable_parameters"] == sum(parameter.numel() for parameter in model.parameters())


def test_a_finished_adapter_is_not_trained_again(make_job):
    job = make_job()
    train(job)
    stamp = (job.output / "manifest.json").stat().st_mtime_ns
    train(job)
    assert (job.output / "manifest.json").stat().st_mtime_ns == stamp


def test_a_folder_of_another_job_is_refused(make_job):
    train(make_job())
    with pytest.raises(TrainingError, match="another training job"):
        train(make_job(learning_rate=2e-3))


def test_an_interrupted_run_resumes_to_the_same_adapter(make_job, tmp_path):
    whole = make_job(output="whole", epochs=6)
    train(whole)
    job = make_job(output="interrupted", epochs=6)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    command = [sys.executable, "-m", "pipeline.training", str(tmp_path / "job.json")]
    child = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    )
    metrics = job.output / "metrics.jsonl"
    while child.poll() is None and not (metrics.exists() and '"step": 3' in metrics.read_text()):
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[1]
    assert child.returncode == 130, said
    assert [line for line in said.splitlines() if not re.match(OURS, line)] == []
    assert not (job.output / "manifest.json").exists()
    train(job)
    assert manifest(job)["train_losses"] == manifest(whole)["train_losses"]
    assert weights(job) == weights(whole)
    rows = [pq.read_table(folder / "samples.parquet").to_pylist() for folder in (job.output, whole.output)]
    assert rows[0] == rows[1]


def test_samples_too_long_are_recorded_and_not_trained(make_job, question):
    job = make_job([*(question(i) for i in range(4)), question(9, stem="word " * 300), question(10, "validation", stem="word " * 300)])
    train(job)
    rows = {row["record_id"]: row for row in pq.read_table(job.output / "samples.parquet").to_pylist()}
    assert (rows[f"{9:016x}"]["status"], rows[f"{9:016x}"]["times_seen"], rows[f"{9:016x}"]["first_loss"]) == (
        "not_trained: too_long",
        0,
        None,
    )
    assert f"{9:016x}" not in manifest(job)["trained_groups"]


def test_nothing_to_train_on_is_said_before_anything_is_loaded(make_job, question, monkeypatch):
    jobs = [make_job([question(0, "test")], output="none"), make_job([question(9, stem="word " * 300)], output="long")]
    monkeypatch.setattr(base_model, "load_tokenizer", lambda *_: pytest.fail("nothing is loaded for nothing"))
    with pytest.raises(
        TrainingError, match=r"the training split has 1 question, and none is fit \(1 not_trained: too_long\); raise render"
    ):
        train(jobs[1])
    examples = pq.read_table(jobs[0].examples).to_pylist()
    pq.write_table(pa.Table.from_pylist([{**examples[0], "split": "test"}]), jobs[0].examples)
    with pytest.raises(TrainingError, match=r"the training split is empty \(1 test\); `mcq ledger"):
        train(jobs[0])


@pytest.mark.parametrize("count", [1, 10])
def test_very_few_samples_train_and_the_manifest_says_what_that_is_worth(make_job, question, count):
    job = make_job([question(i, answer_index=0) for i in range(count)], epochs=1)
    train(job)
    facts = manifest(job)
    assert facts["samples"] == {"trained": count, "validation": 0}
    assert facts["kept_because"] == "epoch 1 of 1: the last, since there are no validation questions to choose by"
    told = " ".join(facts["warnings"])
    assert "may be too few to learn anything" in told
    assert "no validation questions" in told
    assert ("have one answer, 'the tower'" in told) == (count > 1)


CONTRARY = ["the shed", "the tower", "the chapel"]


@pytest.fixture(scope="module")
def quick_model(tiny_model, tmp_path_factory):
    """The tiny model with weights wide enough to learn in a few steps: the usual ones bound its logits to near zero."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.from_pretrained(tiny_model)
    config.initializer_range = 0.2
    folder = tmp_path_factory.mktemp("quick")
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(tiny_model).save_pretrained(folder)
    return folder


@pytest.fixture
def overfitted(make_job, question, quick_model):
    """A job whose validation gets worse once it has learnt how an answer looks: its keys contradict the training's."""

    def make(**settings):
        rows = [question(i) for i in range(18)]
        held_out = [question(i, "validation", options=CONTRARY, record_id=f"{i + 100:016x}") for i in range(18)]
        return make_job([*rows, *held_out], base_model=str(quick_model), learning_rate=3e-2, batch_size=3, **settings)

    return make


def test_the_epoch_of_the_lowest_validation_loss_is_kept_and_patience_ends_a_run(overfitted):
    best, last = overfitted(output="best", epochs=8, early_stopping=2), overfitted(output="last", epochs=8, keep="last")
    train(best)
    train(last)
    facts = manifest(best)
    losses = facts["validation_losses"]
    kept = facts["kept_epoch"]
    assert losses[kept - 1] == min(losses)
    assert len(losses) == kept + 2 < 8
    assert facts["kept_because"].startswith(
        f"epoch {kept} of {kept + 2}: its validation loss {min(losses):.4f} is the lowest; training ended"
    )
    assert facts["steps"] == 6 * (kept + 2)
    assert [line["epoch"] for line in facts["epochs"]] == list(range(kept + 3))
    assert manifest(last)["kept_epoch"] == 8
    # What the samples say of the kept weights is what those weights say when they are loaded again.
    held_out = [row for row in read_samples(best) if row["split"] == "validation"]
    assert all(row["validation_loss"] == row["losses"][kept - 1] for row in held_out)
    assert mean(row["validation_loss"] for row in held_out) == pytest.approx(min(losses))
    short = overfitted(output="short", epochs=8, early_stopping=2, keep="last")
    train(short)
    assert manifest(short)["validation_losses"] == losses
    assert weights(short) != weights(best)


def test_kept_weights_are_those_of_the_best_epoch(overfitted):
    job = overfitted(epochs=8, early_stopping=1)
    train(job)
    facts = manifest(job)
    model = base_model.load_model(job.train, job.models, CPU, quantised=True)
    model = peft.PeftModel.from_pretrained(model, str(job.output)).eval()
    rows = pq.read_table(job.examples).to_pylist()
    samples = encode(rows, ChatFormat(base_model.load_tokenizer(job.train, job.models)), "validation")
    with torch.no_grad():
        losses = [
            float((nll / n).item()) for nll, n in (label_nll(model, c["input_ids"], c["labels"]) for c in (collate([s]) for s in samples))
        ]
    assert facts["kept_epoch"] < len(facts["validation_losses"])
    assert mean(losses) == pytest.approx(min(facts["validation_losses"]), rel=1e-3)


def test_a_killed_run_resumes_to_the_same_losses_orders_and_weights(overfitted, tmp_path):
    whole = overfitted(output="whole", epochs=5, style="letter", save_steps=2)
    train(whole)
    job = overfitted(output="killed", epochs=5, style="letter", save_steps=2)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    metrics = job.output / "metrics.jsonl"
    # Within the first epoch, and at the end of one.
    for step in (5, 12):
        child = subprocess.Popen(
            [sys.executable, "-m", "pipeline.training", str(tmp_path / "job.json")],
            cwd=PROJECT_ROOT,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        )
        while child.poll() is None and not (metrics.exists() and f'"step": {step}' in metrics.read_text()):
            time.sleep(0.01)
        child.kill()
        child.wait()
        assert not (job.output / "manifest.json").exists()
    train(job)
    for key in ("train_losses", "epochs", "kept_epoch", "kept_because", "permuted"):
        assert manifest(job)[key] == manifest(whole)[key], key
    assert weights(job) == weights(whole)
    assert read_samples(job) == read_samples(whole)
    orders = [row["option_orders"] for row in read_samples(whole) if row["split"] == "train"]
    assert all(len(order) == 5 and set("".join(order)) == set("ABC") for order in orders)
    assert len({tuple(order) for order in orders}) > 10


def test_questions_are_asked_after_each_epoch_for_cartography(make_job):
    job = make_job(cartography=True)
    train(job)
    rows = read_samples(job)
    assert {(len(row["gold_chosen"]), len(row["gold_probabilities"]), len(row["losses"])) for row in rows} == {(2, 2, 2)}
    assert {row["times_seen"] for row in rows} == {0, 2}


def test_a_sample_that_the_tokenizer_changes_is_left_out_and_told(make_job):
    job = make_job()
    rows = pq.read_table(job.examples).to_pylist()
    # As a rendering with a tokenizer that normalises nothing would have left it.
    rows[0]["completion"] = "H₂O<|im_end|>"
    pq.write_table(pa.Table.from_pylist(rows), job.examples)
    normalised = ChatFormat.encode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChatFormat, "encode", lambda self, text: normalised(self, unicodedata.normalize("NFKC", text)))
        train(job)
    assert manifest(job)["not_trained"] == {"not_trained: answer_altered": 1}
    assert manifest(job)["samples"]["trained"] == 15
    (left_out,) = [row for row in read_samples(job) if row["status"] == "not_trained: answer_altered"]
    assert (left_out["record_id"], left_out["times_seen"], left_out["losses"]) == (rows[0]["record_id"], 0, [])


def test_a_loss_that_is_not_finite_stops_with_the_records(make_job):
    job = make_job()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            loop, "label_nll", lambda model, ids, labels: (torch.full((len(ids),), torch.nan, requires_grad=True), (labels != -100).sum(1))
        )
        with pytest.raises(
            TrainingError, match=r"the training \(step 1\) loss of record [0-9a-f]{16}, [0-9a-f]{16}.* is not finite.*mcq trace ID"
        ):
            train(job)
    assert not (job.output / "manifest.json").exists()
