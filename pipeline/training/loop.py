"""The training loop: transformers' Trainer with our own batches and a head that computes labelled positions only.

An MCQ labels 1-20 of its tokens. Logits for the others are the largest tensor of a run and are never used, so the model is asked
for those of the labelled positions alone: the same loss and the same gradients for half the memory of an 8B run.
"""

import math
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from pipeline.common.files import replacing
from pipeline.common.model.head import logits_at
from pipeline.common.model.job import Progress, log
from pipeline.common.model.threads import THREADS
from pipeline.training import packed
from pipeline.training.dataset import IGNORED, LengthBatches, collate
from pipeline.training.history import Epoch, History
from pipeline.training.micro_batches import MicroBatchTrainer
from pipeline.training.permutation import Permutations
from pipeline.training.validation import Validation, refuse_non_finite
from schemas.config.train import TrainConfig

HISTORY_FILE = "history.json"
KEPT = "kept"


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


class LabelTrainer(MicroBatchTrainer):
    """Trainer whose loss is `label_nll`, whose batches are `LengthBatches`, and whose samples are those of the current epoch."""

    def __init__(self, history: History, samples: Permutations, **options: Any) -> None:
        super().__init__(train_dataset=samples, data_collator=collate, **options)
        self.history, self.samples = history, samples
        self.record_ids = {sample.index: sample.record_id for sample in samples.samples}
        self.batches = LengthBatches([len(s) for s in samples.samples], self.args.per_device_train_batch_size, self.args.seed)
        self.recent: list[float] = []
        self.micro_batch = self.args.per_device_train_batch_size
        # compute_loss divides by all samples of a step, so Trainer is not to divide by the accumulated batches again.
        self.model_accepts_loss_kwargs = self.loss_is_scaled_for_ga = True
        self.remove_callback(PrinterCallback)
        self.add_callback(_Epochs(self))
        if self.accelerator.scaler is not None:
            # The default of 65,536 overflows for several steps, which a run of a few dozen steps can't spare.
            self.accelerator.scaler = torch.amp.GradScaler("cuda", init_scale=1024.0)

    def get_train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.train_dataset, batch_sampler=self.batches, collate_fn=collate)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        THREADS.adapt(torch.get_num_threads(), torch.set_num_threads)
        # A batch of more tokens than a pass holds goes in parts, whose gradients add up to the batch's own.
        parts = packed.passes_of(model, inputs)
        losses = [super(LabelTrainer, self).training_step(model, packed.part(inputs, part), num_items_in_batch) for part in parts]
        return torch.stack(losses).sum()

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        # Trainer puts autocast on model.forward alone, which isn't called here.
        with self.accelerator.autocast():
            nll, tokens = label_nll(model, inputs["input_ids"], inputs["labels"])
        losses, indices = (nll.detach() / tokens).tolist(), inputs["sample"].tolist()
        by_record = dict(zip((self.record_ids[index] for index in indices), losses, strict=True))
        refuse_non_finite(
            by_record, f"training (step {self.state.global_step + 1})", ", lower train.learning_rate, or take another base model"
        )
        self.history.saw(indices, losses)
        self.recent += losses
        # Every question weighs the same, however long its answer: by tokens, a few long answers would drown the short ones.
        return (nll / tokens).sum() / (self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps)


class _Epochs(TrainerCallback):  # type: ignore[misc]
    """Sets the epoch of a trainer's batches and samples."""

    def __init__(self, trainer: LabelTrainer) -> None:
        self.trainer = trainer

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.trainer.batches.epoch = self.trainer.samples.epoch = int(state.epoch or 0)


class Watch(TrainerCallback):  # type: ignore[misc]
    """Measures each epoch's end, tells the progress, keeps the history beside each checkpoint and
    the weights to keep beside them all, and ends a run that is interrupted or learns no more.

    An epoch is measured within its last step, before that step's checkpoint, which is always written: so a checkpoint knows all that
    was measured up to it, and the file of the weights that its history would keep is there.
    """

    def __init__(self, trainer: LabelTrainer, validation: Validation, progress: Progress, keep: str, patience: int | None) -> None:
        self.trainer, self.validation, self.progress = trainer, validation, progress
        self.keep, self.patience = keep, patience
        self.history = trainer.history
        self.stop = False
        self.skipped_steps = 0
        self.began, self.first_step, self.elapsed_before = time.monotonic(), 0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.began, self.first_step, self.elapsed_before = time.monotonic(), state.global_step, self.history.elapsed_s
        if not self.history.epochs:
            self._measure(0, state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.skipped_steps += self.trainer.accelerator.optimizer_step_was_skipped
        ends = state.global_step == state.max_steps
        if ends or state.epoch.is_integer():
            self._measure(math.ceil(state.epoch), state)
            control.should_save = True
            if self.history.is_exhausted(self.patience) and not ends:
                control.should_training_stop = ends = True
        self.history.elapsed_s = self.elapsed_before + time.monotonic() - self.began
        if self.stop and not ends:
            control.should_save = control.should_training_stop = True

    def _measure(self, epoch: int, state: Any) -> None:
        """Adds an epoch to the history and tells it; keeps the weights if they are the best so far."""
        figures = self.validation.run(self.history, epoch, self.trainer.accelerator.autocast())
        train_loss = self.history.train_loss(list(self.trainer.record_ids), epoch) if epoch else None
        self.history.epochs.append(found := Epoch(epoch, state.global_step, train_loss, **figures))
        if found.validation_loss is not None:
            line: dict[str, Any] = {"step": found.step, "epoch": epoch, "validation_loss": found.validation_loss}
            if found.right is not None and found.asked:
                line |= {"validation_right": found.right, "validation_questions": found.asked, "mode": found.mode}
                line |= {"validation_accuracy": found.right / found.asked}
            self.progress.write(line)
        log.info("%s", said(found))
        if epoch and self.history.kept(self.keep) == found:
            save_weights(self.trainer.model, kept_file(Path(self.trainer.args.output_dir), found.step))

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
            "samples_seen": self.history.samples_seen,
            "elapsed_s": round(self.history.elapsed_s, 2),
            "eta_s": round(pace * (state.max_steps - state.global_step), 1),
        }
        self.progress.write(line)
        log.debug("step %d/%d  loss %.4f  %.0f s left", state.global_step, state.max_steps, line["loss"], line["eta_s"])

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Written last: a checkpoint is whole when it holds this file.
        folder = Path(args.output_dir)
        self.history.save(folder / f"checkpoint-{state.global_step}" / HISTORY_FILE)
        kept = kept_file(folder, self.history.kept(self.keep).step)
        for file in folder.glob(f"{KEPT}-*"):
            if file != kept:
                file.unlink()


def said(epoch: Epoch) -> str:
    """An epoch in a line."""
    name = f"epoch {epoch.epoch}" if epoch.epoch else "before training"
    losses = [("loss", epoch.train_loss), ("validation loss", epoch.validation_loss)]
    parts = [f"{what} {loss:.4f}" for what, loss in losses if loss is not None]
    parts += [f"{epoch.right} of {epoch.asked} validation questions right ({epoch.mode})"] if epoch.asked else []
    return f"{name}: {', '.join(parts) or 'no validation questions'}"


def kept_file(folder: Path, step: int) -> Path:
    """Where the weights to keep lie while a run goes on, by the step that they are of."""
    return folder / f"{KEPT}-{step}.safetensors"


def save_weights(model: Any, path: Path) -> None:
    """Writes the trained parameters, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    trained = {name: parameter.detach().cpu().contiguous() for name, parameter in model.named_parameters() if parameter.requires_grad}
    with replacing(path) as aside:
        save_file(trained, aside)


def load_weights(model: Any, path: Path) -> None:
    """Gives the trained parameters the values that `save_weights` wrote."""
    found = load_file(path)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(found[name])


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
