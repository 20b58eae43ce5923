"""All folds, one after the other: what is done is kept, and evidence that was interrupted goes on where it stopped."""

import json
import time

from filelock import FileLock, Timeout

from pipeline.common.files import write_atomically
from pipeline.common.model.environment import device_name, package_versions
from pipeline.common.model.job import Progress, log
from pipeline.common.store.run_files import METRICS
from pipeline.evidence.folds import BASE, done, file_of, forecast, planned
from pipeline.evidence.held_out import Bench
from pipeline.evidence.job import EvidenceJob
from schemas.errors import TrainingError


def gather(job: EvidenceJob) -> None:
    """Trains and asks what isn't done yet into the job's `output`, a file a fold, written whole. Raises TrainingError, and
    KeyboardInterrupt when told to stop: the fold at work is lost, and no other."""
    began = time.monotonic()
    job.output.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output / METRICS)
    try:
        lock = FileLock(job.output / ".evidence.lock", blocking=False).acquire()
    except Timeout:
        raise TrainingError(f"other evidence is gathered in {job.output}; wait for its end, or stop it") from None
    with lock:
        folds = planned(job.evidence)
        finished = set(done(job.output, folds))
        waiting = [fold for fold in folds if fold not in finished][: job.most]
        if not waiting and (job.output / BASE).is_file():
            return
        progress.phase("loading model")
        bench = Bench(job)
        if not (job.output / BASE).is_file():
            progress.phase("asking the base model")
            facts = {**bench.facts(), "device": device_name(bench.device), "packages": package_versions()}
            write_atomically(job.output / BASE, json.dumps(facts, ensure_ascii=False) + "\n")
        for place, fold in enumerate(waiting):
            if job.minutes is not None and time.monotonic() - began >= 60 * job.minutes:
                log.info("%g minutes are over: %d folds are left for another time", job.minutes, len(waiting) - place)
                break
            write_atomically(file_of(job.output, fold), json.dumps(bench.run(fold)) + "\n")
            left = forecast(job.output, len(waiting) - place - 1, folds)
            progress.write({"phase": "folds", "done": place + 1, "total": len(waiting), "eta_s": left and round(left, 1)})
