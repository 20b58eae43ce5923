"""What one optimiser step does to the answers, measured on the model at hand: the one comparison of policies that needs no theory."""

from collections.abc import Sequence
from typing import Any

import torch

from pipeline.common.model.head import compute_context
from pipeline.training.dataset import Sample, collate
from pipeline.training.loop import label_nll
from pipeline.training.micro_batches import trained_parameters
from pipeline.training.packed import part, passes_of
from pipeline.training.probe import untouched

# Keeps fp16 gradients from vanishing; Adam's first step is the same whatever the loss is multiplied with.
LOSS_SCALE = 1024.0
EPSILON = 1e-8  # AdamW's default


def first_step_change(model: Any, samples: Sequence[Sample], learning_rate: float) -> float:
    """By how many nats one AdamW step at `learning_rate` on `samples` raises the mean log-probability of their completions.

    The model, its gradients and the state of the random numbers are left as they were.
    """
    device = next(model.parameters()).device
    batch = {name: tensor.to(device) for name, tensor in collate(samples).items()}
    parts = [part(batch, few) for few in passes_of(model, batch)]
    with untouched(model):
        before = 0.0
        for few in parts:
            nll = _nll(model, few) / len(samples)
            (nll * LOSS_SCALE).backward()
            before += float(nll.detach())
        with torch.no_grad():
            for parameter in trained_parameters(model):
                if parameter.grad is not None:
                    # Adam's first step: both moments are the gradient's own, so it needs no states.
                    parameter.addcdiv_(parameter.grad, parameter.grad.abs().add_(EPSILON), value=-learning_rate)
            after = sum(float(_nll(model, few)) for few in parts) / len(samples)
    return before - after


def _nll(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with compute_context(batch["input_ids"].device):
        return label_nll(model, batch["input_ids"], batch["labels"])[0].sum()
