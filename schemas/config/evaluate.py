"""`evaluate:` what is asked of base model and adapter."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Strict


class EvaluateConfig(Strict):
    """Base against adapter on the same held-out questions."""

    modes: list[Literal["letter", "cloze"]] = Field(
        ["cloze", "letter"],
        min_length=1,
        description="letter: the options are listed and a letter is scored; cloze: the options' texts are",
    )
    primary: Literal["letter", "cloze"] = Field("letter", description="the mode that the verdict is given on")
    split: Literal["test", "validation"] = Field("test", description="the held-out questions that are asked")
    batch_tokens: int = Field(2048, ge=64, description="tokens a forward pass, padding included")
    max_questions: int | None = Field(None, ge=1, description="a seeded sample of so many; default all")
    min_groups: int = Field(30, ge=1, description="under so many independent groups no verdict is given")

    @model_validator(mode="after")
    def _primary_is_a_mode(self) -> Self:
        if self.primary not in self.modes:
            raise ValueError(f"primary {self.primary!r} is not among modes {self.modes}")
        return self
