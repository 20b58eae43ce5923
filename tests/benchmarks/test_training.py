"""The benchmark of training trains by every way that is installed, and measures nothing without the data."""

import argparse
import importlib.util
import mmap

import pytest

from benchmarks import training

OPTIONS = {"questions": 3, "source": "sample", "style": "cloze", "system_prompt": "Answer.", "max_tokens": 128, "batch_size": 2, "rank": 2}
OPTIONS |= {"seed": 7, "dtype": "auto", "order": "given"}


@pytest.mark.parametrize("way", training.WAYS)
def test_every_way_trains_and_is_measured(way, tiny_model, models):
    if way.startswith("trl") and importlib.util.find_spec("trl") is None:
        pytest.skip("trl is not installed; the benchmark's row says so")
    found = training.measure(argparse.Namespace(one=way, base_model=str(tiny_model), models=models, **OPTIONS))
    assert len(found["losses"]) == 2
    assert found["samples_a_second"] > 0
    assert found["dynamic_gib"] >= 0


def test_absent_data_is_named_and_is_no_failure(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match="0"):
        training.questions("mmlu_redux")
    assert "nothing was measured: raw questions of mmlu_redux are absent" in capsys.readouterr().err


def test_memory_of_this_process_is_seen():
    before = training.resident()
    # Pages of its own: what Python allocates may come from memory that an earlier test gave back to the process.
    with mmap.mmap(-1, 32 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        held.write(b"x" * len(held))
        assert training.resident() - before > 16 * 2**20
