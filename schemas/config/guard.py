"""`guard:` when a refresh looks like an accident, and waits for a person before it is published."""

from pydantic import Field

from schemas.config.base import Strict


class GuardConfig(Strict):
    """Each source is compared with itself in the published version. Defaults: a nightly refresh of files that people add to loses a few
    records to corrections; a tenth at once is a folder that wasn't mounted, or a truncated copy."""

    max_source_loss_fraction: float = Field(0.1, ge=0, le=1, description="a source that loses more than this share of its records blocks")
    max_reject_growth: float = Field(
        2.0, gt=1, description="a source whose share of rejected records grows to this many times what it was, or more, blocks"
    )
    min_records: int = Field(10, ge=0, description="up to so many records lost, or rejected beyond those of before, never block")
