"""The table of answers."""

from pydantic import Field

from schemas.tables.row import Row


class Prediction(Row):
    """What one model answered to one question in one mode."""

    record_id: str
    model: str = Field(description="base or adapter")
    mode: str = Field(description="letter or cloze")
    split: str = Field(description="that of the question, or benchmark")
    split_group: str
    source: str
    subject: str | None
    language: str
    answer_index: int
    predicted_index: int
    correct: bool
    option_scores: list[float] = Field(description="log-likelihood of each option (cloze: per byte), file order")
    gold_nll: float = Field(description="negative log-probability of the gold option under a softmax over the options, nats")
