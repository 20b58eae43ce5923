"""What an evaluation is told."""

from functools import cached_property
from pathlib import Path

from pipeline.common.model.job import Job
from schemas.config.evaluate import EvaluateConfig


class EvaluationJob(Job):
    """A job that names the adapter's folder too, with its manifest."""

    adapter: Path

    @cached_property
    def evaluate(self) -> EvaluateConfig:
        """The block `evaluate`."""
        return EvaluateConfig.model_validate(self.config["evaluate"])
