"""What memory says when it runs out is known, and an attempt that took too much leaves nothing."""

import subprocess
import sys

import pytest
import torch

from pipeline.common.model.memory import halves, in_memory, is_out_of_memory
from schemas.config.base import PROJECT_ROOT

REAL = """
import resource, torch
from pipeline.common.model.memory import is_out_of_memory
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
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"))
    assert is_out_of_memory(MemoryError())


def test_an_attempt_gives_its_outcome_or_nothing():
    assert in_memory(lambda: 3) == 3
    assert in_memory(lambda: torch.empty(1 << 46)) is None
    with pytest.raises(ValueError, match="other"):
        in_memory(lambda: int("other"))
    with pytest.raises(RuntimeError, match="shape"):
        in_memory(lambda: torch.ones(2) @ torch.ones(3, 3))


def test_the_first_half_is_taken_next():
    waiting = halves([1, 2, 3])
    assert (waiting.pop(), waiting.pop()) == ([1, 2], [3])
