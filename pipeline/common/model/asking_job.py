"""What a child process is told that asks a model questions as evaluation does. Imports no torch."""

from functools import cached_property

from pipeline.common.model.job import Job
from schemas.config.evaluate import EvaluateConfig


class AskingJob(Job):
    """A job whose configuration says how questions are asked."""

    @cached_property
    def evaluate(self) -> EvaluateConfig:
        """The block `evaluate`."""
        return EvaluateConfig.model_validate(self.config["evaluate"])


class LimitedJob(AskingJob):
    """A job of many trainings: `minutes` after which none is begun; None: no limit."""

    minutes: float | None = None
