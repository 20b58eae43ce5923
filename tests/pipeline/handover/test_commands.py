"""The commands as people give them, from another folder, with a child process that holds the model."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from schemas.config.base import PROJECT_ROOT


@pytest.fixture
def mcq(tmp_path):
    def start(*arguments, **more):
        command = [sys.executable, "-m", "cli.main", *map(str, arguments), "--data-root", str(tmp_path / "data")]
        environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin"}
        environment.pop("LLAMA_CPP", None)
        # Where tests run in the background, Ctrl-C is ignored, and a child takes that over.
        more |= {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes, **more)

    return start


def ended(process, expect):
    out, err = process.communicate(timeout=300)
    assert process.returncode == expect, f"{out[-2000:]}\n{err[-3000:]}"
    return out, err


def test_a_prediction_that_is_interrupted_exits_130_and_goes_on(mcq, trained, asked, tmp_path):
    adapter = trained()
    asked(adapter.rows)
    order = ("predict", "asked.jsonl", "--adapter", adapter.folder, "--out", "answers.csv")
    process = mcq(*order)
    while process.poll() is None and "loading model" not in (line := process.stderr.readline()):
        assert "error" not in line
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = ended(process, 130)
    assert "the same command goes on from here" in said
    assert (tmp_path / "answers.csv.part" / "answers.sqlite").is_file()
    out, said = ended(mcq(*order), 0)
    assert out.strip() == str(tmp_path / "answers.csv")
    assert "40 of 40 records answered" in said
    rows = list(csv.DictReader((tmp_path / "answers.csv").open(encoding="utf-8-sig")))
    assert {row["chosen"] for row in rows} <= set("ABC")
    assert [row["locator"] for row in rows] == [f"asked.jsonl#line:{n}" for n in range(1, 41)]
    assert not (tmp_path / "answers.csv.part").exists()
    note = json.loads((tmp_path / "answers.csv.run.json").read_text(encoding="utf-8"))
    assert (note["adapter"], note["counts"]["answered"], note["mode"]) == (adapter.folder.name, 40, "cloze")
    assert "holds these answers already" in ended(mcq(*order), 0)[1]


def test_a_base_model_that_is_not_there_is_told_in_the_childs_words(mcq, trained, asked):
    asked(trained().rows[:2])
    _, said = ended(mcq("predict", "asked.jsonl", "--adapter", trained().folder, "--base", "/nowhere"), 1)
    assert "looks like a folder and there is none" in said.replace("\n", " ")
    assert "Traceback" not in said


def test_what_is_missing_is_told_before_anything_is_loaded(mcq, trained, tmp_path):
    (tmp_path / "q.csv").write_text("name\nAnn\n", encoding="utf-8")
    assert "is no folder" in ended(mcq("predict", "q.csv", "--adapter", "nowhere"), 1)[1]
    assert "is no file" in ended(mcq("predict", "no.csv", "--adapter", trained().folder), 1)[1]
    assert "expected a name that ends in .jsonl" in ended(mcq("predict", "q.csv", "--adapter", trained().folder, "--out", "a.txt"), 1)[1]
    assert "git clone" in ended(mcq("merge", "--adapter", trained().folder, "--out", "m", "--gguf"), 1)[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["q.csv"]
