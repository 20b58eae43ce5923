"""`python -m pipeline.evidence JOB.json`: all folds in one process, which loads the base model once."""

import sys

from pipeline.common.model.job import run_child
from pipeline.evidence.job import EvidenceJob


def main(job: EvidenceJob) -> None:
    """Trains and asks; see `pipeline.evidence.run.gather`."""
    from pipeline.evidence.run import gather

    gather(job)


if __name__ == "__main__":
    sys.exit(run_child(main, EvidenceJob))
