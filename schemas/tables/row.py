"""What every row is, and the bounds of a question."""

from pydantic import BaseModel, ConfigDict

MAX_TEXT_CHARS = 200_000
MIN_OPTIONS, MAX_OPTIONS = 2, 10


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
