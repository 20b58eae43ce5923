"""Training for real: a tiny model for mechanics, the small pretrained one for templates and the quantisation trap."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from pipeline.training.run import train
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError

# How the lines begin that a training says; no other library adds any.
OURS = r"encoding|loading model|\S+, qlora on|policy|warning: |training|step \d|before training|epoch \d|stopp|interrupted"


def lines(job):
    return [json.loads(line) for line in (job.output / "metrics.jsonl").read_text().splitlines()]


def manifest(job):
    return json.loads((job.output / "manifest.json").read_text())


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
    samples = pq.read_table(job.output / "samples.parquet").to_pylist()
    assert {row["times_seen"] for row in samples if row["split"] == "train"} == {2}
    assert all((row["validation_loss"] is not None) == (row["split"] == "validation") for row in samples)
    steps = [line for line in lines(job) if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 9))
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert {"learning_rate", "grad_norm", "eta_s", "total_steps"} <= set(steps[0])
    assert not (job.output / "checkpoints").exists()


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


def test_nothing_to_train_on_is_said(make_job, question):
    with pytest.raises(TrainingError, match="no example to train on"):
        train(make_job([question(0, "test")]))
