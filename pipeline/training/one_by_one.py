"""Trainings of one child process, one after the other: what is done is kept, and what was interrupted goes on where it stopped."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from filelock import FileLock, Timeout

from pipeline.common.files import write_atomically
from pipeline.common.model.asking_job import LimitedJob
from pipeline.common.model.environment import device_name, package_versions
from pipeline.common.model.job import Progress, log
from pipeline.common.store.run_files import METRICS
from schemas.errors import TrainingError

One = TypeVar("One")
One_in = TypeVar("One_in", contravariant=True)


class Bench(Protocol[One_in]):
    """What all trainings share."""

    device: torch.device

    def facts(self) -> dict[str, Any]:
        """What the numbers of every training are about."""

    def run(self, one: One_in) -> dict[str, Any]:
        """The numbers of one training."""


def one_by_one(
    job: LimitedJob,
    kind: str,
    busy: str,
    name: str,
    waiting: Callable[[], Sequence[One]],
    load: Callable[[], Bench[One]],
    file_of: Callable[[One], Path],
    base: Path,
    forecast: Callable[[Sequence[One]], float | None],
) -> None:
    """Does what is `waiting` (many of them are called `name`), a file each, written whole; `base` gets the facts, once.

    `forecast` gives the seconds of what is left. Raises TrainingError, which begins with `busy`, where another process does the same
    `kind` in this folder, and KeyboardInterrupt when told to stop: the training at work is lost, and no other.
    """
    began = time.monotonic()
    job.output.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output / METRICS)
    try:
        lock = FileLock(job.output / f".{kind}.lock", blocking=False).acquire()
    except Timeout:
        raise TrainingError(f"{busy} in {job.output}; wait for its end, or stop it") from None
    with lock:
        left = list(waiting())
        if not left and base.is_file():
            return
        progress.phase("loading model")
        bench = load()
        if not base.is_file():
            progress.phase("asking the base model")
            facts = {**bench.facts(), "device": device_name(bench.device), "packages": package_versions()}
            write_atomically(base, json.dumps(facts, ensure_ascii=False) + "\n")
        for place, one in enumerate(left):
            if job.minutes is not None and time.monotonic() - began >= 60 * job.minutes:
                log.info("%g minutes are over: %d %s are left for another time", job.minutes, len(left) - place, name)
                break
            write_atomically(file_of(one), json.dumps(bench.run(one)) + "\n")
            eta = forecast(left[place + 1 :])
            progress.write({"phase": name, "done": place + 1, "total": len(left), "eta_s": eta and round(eta, 1)})
