"""What a run ran on is recorded, whatever is installed."""

import platform

import torch

from pipeline.common.model import environment


def test_versions_name_what_is_installed_and_null_what_is_not(monkeypatch):
    monkeypatch.setattr(environment, "PACKAGES", ("torch", "no-such-package"))
    found = environment.package_versions()
    assert found["python"] == platform.python_version()
    # What torch says of itself names its build too (2.13.0+cu130), the installed package may not.
    assert found["torch"] == torch.__version__ or torch.__version__.startswith(f"{found['torch']}+")
    assert found["no-such-package"] is None


def test_a_cpu_has_a_name_and_its_process_a_peak():
    cpu = torch.device("cpu")
    assert environment.device_name(cpu)
    before = environment.peak_memory_bytes(cpu)
    held = bytearray(b"1") * (before + (64 << 20))
    assert environment.peak_memory_bytes(cpu) >= before + (32 << 20), "bytes, not KiB"
    del held
