"""`split:` how kept questions are parted into train, validation and test."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Strict


class SplitConfig(Strict):
    """`hash` keeps a question's split when others come or go; `quota` is exact, for tiny sets, and not stable."""

    method: Literal["hash", "quota"] = Field("hash", description="hash: stable when questions come and go; quota: exact shares, not stable")
    train: float = Field(0.8, ge=0, le=1, description="share of the groups, 0-1")
    validation: float = Field(0.1, ge=0, le=1, description="share of the groups, 0-1")
    test: float = Field(0.1, ge=0, le=1, description="share of the groups, 0-1; under 30 test groups there is no verdict")
    seed: int = Field(7, description="another one draws other splits")

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train + validation + test = {total:g}, expected 1")
        return self
