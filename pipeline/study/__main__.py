"""`python -m pipeline.study JOB.json`: all cells of a study in one process, which loads the base model once."""

import sys

from pipeline.common.model.job import run_child
from pipeline.study.job import StudyJob


def main(job: StudyJob) -> None:
    """Trains; see `pipeline.study.run.study`."""
    from pipeline.study.run import study

    study(job)


if __name__ == "__main__":
    sys.exit(run_child(main, StudyJob))
