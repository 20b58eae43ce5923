"""The tables of rendering and training."""

from pydantic import Field

from schemas.tables.row import Row


class ChatExample(Row):
    """One published question as the base model sees it, in the style that training uses."""

    record_id: str
    split: str
    split_group: str
    source: str
    subject: str | None
    language: str
    prompt: str = Field(description="rendered chat up to where the assistant's answer begins")
    completion: str = Field(description="the answer and the end-of-turn token: exactly what the loss sees")
    prompt_tokens: int
    completion_tokens: int
    neutralised_tokens: int = Field(description="special tokens of the base model that stood in the raw text and were made harmless")
    status: str = Field(description="ok, or not_trained: too_long")


class TrainedSample(Row):
    """What one training run saw of one example. Losses are means over the completion's tokens, nats, before that step's update."""

    record_id: str
    split: str = Field(description="train or validation")
    status: str = Field(description="trained, validation, or not_trained: too_long")
    times_seen: int
    first_loss: float | None = Field(description="the first time it was trained on")
    last_loss: float | None = Field(description="the last time it was trained on")
    validation_loss: float | None = Field(description="after training, for validation examples")
