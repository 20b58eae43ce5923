"""What an evaluation is told."""

from pathlib import Path

from pipeline.training.job import Job


class EvaluationJob(Job):
    """A job that names the adapter's folder too, with its manifest."""

    adapter: Path
