"""All cells of a study, one after the other."""

from functools import partial

from pipeline.common.model import base_model
from pipeline.study.cell import Bench
from pipeline.study.cost import forecast
from pipeline.study.grid import BASE, Cell, done, file_of, grid
from pipeline.study.job import StudyJob
from pipeline.training.one_by_one import one_by_one


def study(job: StudyJob) -> None:
    """Trains what isn't done yet into the job's `output`; see `one_by_one`."""
    cells = grid(job.study, job.train, base_model.hidden_size(job.train, job.models)).cells

    def waiting() -> list[Cell]:
        finished = set(done(job.output, cells))
        return [cell for cell in cells if cell not in finished and (job.only is None or cell.name in job.only)]

    one_by_one(
        job,
        "study",
        "another study is at work",
        "cells",
        waiting,
        partial(Bench, job),
        partial(file_of, job.output),
        job.output / BASE,
        lambda left: forecast(job.output, left, cells),
    )
