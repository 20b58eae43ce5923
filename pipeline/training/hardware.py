"""What a machine has, found without importing torch, and the memory that a plan may count on."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from schemas.config.train import TrainConfig
from schemas.errors import ConfigError

GIB = 2**30
# The largest part of a GPU's memory that a plan may fill: torch's allocator leaves gaps. Of a T4's 14.74 GiB it is 14.0.
USABLE = 0.95
# Memory in GiB that torch reports of a GPU, less than its name says, and its compute capability.
CARDS = {
    "t4": (14.74, 7.5),
    "l4": (22.05, 8.9),
    "rtx3090": (23.6, 8.6),
    "rtx4090": (23.5, 8.9),
    "a10g": (22.05, 8.6),
    "v100": (15.77, 7.0),
    "a100-40": (39.4, 8.0),
    "a100-80": (79.1, 8.0),
    "h100": (79.1, 9.0),
    "h200": (139.8, 9.0),
}
# Of a CPU's memory, what dequantised weights may take.
KEPT_SHARE = 0.05
# nvidia-smi counts what the driver and a display hold; the rest of what torch doesn't report.
DRIVER_GIB = 0.26
CONTEXT_GIB = 0.6
FRAGMENTATION = 1.06
# Below this capability there is no bf16, and fused attention has no kernel for keys that several heads share (torch 2.13).
MODERN = 8.0


@dataclass(frozen=True)
class Target:
    """Where a plan's training runs. Its allocator takes `fragmentation` times what is in use, and `context_gib` besides.

    `half_bytes`: of the compute type, 2 or 4. `shares_keys`: fused attention reads grouped keys and values as they are.
    """

    name: str
    capacity_gib: float
    half_bytes: int = 2
    autocast: bool = True
    shares_keys: bool = True
    context_gib: float = CONTEXT_GIB
    fragmentation: float = FRAGMENTATION

    @property
    def is_gpu(self) -> bool:
        """Whether it is one."""
        return self.autocast

    @property
    def kept_gib(self) -> float:
        """What dequantised weights may take to be kept for a run: nothing of a GPU."""
        return 0.0 if self.is_gpu else KEPT_SHARE * self.capacity_gib


def gpus() -> list[dict[str, str]]:
    """Name, memory in MiB, compute capability and driver of each NVIDIA GPU; empty without one or without its driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    fields = ("name", "memory.total", "compute_cap", "driver_version")
    query = [tool, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        return []
    return [dict(zip(fields, map(str.strip, line.split(",")), strict=True)) for line in done.stdout.strip().splitlines() if line.strip()]


def require_device(train: TrainConfig) -> None:
    """Raises ConfigError when the config asks for a GPU and the machine has none, before hours of work come to that end."""
    if train.device == "cuda" and not gpus():
        raise ConfigError(
            f"train.device is `cuda` (base model {train.base_model}) and this machine shows no NVIDIA GPU (nvidia-smi finds none); "
            "run `mcq run --until rendered` here and train on a machine with a GPU, or set `device: cpu` with a small base model"
        )


def target_of(train: TrainConfig) -> Target:
    """Where the configured training would run: the GPU at hand; else a T4 for `device: cuda`, and this machine's CPU for any other.

    `train.gpu_memory_gib` stands for the memory that may be used, whatever the machine shows.
    """
    cards = gpus() if train.device != "cpu" else []
    if cards:
        found = card_target(cards[0]["name"], int(cards[0]["memory.total"]) / 1024 - DRIVER_GIB, float(cards[0]["compute_cap"]))
    elif train.device == "cuda":
        found = named_target("t4")
    else:
        return this_cpu()
    return found if train.gpu_memory_gib is None else named_memory(found, train.gpu_memory_gib)


def named_target(name: str) -> Target:
    """A GPU of CARDS by its name, in any case. Raises ConfigError for any other."""
    if name.lower() not in CARDS:
        raise ConfigError(f"GPU {name!r} is unknown; known: {', '.join(CARDS)}; else set train.gpu_memory_gib in the config")
    return card_target(name.lower(), *CARDS[name.lower()])


def card_target(name: str, reported_gib: float, capability: float) -> Target:
    """A GPU by the memory that torch reports of it and its compute capability."""
    return Target(name, USABLE * reported_gib, shares_keys=capability >= MODERN)


def named_memory(target: Target, gib: float) -> Target:
    """The same GPU with so much usable memory."""
    return Target(target.name, gib, shares_keys=target.shares_keys)


def this_cpu() -> Target:
    """This machine without a GPU: all its memory may be used, and 4-byte numbers are computed with unless the CPU has bf16."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return Target("CPU", memory, 2 if cpu_has_bf16() else 4, autocast=False, context_gib=0.0, fragmentation=1.0)


def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 itself: AMX or AVX512-BF16, as `base_model.compute_dtype` asks."""
    info = Path("/proc/cpuinfo")
    flags = next((line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("flags")), "") if info.exists() else ""
    return bool({"amx_tile", "avx512_bf16"} & set(flags.split()))
