"""What a study's child process is told."""

from functools import cached_property

from pipeline.common.model.asking_job import LimitedJob
from schemas.config.study import StudyConfig


class StudyJob(LimitedJob):
    """`only`: the names of the cells to do; None: all."""

    only: list[str] | None = None

    @cached_property
    def study(self) -> StudyConfig:
        """The block `study`."""
        return StudyConfig.model_validate(self.config["study"])
