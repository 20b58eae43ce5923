"""`evaluate:` what is asked of base model and adapter."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Strict


class EvaluateConfig(Strict):
    """Base against adapter on the same held-out questions."""

    modes: list[Literal["letter", "cloze"]] = Field(
        ["cloze", "letter"],
        min_length=1,
        description="letter: the options are listed and a letter is scored; cloze: the options' texts are",
    )
    primary: Literal["letter", "cloze"] = Field("letter", description="the mode that the verdict is given on")
    headline: Literal["all"] | list[str] = Field(
        "all",
        description="names of the sources that the verdict is given on: those that training could move, named beforehand; all others "
        "stand beside it",
    )
    split: Literal["test", "validation"] = Field("test", description="the held-out questions that are asked")
    cloze_normalisation: Literal["none", "token", "byte", "character"] = Field(
        "byte",
        description="what an option's log-likelihood is divided by in cloze mode before the best is chosen; of Vietnamese, bytes and "
        "characters choose differently (docs/evaluation.md)",
    )
    batch_tokens: int = Field(2048, ge=64, description="tokens a forward pass, padding included; halved where memory runs out")
    max_questions: int | None = Field(None, ge=1, description="a seeded sample of so many; default all")
    min_groups: int = Field(30, ge=1, description="under so many independent groups no verdict is given")

    @field_validator("headline", mode="before")
    @classmethod
    def _names_in_a_list(cls, value: Any) -> Any:
        if (isinstance(value, str) and value != "all") or value == []:
            raise ValueError("expected `all` or a list of source names, as in [handbook]")
        if isinstance(value, list) and len(set(map(str, value))) < len(value):
            raise ValueError("a source is named twice")
        return value

    @model_validator(mode="after")
    def _primary_is_a_mode(self) -> Self:
        if self.primary not in self.modes:
            raise ValueError(f"primary {self.primary!r} is not among modes {self.modes}")
        return self
