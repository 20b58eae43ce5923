"""`python -m pipeline.training JOB.json`: one QLoRA run in a process of its own, so that its memory is given back at its end."""

import sys

from pipeline.common.model.job import Job, run_child


def main(job: Job) -> None:
    """Trains; see `pipeline.training.run.train`."""
    from pipeline.training.run import train

    train(job)


if __name__ == "__main__":
    sys.exit(run_child(main, Job))
