"""A step before training leaves nothing behind, and batches that don't fit are taken in parts with the same result."""

import json

import pytest
import torch

from pipeline.training import loop, probe, run
from pipeline.training.recomputing import recomputed
from pipeline.training.run import train


def weights(job):
    return (job.output / "adapter_model.safetensors").read_bytes()


def manifest(job):
    return json.loads((job.output / "manifest.json").read_text())


def test_training_is_the_same_to_the_bit_with_the_step_before_it_and_without(make_job, monkeypatch):
    """Dropout draws random numbers in the step before; they must not be missing afterwards."""
    with_step = make_job(output="with", dropout=0.2, gradient_accumulation=2)
    train(with_step)
    memory = manifest(with_step)["memory"]
    assert memory["micro_batch"] == 4
    assert memory["longest_tokens"] > 20
    assert memory["measured"] == "resident memory of the process"
    assert {"planned_step_gib", "measured_step_gib", "first_step_gib"} <= set(memory)
    monkeypatch.setattr(run, "probe", lambda *_: probe.Probe(None, 4, 0))
    without = make_job(output="without", dropout=0.2, gradient_accumulation=2)
    train(without)
    assert weights(with_step) == weights(without)
    assert manifest(with_step)["train_losses"] == manifest(without)["train_losses"]
    assert (with_step.output / "samples.parquet").read_bytes() == (without.output / "samples.parquet").read_bytes()


class FullError(RuntimeError):
    def __str__(self):
        return "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes."


@pytest.mark.usefixtures("fp32")
def test_batches_that_do_not_fit_are_halved_and_give_the_same_update(make_job, monkeypatch, caplog):
    whole = make_job(output="whole", batch_size=8, gradient_accumulation=2)
    train(whole)
    label_nll = loop.label_nll

    def at_most_two(model, input_ids, labels):
        nll, tokens = label_nll(model, input_ids, labels)
        if torch.is_grad_enabled() and len(input_ids) > 2:
            # It fails half-way through the backward pass, when some gradients have been added up already.
            nll.register_hook(lambda _: _fail(model))
        return nll, tokens

    def _fail(model):
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.ones_like(parameter) if parameter.grad is None else parameter.grad.add_(1.0)
        raise FullError

    monkeypatch.setattr(loop, "label_nll", at_most_two)
    halved = make_job(output="halved", batch_size=8, gradient_accumulation=2, gradient_checkpointing=False)
    train(halved)
    assert manifest(halved)["memory"]["micro_batch"] == 2
    assert any("batch_size 2 with gradient_accumulation 8" in note for note in manifest(halved)["warnings"])
    assert "going on with 2 at once" in caplog.text
    assert manifest(halved)["train_losses"] == pytest.approx(manifest(whole)["train_losses"], rel=1e-5)
    assert [line["grad_norm"] for line in steps(halved)] == pytest.approx([line["grad_norm"] for line in steps(whole)], rel=1e-4)
    assert manifest(halved)["steps"] == manifest(whole)["steps"]


def steps(job):
    told = [json.loads(line) for line in (job.output / "metrics.jsonl").read_text().splitlines()]
    return [line for line in told if "grad_norm" in line]


def test_a_batch_that_stops_fitting_in_the_middle_is_halved_too(make_job, monkeypatch):
    whole = make_job(output="whole")
    train(whole)
    label_nll, calls = loop.label_nll, []

    def fails_once(model, input_ids, labels):
        if torch.is_grad_enabled():
            calls.append(len(input_ids))
            if len(calls) == 4:
                raise FullError
        return label_nll(model, input_ids, labels)

    monkeypatch.setattr(loop, "label_nll", fails_once)
    job = make_job(output="middle", gradient_checkpointing=False)
    train(job)
    assert calls[:6] == [4, 4, 4, 4, 2, 2]
    assert set(calls[4:]) == {2}
    assert manifest(job)["train_losses"] == pytest.approx(manifest(whole)["train_losses"], rel=1e-5)


def test_blocks_compute_again_before_a_batch_is_halved(make_job, monkeypatch, caplog):
    whole = make_job(output="whole")
    train(whole)
    assert (manifest(whole)["memory"]["recomputed_blocks"], manifest(whole)["memory"]["blocks"]) == (0, 2)
    label_nll, kept = loop.label_nll, []

    def needs_room(model, input_ids, labels):
        if torch.is_grad_enabled():
            kept.append(recomputed(model))
            if kept[-1] < 2:
                raise FullError
        return label_nll(model, input_ids, labels)

    monkeypatch.setattr(loop, "label_nll", needs_room)
    job = make_job(output="again")
    train(job)
    assert kept[:2] == [0, 2]
    assert set(kept[1:]) == {2}
    assert "every block computes its activations again now" in caplog.text
    memory = manifest(job)["memory"]
    assert (memory["recomputed_blocks"], memory["micro_batch"]) == (2, 4)
    assert manifest(job)["train_losses"] == manifest(whole)["train_losses"]


def test_as_many_blocks_compute_again_as_are_planned(make_job):
    job = make_job(output="planned")
    train(job.model_copy(update={"plan": {"step_gib": 1.0, "recomputed_blocks": 1}}))
    assert manifest(job)["memory"]["recomputed_blocks"] == 1


def test_a_sample_that_does_not_fit_alone_is_said_in_words(make_job, monkeypatch):
    def never(*_):
        raise FullError

    monkeypatch.setattr(loop, "label_nll", never)
    with pytest.raises(run.TrainingError, match=r"too small for a single sample.*max_seq_tokens"):
        train(make_job())


def test_other_errors_stop_a_run_as_they_are(make_job, monkeypatch):
    def wrong(*_):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(loop, "label_nll", wrong)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(make_job())
