"""What a machine has is read from nvidia-smi, and a GPU that isn't there is refused before any work."""

import pytest

from pipeline.training.hardware import gpus, require_device
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A PATH on which nvidia-smi prints these lines and ends with this code; None: there is no such tool."""

    def make(lines, code=0):
        monkeypatch.setenv("PATH", str(tmp_path))
        if lines is not None:
            tool = tmp_path / "nvidia-smi"
            tool.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {code}\n")
            tool.chmod(0o755)

    return make


def test_each_gpu_is_told_with_its_memory_and_capability(machine):
    machine(["Tesla T4, 15360, 7.5, 550.54.15", "NVIDIA L4, 23034, 8.9, 550.54.15", ""])
    assert gpus() == [
        {"name": "Tesla T4", "memory.total": "15360", "compute_cap": "7.5", "driver_version": "550.54.15"},
        {"name": "NVIDIA L4", "memory.total": "23034", "compute_cap": "8.9", "driver_version": "550.54.15"},
    ]
    require_device(TrainConfig(device="cuda"))


@pytest.mark.parametrize(("lines", "code"), [(None, 0), (["No devices were found"], 6), ([], 0)])
def test_without_a_gpu_cuda_is_refused_and_all_else_goes_on(machine, lines, code):
    machine(lines, code)
    assert gpus() == []
    require_device(TrainConfig(device="auto"))
    require_device(TrainConfig(device="cpu"))
    with pytest.raises(ConfigError, match=r"shows no NVIDIA GPU.*device: cpu"):
        require_device(TrainConfig(device="cuda"))
