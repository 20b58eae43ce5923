"""Jobs of child processes: how one ends is an exit code and, for people, words beside the job file."""

import json
import subprocess
import sys

import pytest

from pipeline.common.model.job import INTERRUPTED, Job, Progress, read_job
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError

JOB = {"config": {}, "questions": "q", "examples": "e", "output": "o", "models": "m", "dataset_version": "v", "run_id": "r"}
CHILD = """
import sys
from pipeline.common.model.job import Job, run_child
from schemas.errors import TrainingError

def work(job):
    if job.run_id == "bad":
        raise TrainingError("no example to train on")
    if job.run_id == "stopped":
        import os, signal
        os.kill(os.getpid(), signal.SIGTERM)

sys.exit(run_child(work, Job))
"""


@pytest.mark.parametrize(("run_id", "code", "said"), [("r", 0, None), ("bad", 1, "no example to train on"), ("stopped", INTERRUPTED, None)])
def test_a_child_ends_with_a_code_and_leaves_its_error_in_words(run_id, code, said, tmp_path):
    (tmp_path / "job.json").write_text(json.dumps({**JOB, "run_id": run_id}))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "job.json"], cwd=tmp_path, env={"PYTHONPATH": str(PROJECT_ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    error = tmp_path / "error.txt"
    assert (error.read_text() if error.exists() else None) == said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [None, "no json", json.dumps({**JOB, "extra": 1}), json.dumps({"config": {}})])
def test_a_file_that_is_no_job_is_named(content, tmp_path):
    path = tmp_path / "job.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"job\.json is no job file"):
        read_job(path, Job)


def test_a_resumed_run_forgets_what_it_takes_again_and_half_a_line(tmp_path):
    progress = Progress(tmp_path / "metrics.jsonl")
    progress.forget_after(0)
    progress.phase("training")
    for step in (1, 2, 3):
        progress.write({"step": step, "loss": 1.0})
    with progress.path.open("a") as stream:
        stream.write('{"step": 4, "lo')
    progress.forget_after(2)
    told = progress.lines()
    assert [line.pop("at") > 1.7e9 for line in told] == [True] * 3
    assert told == [{"phase": "training"}, {"step": 1, "loss": 1.0}, {"step": 2, "loss": 1.0}]
