"""What one optimiser step does to the answers, measured on the model at hand: the one comparison of policies that needs no theory."""

from collections.abc import Sequence
from typing import Any

import torch

from pipeline.training.dataset import Sample, collate
from pipeline.training.loop import label_nll

# Keeps fp16 gradients from vanishing; Adam's first step is the same whatever the loss is multiplied with.
LOSS_SCALE = 1024.0


def first_step_change(model: Any, samples: Sequence[Sample], learning_rate: float) -> float:
    """By how many nats one AdamW step at `learning_rate` on `samples` raises the mean log-probability of their completions.

    The model, its gradients and the state of the random numbers are left as they were.
    """
    device = next(model.parameters()).device
    batch = {name: tensor.to(device) for name, tensor in collate(samples).items()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trained]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        nll = _mean_nll(model, batch)
        (nll * LOSS_SCALE).backward()
        torch.optim.AdamW(trained, lr=learning_rate, weight_decay=0.0).step()
        with torch.no_grad():
            after = _mean_nll(model, batch)
            for parameter, weights in zip(trained, before, strict=True):
                parameter.copy_(weights)
                parameter.grad = None
    return float(nll.detach()) - float(after)


def _mean_nll(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    device = batch["input_ids"].device
    half = torch.bfloat16 if device.type != "cuda" or torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    with torch.autocast(device.type, enabled=device.type == "cuda", dtype=half):
        return label_nll(model, batch["input_ids"], batch["labels"])[0].mean()
