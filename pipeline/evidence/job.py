"""What the child process of the evidence is told."""

from functools import cached_property

from pipeline.common.model.job import Job
from schemas.config.evaluate import EvaluateConfig
from schemas.config.evidence import EvidenceConfig


class EvidenceJob(Job):
    """A job with limits: `minutes` after which no fold is begun, and the number of folds to do at `most`; None: no limit."""

    minutes: float | None = None
    most: int | None = None

    @cached_property
    def evaluate(self) -> EvaluateConfig:
        """The block `evaluate`."""
        return EvaluateConfig.model_validate(self.config["evaluate"])

    @cached_property
    def evidence(self) -> EvidenceConfig:
        """The block `evidence`."""
        return EvidenceConfig.model_validate(self.config["evidence"])
