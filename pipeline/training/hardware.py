"""What a machine has, found without importing torch."""

import shutil
import subprocess

from schemas.config.train import TrainConfig
from schemas.errors import ConfigError


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
