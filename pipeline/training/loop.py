"""The training loop: transformers' Trainer with our own batches and a head that computes labelled positions only.

An MCQ labels 1-20 of its tokens. Logits for the others are the largest tensor of a run and are never used, so the model is asked
for those of the labelled positions alone: the same loss and the same gradients for half the memory of an 8B run.
"""

import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from pipeline.common.files import write_atomically
from pipeline.common.model.head import logits_at
from pipeline.common.model.job import Progress, log
from pipeline.common.model.threads import THREADS
from pipeline.training import packed
from pipeline.training.dataset import IGNORED, LengthBatches, Sample, collate
from pipeline.training.micro_batches import MicroBatchTrainer
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError

STATS_FILE = "samples.json"


def label_nll(model: Any, input_ids: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed negative log-likelihood (nats, fp32) and number of the labelled tokens of each sample, both (batch,).

    `input_ids` and `labels` are (batch, seq) int64, labels -100 where not counted. `model` is a causal language model, with or
    without adapter. Equal to the model's own loss over full logits, and so are its gradients.
    """
    if packed.enabled(model):
        return packed.packed_nll(model, input_ids, labels)
    targets = labels[:, 1:]
    labelled = targets != IGNORED
    logits = logits_at(model, input_ids, functional.pad(labelled, (0, 1)))
    token_nll = functional.cross_entropy(logits, targets[labelled], reduction="none")
    rows = labelled.nonzero()[:, 0]
    return token_nll.new_zeros(len(labels)).index_add(0, rows, token_nll), labelled.sum(1)


class SampleStats:
    """What training saw of each sample: how often, and its loss the first and the last time (nats a completion token)."""

    def __init__(self, rows: int) -> None:
        self.times_seen = [0] * rows
        self.first_loss: list[float | None] = [None] * rows
        self.last_loss: list[float | None] = [None] * rows
        self.elapsed_s = 0.0

    def saw(self, indices: list[int], losses: list[float]) -> None:
        """Notes one batch."""
        for index, loss in zip(indices, losses, strict=True):
            self.times_seen[index] += 1
            self.last_loss[index] = loss
            if self.first_loss[index] is None:
                self.first_loss[index] = loss

    def of(self, indices: list[int]) -> list[tuple[int, int, float | None, float | None]]:
        """What is noted of these rows, for `put_back`."""
        return [(index, self.times_seen[index], self.first_loss[index], self.last_loss[index]) for index in indices]

    def put_back(self, noted: list[tuple[int, int, float | None, float | None]]) -> None:
        """Forgets what came since `of`."""
        for index, times, first, last in noted:
            self.times_seen[index], self.first_loss[index], self.last_loss[index] = times, first, last

    def save(self, path: Path) -> None:
        """Writes all of it as JSON, atomically."""
        write_atomically(path, json.dumps(vars(self)))

    def load(self, path: Path) -> None:
        """Continues from what `save` wrote."""
        vars(self).update(json.loads(path.read_text(encoding="utf-8")))


class LabelTrainer(MicroBatchTrainer):
    """Trainer whose loss is `label_nll` and whose batches are `LengthBatches`."""

    def __init__(self, stats: SampleStats, samples: list[Sample], **options: Any) -> None:
        super().__init__(train_dataset=samples, data_collator=collate, **options)
        self.stats = stats
        self.batches = LengthBatches([len(s) for s in samples], self.args.per_device_train_batch_size, self.args.seed)
        self.recent: list[float] = []
        self.micro_batch = self.args.per_device_train_batch_size
        # compute_loss divides by all samples of a step, so Trainer is not to divide by the accumulated batches again.
        self.model_accepts_loss_kwargs = self.loss_is_scaled_for_ga = True
        self.remove_callback(PrinterCallback)
        if self.accelerator.scaler is not None:
            # The default of 65,536 overflows for several steps, which a run of a few dozen steps can't spare.
            self.accelerator.scaler = torch.amp.GradScaler("cuda", init_scale=1024.0)

    def get_train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train_dataset, batch_sampler=self.batches, collate_fn=collate)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        THREADS.adapt(torch.get_num_threads(), torch.set_num_threads)
        # A batch of more tokens than a pass holds goes in parts, whose gradients add up to the batch's own.
        prefix = packed.shared_prefix(inputs["input_ids"], inputs["labels"]) if packed.enabled(model) else 0
        parts = packed.passes(inputs["labels"], prefix, packed.PASS_TOKENS)
        losses = [super(LabelTrainer, self).training_step(model, packed.part(inputs, part), num_items_in_batch) for part in parts]
        return torch.stack(losses).sum()

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        # Trainer puts autocast on model.forward alone, which isn't called here.
        with self.accelerator.autocast():
            nll, tokens = label_nll(model, inputs["input_ids"], inputs["labels"])
        losses = (nll.detach() / tokens).tolist()
        if not all(map(math.isfinite, losses)):
            raise TrainingError(
                f"the loss became {sum(losses)} at step {self.state.global_step + 1}: activations left the range of "
                f"{'fp16' if self.args.fp16 else 'the number type'}; lower train.learning_rate, or take another base model"
            )
        self.stats.saw(inputs["sample"].tolist(), losses)
        self.recent += losses
        # Every question weighs the same, however long its answer: by tokens, a few long answers would drown the short ones.
        return (nll / tokens).sum() / (self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Sets the epoch of the batches, tells the progress, keeps the stats beside each checkpoint, and ends an interrupted run."""

    def __init__(self, trainer: LabelTrainer, validation: "Validation", progress: Progress) -> None:
        self.trainer, self.validation, self.progress = trainer, validation, progress
        self.stats = trainer.stats
        self.stop = False
        self.skipped_steps = 0
        self.began, self.first_step, self.elapsed_before = time.monotonic(), 0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.began, self.first_step, self.elapsed_before = time.monotonic(), state.global_step, self.stats.elapsed_s

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.trainer.batches.epoch = int(state.epoch or 0)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.stats.elapsed_s = self.elapsed_before + time.monotonic() - self.began
        self.skipped_steps += self.trainer.accelerator.optimizer_step_was_skipped
        if self.stop and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        if "loss" not in logs:
            return
        recent, self.trainer.recent = self.trainer.recent, []
        pace = (time.monotonic() - self.began) / max(state.global_step - self.first_step, 1)
        line = {
            "step": state.global_step,
            "total_steps": state.max_steps,
            "epoch": round(state.epoch, 4),
            "loss": sum(recent) / len(recent),
            "learning_rate": logs["learning_rate"],
            "grad_norm": logs.get("grad_norm"),
            "samples_seen": sum(self.stats.times_seen),
            "elapsed_s": round(self.stats.elapsed_s, 2),
            "eta_s": round(pace * (state.max_steps - state.global_step), 1),
        }
        self.progress.write(line)
        log.debug("step %d/%d  loss %.4f  %.0f s left", state.global_step, state.max_steps, line["loss"], line["eta_s"])

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Written last: a checkpoint is whole when it holds this file.
        self.stats.save(Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATS_FILE)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if not self.stop or state.global_step >= state.max_steps:
            with self.trainer.accelerator.autocast():
                self.validation.run(state.global_step, state.epoch, self.progress)


class Validation:
    """The loss on the validation split, once an epoch: per sample and over all labelled tokens."""

    def __init__(self, model: Any, samples: list[Sample], batch_size: int) -> None:
        self.model, self.batch_size = model, batch_size
        self.samples = sorted(samples, key=len)
        self.sample_loss: dict[int, float] = {}
        self.loss: float | None = None

    def run(self, step: int, epoch: float, progress: Progress) -> None:
        """Measures, keeps the result in `loss` and `sample_loss`, and tells it. Does nothing without validation samples."""
        if not self.samples:
            return
        total, count = 0.0, 0
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(self.samples), self.batch_size):
                batch = {key: value.to(self.model.device) for key, value in collate(self.samples[start : start + self.batch_size]).items()}
                nll, tokens = label_nll(self.model, batch["input_ids"], batch["labels"])
                self.sample_loss.update(zip(batch["sample"].tolist(), (nll / tokens).tolist(), strict=True))
                total, count = total + float(nll.sum()), count + int(tokens.sum())
        self.model.train()
        self.loss = total / count
        progress.write({"step": step, "epoch": round(epoch, 4), "validation_loss": self.loss})
        log.info("validation loss %.4f after epoch %.2f", self.loss, epoch)


def arguments(train: TrainConfig, folder: Path, samples: int, device: torch.device, dtype: torch.dtype) -> TrainingArguments:
    """Trainer's settings for this run; `dtype` is the compute dtype of the frozen base."""
    gpu = device.type == "cuda"
    steps_an_epoch = math.ceil(math.ceil(samples / train.batch_size) / train.gradient_accumulation)
    settings = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=train.epochs,
        learning_rate=train.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=int(train.warmup_fraction * train.epochs * steps_an_epoch),
        weight_decay=train.weight_decay,
        max_grad_norm=train.max_grad_norm,
        per_device_train_batch_size=train.batch_size,
        gradient_accumulation_steps=train.gradient_accumulation,
        optim=optimizer_name(train.optimizer, gpu),
        # Autocast pays on a GPU only: on a CPU the frozen layers compute in bf16 anyway, and fp32 attention is the faster one.
        fp16=gpu and dtype == torch.float16,
        bf16=gpu and dtype == torch.bfloat16,
        use_cpu=not gpu,
        save_steps=train.save_steps,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=train.seed,
        data_seed=train.seed,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=gpu,
        disable_tqdm=True,
        report_to="none",
    )
    settings._n_gpu = min(settings.n_gpu, 1)  # a second GPU would bring DataParallel, which splits a batch by a forward we don't call
    return settings


def optimizer_name(optimizer: str, gpu: bool) -> str:
    """Trainer's name of the configured optimiser. 8-bit states in pageable memory are QLoRA's cure for spikes; on a CPU there is nothing
    to page."""
    names = {
        "auto": "paged_adamw_8bit" if gpu else "adamw_torch_fused",
        "adamw": "adamw_torch_fused",
        "adamw_8bit": "paged_adamw_8bit" if gpu else "adamw_bnb_8bit",
        "sgd": "sgd",
    }
    return names[optimizer]
