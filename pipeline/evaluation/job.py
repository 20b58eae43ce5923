"""What an evaluation is told."""

from pathlib import Path

from pipeline.common.model.asking_job import AskingJob


class EvaluationJob(AskingJob):
    """A job that names the adapter's folder too, with its manifest."""

    adapter: Path
