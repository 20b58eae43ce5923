"""Peaks are counted."""

import pytest
import torch

from pipeline.training.peak import PeakMemory


def test_memory_that_came_and_went_is_counted():
    peak = PeakMemory(torch.device("cpu"))
    torch.ones(2**26).sum()
    if peak.added_bytes() is None:
        pytest.skip("this system doesn't tell a process its peak")
    assert 0.9 * 2**28 < peak.added_bytes() < 1.5 * 2**28
