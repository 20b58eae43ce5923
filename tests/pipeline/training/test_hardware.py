"""What a machine has is read from nvidia-smi, and a GPU that isn't there is refused before any work."""

import pytest

from pipeline.training.hardware import CARDS, gpus, named_target, require_device, target_of
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


def test_the_gpu_at_hand_is_planned_for_and_else_a_t4(machine):
    machine(None)
    assert target_of(TrainConfig(device="cuda")) == named_target("T4")
    assert named_target("t4").capacity_gib == pytest.approx(14.0, abs=0.05)
    machine(["NVIDIA A100-SXM4-80GB, 81920, 8.0, 550.54.15"])
    found = target_of(TrainConfig(device="auto"))
    assert (found.name, found.is_gpu, found.shares_keys) == ("NVIDIA A100-SXM4-80GB", True, True)
    assert 74 < found.capacity_gib < 80
    assert not target_of(TrainConfig(device="cpu")).is_gpu


def test_a_t4_that_is_there_counts_as_the_one_that_is_planned_for(machine):
    machine(["Tesla T4, 15360, 7.5, 550.54.15"])
    found = target_of(TrainConfig(device="cuda"))
    assert found.capacity_gib == pytest.approx(named_target("t4").capacity_gib, abs=0.01)
    assert not found.shares_keys


def test_memory_that_is_configured_stands_for_what_the_machine_shows(machine):
    machine(["Tesla T4, 15360, 7.5, 550.54.15"])
    found = target_of(TrainConfig(device="cuda", gpu_memory_gib=9.5))
    assert (found.name, found.capacity_gib, found.shares_keys) == ("Tesla T4", 9.5, False)


def test_a_cpu_has_the_machines_memory_and_no_autocast(machine):
    machine(None)
    found = target_of(TrainConfig(device="auto"))
    assert found.name == "CPU"
    assert found.capacity_gib > 0.5
    assert found.half_bytes in (2, 4)


def test_the_cpus_number_type_is_the_one_that_training_takes():
    import torch

    from pipeline.common.model.base_model import compute_dtype
    from pipeline.training.hardware import this_cpu

    assert this_cpu().half_bytes == compute_dtype(torch.device("cpu")).itemsize


def test_a_gpu_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=f"known: {', '.join(CARDS)}; else set train.gpu_memory_gib"):
        named_target("abacus")
