"""What a run ran on: package versions, device, memory."""

import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = ("mcq-foundry", "torch", "transformers", "peft", "bitsandbytes", "accelerate", "tokenizers", "safetensors")


def package_versions() -> dict[str, str | None]:
    """Installed versions of what decides a run's result; null where not installed."""

    def of(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return {"python": platform.python_version(), **{name: of(name) for name in PACKAGES}}


def device_name(device: torch.device) -> str:
    """The GPU's name and capability, or the CPU's model."""
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        return f"{torch.cuda.get_device_name(device)} (sm_{major}{minor})"
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak_memory_bytes(device: torch.device) -> int:
    """Most GPU memory reserved at once; on a CPU the largest resident size of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
