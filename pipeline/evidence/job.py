"""What the child process of the evidence is told."""

from functools import cached_property

from pipeline.common.model.asking_job import LimitedJob
from schemas.config.evidence import EvidenceConfig


class EvidenceJob(LimitedJob):
    """The number of folds to do at `most`; None: all."""

    most: int | None = None

    @cached_property
    def evidence(self) -> EvidenceConfig:
        """The block `evidence`."""
        return EvidenceConfig.model_validate(self.config["evidence"])
