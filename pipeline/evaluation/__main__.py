"""`python -m pipeline.evaluation JOB.json`: base model against adapter in a process of its own."""

import sys

from pipeline.common.model.job import run_child
from pipeline.evaluation.job import EvaluationJob


def main(job: EvaluationJob) -> None:
    """Evaluates; see `pipeline.evaluation.run.evaluate`."""
    from pipeline.evaluation.run import evaluate

    evaluate(job)


if __name__ == "__main__":
    sys.exit(run_child(main, EvaluationJob))
