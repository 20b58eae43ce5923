"""How a training run computes: what `prepare` can prove of the model at hand is done the faster way, the rest as PEFT does it."""

import ctypes
import logging
from typing import Any

from pipeline.training.fused import fuse
from pipeline.training.packed import enable

log = logging.getLogger("mcq")
M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def prepare(model: Any, longest: int) -> dict[str, Any]:
    """Fuses the adapter's layers and packs batches of samples of up to `longest` tokens where that changes no result.

    Returns what was done, for the manifest: `fused_layers` (of all adapter layers) and `packed`.
    """
    if model.device.type == "cpu":
        return_freed_memory()
    done = {"fused_layers": fuse(model), "packed": enable(model, longest)}
    if not done["packed"]:
        log.info("batches are padded: the model's attention (%s) can't be packed exactly", model.config._attn_implementation)
    return done


def return_freed_memory() -> bool:
    """Has glibc map what is larger than 128 KiB, and so give it back when freed; False where the C library is another one.

    By itself it raises that bound to 32 MiB, and tensors that live for a moment leave holes between those that are kept: a step of
    372 tokens of the demo model grew the process by 0.62 GiB where 0.35 do, at the same speed within what could be measured.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 128 * 1024))
    except (AttributeError, OSError):
        return False
