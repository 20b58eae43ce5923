"""How a training run computes: what `prepare` can prove of the model at hand is done the faster way, the rest as PEFT does it."""

import logging
from typing import Any

from pipeline.training.fused import fuse
from pipeline.training.packed import enable

log = logging.getLogger("mcq")


def prepare(model: Any, longest: int) -> dict[str, Any]:
    """Fuses the adapter's layers and packs batches of samples of up to `longest` tokens where that changes no result.

    Returns what was done, for the manifest: `fused_layers` (of all adapter layers) and `packed`.
    """
    done = {"fused_layers": fuse(model), "packed": enable(model, longest)}
    if not done["packed"]:
        log.info("batches are padded: the model's attention (%s) can't be packed exactly", model.config._attn_implementation)
    return done
