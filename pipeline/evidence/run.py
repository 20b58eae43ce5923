"""All folds, one after the other."""

from functools import partial

from pipeline.evidence.folds import BASE, Fold, done, file_of, forecast, planned
from pipeline.evidence.held_out import Bench
from pipeline.evidence.job import EvidenceJob
from pipeline.training.one_by_one import one_by_one


def gather(job: EvidenceJob) -> None:
    """Trains and asks what isn't done yet into the job's `output`; see `one_by_one`."""
    folds = planned(job.evidence)

    def waiting() -> list[Fold]:
        finished = set(done(job.output, folds))
        return [fold for fold in folds if fold not in finished][: job.most]

    one_by_one(
        job,
        "evidence",
        "other evidence is gathered",
        "folds",
        waiting,
        partial(Bench, job),
        partial(file_of, job.output),
        job.output / BASE,
        lambda left: forecast(job.output, len(left), folds),
    )
