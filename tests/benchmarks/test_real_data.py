"""Without the data beside the project a benchmark says so and lets `make bench` go on."""

import json
import sys

import pytest

from benchmarks import curation, dedup_quality, quality, refresh
from benchmarks.real_data import CONFIGS, real_config

BENCHMARKS = {
    "curation": (curation, []),
    "candidates": (curation, ["--lsh"]),
    "generated": (curation, ["--generated", "9"]),
    "duplicates": (dedup_quality, []),
    "thresholds": (dedup_quality, ["--thresholds"]),
    "signals": (quality, []),
    "refresh": (refresh, []),
}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_absent_data_is_named_on_stderr_and_is_no_failure(name, tmp_path, monkeypatch, capsys):
    module, arguments = BENCHMARKS[name]
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setattr(dedup_quality, "GOLD", tmp_path / "gold.jsonl")
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    with pytest.raises(SystemExit) as end:
        module.main()
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (0, "")
    lines = said.err.splitlines()
    assert all(line.startswith(f"{name}.py: nothing was measured on the ") for line in lines)
    assert "raw questions of vnhsge, opentriviaqa, mmlu_redux" in lines[-1]
    assert "root ${MCQ_SOURCE_ROOT:-../../shared/data} is no folder" in lines[-1]
    assert [f"labelled pairs of the gold set: there is no file {tmp_path / 'gold.jsonl'}" in line for line in lines[:-1]] == (
        [True] if name == "duplicates" else []
    )


def test_a_source_that_is_absent_is_named_too(tmp_path, monkeypatch, capsys):
    (tmp_path / "vnhsge").mkdir()
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(tmp_path))
    with pytest.raises(SystemExit, match="0"):
        real_config()
    assert "vnhsge/**/*.json" in capsys.readouterr().err


def test_data_that_is_there_is_one_configuration(tmp_path, monkeypatch):
    for file in ("vnhsge/a.json", "opentriviaqa/categories/b", "mmlu_redux/c.csv"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(tmp_path))
    assert tuple(source.name for source in real_config().sources) == CONFIGS


@pytest.mark.parametrize("module", [curation, dedup_quality, quality, refresh])
def test_help_tells_what_happens_without_the_data(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--help"])
    with pytest.raises(SystemExit):
        module.main()
    assert "the exit code is 0" in capsys.readouterr().out


def test_pairs_of_a_file_need_no_data_beside_the_project(tmp_path, monkeypatch, capsys):
    side = {"question": "What colour is snow in winter?", "options": ["white", "green"], "answer": "white"}
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"a": side, "b": side, "label": "exact"}))
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "argv", ["bench", str(tmp_path / "pairs.jsonl")])
    dedup_quality.main()
    assert "1 pairs of pairs.jsonl" in capsys.readouterr().out
