"""One real step on the longest samples before training: what doesn't fit is known in seconds, and nothing of the step stays."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pipeline.training.dataset import Sample, collate
from pipeline.training.micro_batches import MicroBatchTrainer, trained_parameters
from pipeline.training.peak import PeakMemory


@dataclass(frozen=True)
class Probe:
    """`added_bytes`: what the step took above the loaded model (None where the system doesn't tell); `micro_batch`: rows at once."""

    added_bytes: int | None
    micro_batch: int
    longest_tokens: int


def longest_batch(samples: list[Sample], size: int) -> list[Sample]:
    """The samples of the widest batch that can come up."""
    return sorted(samples, key=len)[-size:]


def probe(trainer: MicroBatchTrainer, samples: list[Sample]) -> Probe:
    """Takes the step: forward, backward, optimiser with all its states; halves the micro-batch as training would.

    Weights, random states and what the trainer notes of samples are as before, to the bit; only `trainer.micro_batch` may be smaller.
    """
    batch = longest_batch(samples, trainer.args.per_device_train_batch_size)
    with untouched(trainer.model), _unnoted(trainer):
        optimiser = _optimiser(trainer)
        # From the second step on an optimiser's states stand beside the activations.
        peak = PeakMemory(trainer.args.device)
        for parameter in trained_parameters(trainer.model):
            parameter.grad = torch.zeros_like(parameter)
        optimiser.step()
        if trainer.args.gradient_accumulation_steps == 1:
            optimiser.zero_grad()
        inputs = {name: tensor.to(trainer.args.device) for name, tensor in collate(batch).items()}
        trainer.training_step(trainer.model, inputs)
        optimiser.step()
        added = peak.added_bytes()
        del optimiser
    return Probe(added, trainer.micro_batch, len(batch[-1]))


def _optimiser(trainer: MicroBatchTrainer) -> torch.optim.Optimizer:
    kind, options = trainer.get_optimizer_cls_and_kwargs(trainer.args, trainer.model)
    # bitsandbytes keeps pages of an optimiser for the life of the process; unpaged, the states are as large.
    options = {**options, **({"is_paged": False} if "is_paged" in options else {})}
    made: torch.optim.Optimizer = kind(trained_parameters(trainer.model), **options)
    return made


@contextmanager
def untouched(model: Any) -> Iterator[None]:
    """Trained weights and random states are afterwards as they were, to the bit, and there are no gradients."""
    trained = trained_parameters(model)
    # On the CPU, so that the copies take nothing of what is measured; they are exact.
    weights = [parameter.detach().to("cpu", copy=True) for parameter in trained]
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    gpu_states = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, weight in zip(trained, weights, strict=True):
                parameter.copy_(weight)
                parameter.grad = None
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if gpu_states:
            torch.cuda.set_rng_state_all(gpu_states)
            torch.cuda.empty_cache()


@contextmanager
def _unnoted(trainer: MicroBatchTrainer) -> Iterator[None]:
    history, recent = trainer.history, trainer.recent
    trainer.history, trainer.recent = type(history)(len(history.losses)), []
    try:
        yield
    finally:
        trainer.history, trainer.recent = history, recent
