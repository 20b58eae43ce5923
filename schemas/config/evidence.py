"""`evidence:` how questions are asked by models that never saw them, to find wrong keys."""

from pydantic import Field

from schemas.config.base import Strict


class EvidenceConfig(Strict):
    """Every curated question asked of an adapter that was trained without its split group (`mcq evidence`); all else as in `train`."""

    folds: int = Field(
        5,
        ge=2,
        le=20,
        description="parts that are held out in turn: so many trainings, each on the other parts; more see more and cost more",
    )
    repeats: int = Field(1, ge=1, le=20, description="times that all of it is done with other parts and another seed; answers are averaged")
