"""`render:` the prompt."""

from typing import Literal

from pydantic import Field

from schemas.config.base import Strict


class RenderConfig(Strict):
    """The one prompt that training and evaluation share."""

    style: Literal["cloze", "letter"] = Field(
        "letter",
        description="letter: options listed, answer is the letter (a 7B learns it); "
        "cloze: question alone, answer is the option's text (a 135M learns it)",
    )
    system_prompt: str = Field(
        "You answer multiple-choice questions. Reply with the answer only.", description="opens every chat; empty: none"
    )
    max_seq_tokens: int = Field(
        1024, ge=32, le=131072, description="longer samples keep their split and are recorded as not_trained: too_long"
    )
