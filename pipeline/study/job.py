"""What a study's child process is told."""

from functools import cached_property

from pipeline.common.model.job import Job
from schemas.config.evaluate import EvaluateConfig
from schemas.config.study import StudyConfig


class StudyJob(Job):
    """A job with limits: `minutes` after which no cell is begun, and `only`, the names of the cells to do; None: no limit."""

    minutes: float | None = None
    only: list[str] | None = None

    @cached_property
    def evaluate(self) -> EvaluateConfig:
        """The block `evaluate`."""
        return EvaluateConfig.model_validate(self.config["evaluate"])

    @cached_property
    def study(self) -> StudyConfig:
        """The block `study`."""
        return StudyConfig.model_validate(self.config["study"])
