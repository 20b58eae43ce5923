"""The GPU script runs through on a tiny model wherever it is, and says so where there is no GPU for the real one."""

import json
import sys

import pytest
import torch

from benchmarks import gpu


def test_the_whole_script_runs_on_a_tiny_model(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--tiny", "--tokens", "48", "--batch-size", "2"])
    gpu.main()
    parts = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"part"')]
    assert [part["part"] for part in parts] == ["certificate", "resume"]
    assert parts[1]["equal"]
    assert parts[0]["parameters"]["float32, trained"] == 28
    assert parts[0]["skipped_steps"] == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said_and_no_failure(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu.py"])
    gpu.main()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "gpu.py: nothing was measured: torch sees no GPU here\n")
