"""Cells of a tiny model, trained for real."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from pipeline.study.analysis import analyse
from pipeline.study.cell import Bench, choose
from pipeline.study.cost import forecast, to_measure
from pipeline.study.files import write_result
from pipeline.study.grid import BASE, Arm, done, file_of, grid
from pipeline.study.run import study
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError

WIDTH = 64
TIMES = ("seconds", "train_seconds")


def timeless(found):
    return {name: value for name, value in found.items() if name not in TIMES}


def cells_of(job):
    return grid(job.study, job.train, WIDTH).cells


def test_a_cell_gives_equal_numbers_whatever_was_trained_before_it(make_job):
    job = make_job()
    planned = grid(job.study, job.train, WIDTH)
    first, other = planned.of[Arm("twice_rank", 4), 1e-3, 1], planned.of[Arm("twice_rank", 2, "attention"), 1e-3, 2]
    bench = Bench(job)
    before = {name: value.clone() for name, value in bench.base.state_dict().items()}
    base = bench.facts()["base"]
    found = bench.run(first)
    assert bench.run(other)["gold_nll"] != found["gold_nll"]
    assert timeless(bench.run(first)) == timeless(found)
    assert bench.facts()["base"] == base
    after = bench.base.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_cell_is_the_training_of_its_policy(make_job, tmp_path):
    """Loss by loss the run that `train` makes of the same settings: a plain alpha of scale times rank stands for any policy."""
    from pipeline.common.model.job import Job
    from pipeline.training.run import train

    policy = {"name": "sqrt_hidden"}
    job = make_job(policies=[policy], reference={"policy": "sqrt_hidden", "rank": 4, "learning_rate": 1e-3})
    found = Bench(job).run(grid(job.study, job.train, WIDTH).of[Arm("sqrt_hidden", 4), 1e-3, 2])
    settings = {**job.config["train"], "rank": 4, "policy": {**policy, "alpha": None, "rslora": None}, "learning_rate": 1e-3, "seed": 2}
    facts = {**job.model_dump(exclude={"minutes", "only"}), "config": {**job.config, "train": settings}, "output": tmp_path / "adapter"}
    train(Job(**facts))
    manifest = json.loads((tmp_path / "adapter" / "manifest.json").read_text())
    assert [epoch["train_loss"] for epoch in manifest["epochs"][1:]] == pytest.approx(found["train_losses"], rel=1e-5)
    assert manifest["first_step_nats"] == pytest.approx(found["first_step_nats"], abs=1e-3)


def test_what_is_done_is_kept_and_a_study_that_was_stopped_goes_on(make_job):
    cells = cells_of(make_job())
    first = make_job(limits={"only": [cells[3].name, cells[0].name]})
    study(first)
    assert done(first.output, cells) == [cells[0], cells[3]]
    kept = file_of(first.output, cells[3]).read_bytes()
    whole = make_job()
    study(whole)
    assert done(whole.output, cells) == cells
    assert file_of(whole.output, cells[3]).read_bytes() == kept
    told = [json.loads(line) for line in (whole.output / "metrics.jsonl").read_text().splitlines()]
    assert [line["done"] for line in told if line.get("total") == len(cells) - 2] == list(range(1, len(cells) - 1))
    found = analyse(whole.output, whole.study, grid(whole.study, whole.train, WIDTH))
    assert found["cells"] == {"all": 15, "trainings": 12, "shared": 3, "done": 12}
    assert {row["verdict"] for row in found["comparisons"] if row["at"] == "rank 4"} == {"equal"}
    write_result(whole.output, found)
    page = (whole.output / "study.md").read_text()
    assert "12 of 12 trainings" in page
    assert "every linear layer" in page
    first_picture = (whole.output / "study.svg").read_bytes()
    write_result(whole.output, found)
    assert (whole.output / "study.svg").read_bytes() == first_picture


def test_the_base_is_asked_once(make_job):
    study(make_job(limits={"only": []}))
    base = make_job().output / BASE
    before = base.stat().st_mtime_ns
    study(make_job())
    assert base.stat().st_mtime_ns == before


def test_no_minutes_begin_no_training_but_the_base_is_asked(make_job):
    job = make_job(limits={"minutes": 0})
    study(job)
    assert done(job.output, cells_of(job)) == []
    found = analyse(job.output, job.study, grid(job.study, job.train, WIDTH))
    assert found["comparisons"] == found["settings"] == []
    write_result(job.output, found)
    assert "no comparison is done" in (job.output / "study.md").read_text()


def test_an_interrupted_study_keeps_its_cells_and_loses_no_other(make_job, tmp_path):
    job = make_job(train={"epochs": 3})
    file = tmp_path / "study.job.json"
    file.write_text(job.model_dump_json())
    command = [sys.executable, "-m", "pipeline.study", str(file)]
    # Where tests run in the background, Ctrl-C is ignored, and a child takes that over.
    more = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, **more)
    while not done(job.output, cells_of(job)):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    finished = done(job.output, cells_of(job))
    assert 0 < len(finished) < len(cells_of(job))
    assert all("gold_nll" in json.loads(file_of(job.output, cell).read_text()) for cell in finished)


def test_a_cell_that_leaves_the_range_of_numbers_is_told_and_stops_nothing(make_job, caplog):
    job = make_job(learning_rates=[1e-3, 1e30], train={"max_grad_norm": 1e9})
    study(job)
    planned = grid(job.study, job.train, WIDTH)
    found = analyse(job.output, job.study, planned)
    assert found["cells"]["done"] == len(planned.cells)
    assert found["diverged"] > 0
    rows = [row for row in found["settings"] if row["diverged"]]
    assert rows
    assert all("learning" not in row for row in rows)
    assert {one["learning_rate"] for one in found["best_rates"]} == {1e-3}
    write_result(job.output, found)


def test_two_studies_do_not_work_in_one_folder(make_job):
    from filelock import FileLock

    job = make_job()
    job.output.mkdir(parents=True)
    with FileLock(job.output / ".study.lock"), pytest.raises(TrainingError, match="at work"):
        study(job)


def test_questions_are_told_apart_by_what_they_are_asked_for(make_job):
    job = make_job(max_questions=3)
    rows = [{"content_id": f"{i:x}", "split": split, "source": source} for i, (split, source) in enumerate(SEEN)]
    parts = [(row["split"], row["source"], row["part"]) for row in choose(rows, job)]
    assert sorted(parts) == [
        ("benchmark", "pub", "others"),
        *[("test", "s", "learning")] * 3,
        ("validation", "s", "validation"),
    ]


SEEN = [("train", "s"), ("validation", "s"), ("benchmark", "pub"), *[("test", "s")] * 5]


def test_the_cost_is_read_off_what_was_measured_between_ranks_on_a_straight_line(make_job, tmp_path):
    job = make_job(ranks=[2, 3, 4])
    cells = cells_of(job)
    assert forecast(tmp_path, cells, cells) is None
    assert [cell.rank for cell in to_measure(cells)] == [2, 4]
    for cell, seconds in zip(to_measure(cells), (10.0, 20.0), strict=True):
        file_of(tmp_path, cell).parent.mkdir(exist_ok=True)
        file_of(tmp_path, cell).write_text(json.dumps({"seconds": seconds}))
    for rank, seconds in ((2, 10), (3, 15), (4, 20)):
        assert forecast(tmp_path, [cell for cell in cells if cell.rank == rank][:3], cells) == pytest.approx(3 * seconds)
    assert forecast(tmp_path, [], cells) == 0
    assert to_measure([]) == []
