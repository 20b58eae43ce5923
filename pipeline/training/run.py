"""One training run, from rendered examples to an adapter with its manifest, resumable at every checkpoint."""

import dataclasses
import json
import math
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
import transformers
from filelock import FileLock, Timeout

from pipeline.common.files import write_atomically
from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.environment import device_name, package_versions, peak_memory_bytes
from pipeline.common.model.job import Job, Progress, log
from pipeline.common.model.memory import is_out_of_memory
from pipeline.common.model.tracking.run import tracked
from pipeline.common.store.run_files import MANIFEST, METRICS, SAMPLES
from pipeline.common.store.runs import read_manifest
from pipeline.training import lora, policy
from pipeline.training.cautions import of_result, of_training_set, require_samples
from pipeline.training.dataset import encode, statuses
from pipeline.training.engine import prepare
from pipeline.training.first_step import first_step_change
from pipeline.training.history import History
from pipeline.training.loop import HISTORY_FILE, LabelTrainer, Watch, arguments, kept_file, label_nll, load_weights
from pipeline.training.manifest import folder_fingerprint, write_manifest, write_samples
from pipeline.training.peak import PeakMemory
from pipeline.training.permutation import Permutations, permuted_epochs
from pipeline.training.probe import Probe, probe
from pipeline.training.recomputing import blocks, recomputed
from pipeline.training.validation import Validation, asked_of
from schemas.config.evaluate import EvaluateConfig
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def train(job: Job) -> None:
    """Trains the job's adapter into its `output` folder, or continues where an earlier run of the same job stopped.

    One at a time for all outputs in one parent folder. Raises TrainingError (no GPU, no such model, the folder belongs to another
    job, nothing to train on, out of memory), MissingExtraError, and KeyboardInterrupt when told to stop, once a checkpoint is saved.
    """
    device = base_model.device_of(job.train)
    job.output.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output / METRICS)
    with _alone(job.output.parent, progress):
        _claim(job)
        if read_manifest(job.output) is not None:
            log.info("%s is complete already: %s exists", job.output, MANIFEST)
            return
        try:
            with tracked(job, progress):
                _train(job, device, progress)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise TrainingError(
                f"memory is too small for a single sample (they have up to {job.render.max_seq_tokens} tokens); lower "
                "render.max_seq_tokens, set gradient_checkpointing: null, or take method: qlora or a smaller base model"
            ) from error


def _train(job: Job, device: torch.device, progress: Progress) -> None:
    config = job.train
    rows = pq.read_table(job.examples).to_pylist()
    require_samples(rows)
    checkpoint = _last_checkpoint(job.output / "checkpoints")
    step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    progress.forget_after(step if checkpoint else -1)

    progress.phase("encoding examples")
    chat = ChatFormat(base_model.load_tokenizer(config, job.models))
    training, held_out = encode(rows, chat, "train"), encode(rows, chat, "validation")
    status = statuses(rows, [*training, *held_out])
    if not training:
        require_samples([{**row, "status": status.get(index, row["status"])} for index, row in enumerate(rows)])
    questions = {row["record_id"]: row for row in pq.read_table(job.questions).to_pylist()}
    epochs = math.ceil(config.epochs)
    samples = Permutations(training, questions, chat, job.render, config.seed, permuted_epochs(config, job.render))
    evaluate = EvaluateConfig.model_validate(job.config.get("evaluate", {}))
    asked, mapped = (asked_of(some, questions, chat, job.render, evaluate) for some in (held_out, training if config.cartography else []))

    progress.phase("loading model")
    transformers.set_seed(config.seed)
    resolution = policy.resolve(config.policy, config.rank, base_model.hidden_size(config, job.models))
    planned = job.plan.get("recomputed_blocks") if job.plan else None
    if config.method == "full":
        model = lora.build_full(config, job.models, device, planned)
    else:
        model = lora.build(config, job.models, device, resolution, job.output, planned)
    computed = prepare(model, max(map(len, training + held_out)))
    notes = [*policy.warnings(config, resolution), *of_training_set(config, training, samples, held_out, questions)]
    _say(job, model, resolution, notes, len(training), len(held_out), device)

    history = History(len(rows))
    if checkpoint:
        history.load(checkpoint / HISTORY_FILE)
    settings = arguments(config, job.output / "checkpoints", len(training), device, base_model.compute_dtype(device))
    trainer = LabelTrainer(history, samples, model=model, args=settings)
    trainer.may_recompute = config.gradient_checkpointing is None
    validation = Validation(model, label_nll, held_out, asked, mapped, evaluate)
    watch = Watch(trainer, validation, progress, config.keep, config.early_stopping)
    trainer.add_callback(watch)

    peak = PeakMemory(device)
    tried = probe(trainer, training)
    change = first_step_change(model, training[: trainer.micro_batch], config.learning_rate)
    log.info("a first step at this learning rate changes the answers' log-probability by %+.2f nats a question", change)
    if not history.is_over(epochs, config.early_stopping):
        progress.phase(f"training, from step {step}" if checkpoint else "training")
        with _stoppable(watch):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if not history.is_over(epochs, config.early_stopping):
            log.info("stopped at step %d of %d; run it again to continue", trainer.state.global_step, trainer.state.max_steps)
            raise KeyboardInterrupt
    if watch.skipped_steps:
        notes.append(f"{watch.skipped_steps} of {trainer.state.max_steps} steps were skipped: their fp16 gradients overflowed")
    if (halved := trainer.note()) is not None:
        notes.append(halved)

    progress.phase("saving")
    kept, because = history.kept(config.keep), history.why_kept(config.keep, [sample.index for sample in held_out], epochs)
    load_weights(model, kept_file(job.output / "checkpoints", kept.step))
    log.info("kept: %s", because)
    notes += of_result(kept, history.epochs[0])
    lora.save(model, config, job.output)
    orders = {sample.index: samples.orders(place, epochs) for place, sample in enumerate(training)}
    write_samples(job.output / SAMPLES, rows, status, history, orders, kept.epoch)
    told = progress.lines()
    facts = {
        "dataset_version": job.dataset_version,
        "run_id": job.run_id,
        "base_model": config.base_model,
        "base_revision": base_model.revision_of(model),
        "method": config.method,
        **_scaling(config, model, resolution),
        "first_step_nats": round(change, 4),
        "trainable_parameters": lora.trainable_parameters(model),
        "labelled_tokens": sum(len(sample.completion_ids) for sample in training),
        "samples": {"trained": len(training), "validation": len(held_out)},
        "trained_groups": sorted({rows[sample.index]["split_group"] for sample in training}),
        "not_trained": dict(Counter(sorted(told for told in status.values() if told.startswith("not_trained")))),
        "permuted": len(samples.permuted),
        "steps": history.epochs[-1].step,
        "epochs": [dataclasses.asdict(epoch) for epoch in history.epochs],
        "kept_epoch": kept.epoch,
        "kept_because": because,
        "train_losses": [line["loss"] for line in told if "loss" in line],
        "validation_losses": [one.validation_loss for one in history.epochs if one.epoch and one.validation_loss is not None],
        "wall_seconds": round(history.elapsed_s, 1),
        "peak_memory_bytes": peak_memory_bytes(device),
        "memory": _memory(job, peak, tried, trainer),
        "device": device_name(device),
        "computed": computed,
        "compute_dtype": str(base_model.compute_dtype(device)).removeprefix("torch."),
        "packages": package_versions(),
        "warnings": notes,
        "config": job.config,
    }
    write_manifest(job.output, facts)
    shutil.rmtree(job.output / "checkpoints", ignore_errors=True)
    progress.phase("done")


def _scaling(config: TrainConfig, model: Any, resolution: policy.Resolution) -> dict[str, Any]:
    """How the update is scaled; a full fine-tuning scales nothing."""
    if config.method == "full":
        return {"policy": None, "coordinate": None}
    facts = {"name": config.policy.name, **dataclasses.asdict(resolution), "built_scale": lora.built_scale(model)}
    return {"policy": facts, "coordinate": resolution.coordinate(config.learning_rate)}


def _say(job: Job, model: Any, resolution: policy.Resolution, notes: list[str], training: int, held_out: int, device: torch.device) -> None:
    config = job.train
    log.info("%s, %s on %s; %d to train on, %d for validation", config.base_model, config.method, device_name(device), training, held_out)
    if config.method == "full":
        log.info("every weight is trained: %s parameters", f"{lora.trainable_parameters(model):,}")
    else:
        log.info(
            "policy %s: rank %d, alpha %g%s, scale %g (as alpha %g without rsLoRA); scale·rank·lr = %.2e; %s trainable parameters",
            config.policy.name,
            resolution.rank,
            resolution.alpha,
            " with rsLoRA" if resolution.use_rslora else "",
            lora.built_scale(model),
            resolution.equivalent_alpha,
            resolution.coordinate(config.learning_rate),
            f"{lora.trainable_parameters(model):,}",
        )
    log.info("%d of %d blocks compute their activations again on the way back", recomputed(model), len(blocks(model)))
    for note in notes:
        log.warning("warning: %s", note)


def _memory(job: Job, peak: PeakMemory, tried: Probe, trainer: LabelTrainer) -> dict[str, Any]:
    """What was planned beside what was measured, in GiB: of a step, above the loaded model."""

    def gib(size: int | None) -> float | None:
        return None if size is None else round(size / 2**30, 3)

    return {
        "planned_step_gib": job.plan.get("step_gib") if job.plan else None,
        "measured_step_gib": gib(peak.added_bytes()),
        "first_step_gib": gib(tried.added_bytes),
        "measured": peak.source,
        "longest_tokens": tried.longest_tokens,
        "micro_batch": trainer.micro_batch,
        "recomputed_blocks": recomputed(trainer.model),
        "blocks": len(blocks(trainer.model)),
        "planned": job.plan,
    }


def _last_checkpoint(folder: Path) -> Path | None:
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{HISTORY_FILE}")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _claim(job: Job) -> None:
    """Notes whose folder this is. Raises TrainingError when it is another job's."""
    mark, fingerprint = job.output / "job.json", folder_fingerprint(job)
    if mark.exists():
        try:
            found = json.loads(mark.read_text(encoding="utf-8"))["fingerprint"]
        except (OSError, ValueError, KeyError, TypeError):
            found = "unreadable"
        if found != fingerprint:
            raise TrainingError(
                f"{job.output} holds another training job (fingerprint {found}, this one is {fingerprint}): config, dataset or examples "
                "have changed since it began; remove the folder or name another one"
            )
    write_atomically(mark, json.dumps({"fingerprint": fingerprint, "run_id": job.run_id, "dataset_version": job.dataset_version}) + "\n")


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    lock = FileLock(folder / ".training.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        progress.phase(f"waiting: another training runs in {folder}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stoppable(watch: Watch) -> Iterator[None]:
    """SIGINT and SIGTERM end the run at the next step's end, checkpoint first; a terminal sends both, so a second one is no other wish."""

    def stop(_signal: int, _frame: Any) -> None:
        log.info("stopping after this step")
        watch.stop = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
