"""Peaks are counted, and what memory says when it runs out is known."""

import subprocess
import sys

import pytest
import torch

from pipeline.training.peak import PeakMemory, is_out_of_memory
from schemas.config.base import PROJECT_ROOT

REAL = """
import resource, torch
from pipeline.training.peak import is_out_of_memory
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 2**26, size + 2**26))
try:
    torch.ones(2**30)
except RuntimeError as error:
    print(is_out_of_memory(error))
"""


def test_what_torch_says_when_memory_runs_out_is_known():
    done = subprocess.run([sys.executable, "-c", REAL], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes differ"))


def test_memory_that_came_and_went_is_counted():
    peak = PeakMemory(torch.device("cpu"))
    torch.ones(2**26).sum()
    if peak.added_bytes() is None:
        pytest.skip("this system doesn't tell a process its peak")
    assert 0.9 * 2**28 < peak.added_bytes() < 1.5 * 2**28
