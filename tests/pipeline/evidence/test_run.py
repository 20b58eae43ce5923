"""Folds of a tiny model, trained for real."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pipeline.common.store.evidence import newest_evidence, read_evidence, read_summary
from pipeline.evidence.folds import BASE, done, file_of, planned
from pipeline.evidence.run import gather
from pipeline.evidence.table import sentence, weigh, write_evidence
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError

# Of thirty questions every fifth group of two is a benchmark's.
CURATED = {f"{i:016x}" for i in range(30) if i // 2 % 5 != 4}


def folds_of(job):
    return planned(job.evidence)


def read(job, fold):
    return json.loads(file_of(job.output, fold).read_text())


def test_every_curated_question_is_asked_once_a_repeat_by_an_adapter_that_never_saw_its_group(make_job, row):
    job = make_job(repeats=2)
    gather(job)
    groups = {row(i)["record_id"]: row(i)["split_group"] for i in range(30)}
    asked = {0: [], 1: []}
    for fold in folds_of(job):
        found = read(job, fold)
        seen = {groups[name] for name in found["trained_on"]}
        assert seen
        assert seen.isdisjoint(groups[name] for name in found["record_id"])
        assert CURATED.issuperset(found["trained_on"]), "benchmarks are never trained on"
        assert set(found["trained_on"]) | set(found["record_id"]) == CURATED
        asked[fold.repeat] += found["record_id"]
    assert all(sorted(names) == sorted(CURATED) for names in asked.values())
    summary = write_evidence(job.output, job.evidence)
    rows = read_evidence(job.output)
    assert {row["record_id"] for row in rows} == CURATED
    assert len(rows) == len(CURATED) == summary["questions"] == summary["scored"]
    assert [row["suspected_wrong_key"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["asked_times"] for row in rows} == {2}
    assert newest_evidence([job.output]) == job.output
    assert read_summary(job.output) == summary


def test_a_fold_gives_equal_numbers_whatever_was_trained_before_it_and_a_stopped_run_goes_on(make_job):
    whole = make_job("whole")
    gather(whole)
    first = make_job(limits={"most": 1})
    gather(first)
    folds = folds_of(first)
    assert done(first.output, folds) == folds[:1]
    kept = file_of(first.output, folds[0]).read_bytes()
    rows, summary = weigh(first.output, first.evidence)
    assert {row["record_id"] for row in rows} == CURATED, "what waits has its row too"
    assert summary["not_asked_yet"] == len(CURATED) - summary["scored"] > 0
    assert all(row["suspected_wrong_key"] is None for row in rows if row["status"] == "not_asked_yet")
    gather(make_job())
    assert done(first.output, folds) == folds
    assert file_of(first.output, folds[0]).read_bytes() == kept
    for fold in folds:
        assert read(first, fold)["log_likelihoods"] == read(whole, fold)["log_likelihoods"]


def test_no_minutes_begin_no_training_and_a_table_stands_all_the_same(make_job):
    job = make_job(limits={"minutes": 0})
    gather(job)
    assert done(job.output, folds_of(job)) == []
    summary = write_evidence(job.output, job.evidence)
    assert summary["not_asked_yet"] == len(CURATED)
    assert sentence(summary) == "No question was asked yet."


def test_what_is_too_long_has_its_row_and_no_rank(make_job, row):
    rows = [row(i) for i in range(30)]
    rows[0]["stem"] = "Where are the very long things kept? " * 60
    job = make_job(rows=rows, folds=2)
    gather(job)
    table, summary = weigh(job.output, job.evidence)
    assert [one["record_id"] for one in table if one["status"] == "too_long"] == [rows[0]["record_id"]]
    assert len(table) == len(CURATED)
    assert summary["too_long"] == 1
    assert "1 are too long" in sentence(summary)


def test_an_interrupted_run_keeps_its_folds(make_job, tmp_path):
    job = make_job(train={"epochs": 3}, folds=5)
    file = tmp_path / "evidence.job.json"
    file.write_text(job.model_dump_json())
    command = [sys.executable, "-m", "pipeline.evidence", str(file)]
    # Where tests run in the background, Ctrl-C is ignored, and a child takes that over.
    more = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, **more)
    while not done(job.output, folds_of(job)):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    finished = done(job.output, folds_of(job))
    assert 0 < len(finished) < 5
    assert all("log_likelihoods" in read(job, fold) for fold in finished)
    assert (job.output / BASE).is_file()


def test_a_planted_error_ranks_above_keys_that_the_model_learns(make_job, row):
    """One place is right for all questions, so that a random model learns it; three keys say another."""
    rows = [row(i, key=0) for i in range(30)]
    flipped = {rows[i]["record_id"] for i in (1, 12, 21)}
    rows = [{**one, "answer_index": 2} if one["record_id"] in flipped else one for one in rows]
    job = make_job(rows=rows, train={"epochs": 8, "learning_rate": 1e-2, "rank": 8})
    gather(job)
    table, summary = weigh(job.output, job.evidence)
    assert {one["record_id"] for one in table[:3]} == flipped
    assert summary["sees"]
    assert np.mean([one["wrong_share"] for one in table[:3]]) > 5 * np.mean([one["wrong_share"] for one in table[3:]])


def test_a_full_fine_tuning_is_refused_with_the_cure(make_job):
    with pytest.raises(TrainingError, match=r"set train\.method to lora or qlora"):
        gather(make_job(train={"method": "full"}))


def test_two_runs_do_not_work_in_one_folder(make_job):
    from filelock import FileLock

    job = make_job()
    job.output.mkdir(parents=True)
    with FileLock(job.output / ".evidence.lock"), pytest.raises(TrainingError, match="gathered in"):
        gather(job)
