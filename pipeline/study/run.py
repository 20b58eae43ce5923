"""All cells of a study, one after the other: what is done is kept, and an interrupted study goes on where it stopped."""

import json
import time

from filelock import FileLock, Timeout

from pipeline.common.files import write_atomically
from pipeline.common.model import base_model
from pipeline.common.model.environment import device_name, package_versions
from pipeline.common.model.job import Progress, log
from pipeline.common.store.run_files import METRICS
from pipeline.study.cell import Bench
from pipeline.study.cost import forecast
from pipeline.study.grid import BASE, done, file_of, grid
from pipeline.study.job import StudyJob
from schemas.errors import TrainingError


def study(job: StudyJob) -> None:
    """Trains what isn't done yet into the job's `output`, a file a cell, written whole. Raises TrainingError, and KeyboardInterrupt when
    told to stop: the cell at work is lost, and no other."""
    began = time.monotonic()
    job.output.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output / METRICS)
    try:
        lock = FileLock(job.output / ".study.lock", blocking=False).acquire()
    except Timeout:
        raise TrainingError(f"another study is at work in {job.output}; wait for its end, or stop it") from None
    with lock:
        cells = grid(job.study, job.train, base_model.hidden_size(job.train, job.models)).cells
        waiting = [cell for cell in cells if cell not in done(job.output, cells) and (job.only is None or cell.name in job.only)]
        if not waiting and (job.output / BASE).is_file():
            return
        progress.phase("loading model")
        bench = Bench(job)
        facts = {**bench.facts(), "device": device_name(bench.device), "packages": package_versions()}
        write_atomically(job.output / BASE, json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
        for place, cell in enumerate(waiting):
            if job.minutes is not None and time.monotonic() - began >= 60 * job.minutes:
                log.info("%g minutes are over: %d cells are left for another time", job.minutes, len(waiting) - place)
                break
            found = bench.run(cell)
            write_atomically(file_of(job.output, cell), json.dumps(found) + "\n")
            if "diverged" in found:
                log.warning("rank %d, scale %g, learning rate %g: %s", cell.rank, cell.scale, cell.learning_rate, found["diverged"])
            left = forecast(job.output, waiting[place + 1 :], cells)
            progress.write({"phase": "cells", "done": place + 1, "total": len(waiting), "eta_s": left and round(left, 1)})
