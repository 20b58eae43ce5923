"""Memory that a piece of training takes above what stood before it."""

import ctypes
import gc
from contextlib import suppress
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Counts from where it is made: bytes allocated on the GPU, or the resident size of this process on a CPU (Linux; else None)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            self.before = int(torch.cuda.memory_allocated(device))
        else:
            _give_back_free_memory()
            self.resettable = _reset_resident_peak()
            self.before = _status_bytes("VmRSS")

    @property
    def source(self) -> str:
        """What is counted, for a reader."""
        return "allocated on the GPU" if self.device.type == "cuda" else "resident memory of the process"

    def added_bytes(self) -> int | None:
        """Most bytes in use at once since, above what was in use then."""
        if self.device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self.device)) - self.before
        return max(_status_bytes("VmHWM") - self.before, 0) if self.resettable else None


def _give_back_free_memory() -> None:
    """What was freed before would be filled again unseen. glibc alone can do it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _reset_resident_peak() -> bool:
    try:
        CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return STATUS.exists()


def _status_bytes(key: str) -> int:
    if not STATUS.exists():
        return 0
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:")), 0)
