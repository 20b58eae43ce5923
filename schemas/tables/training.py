"""The tables of rendering and training."""

from typing import Annotated, Literal

import pyarrow.compute as pc
from pydantic import Field

from schemas.tables.row import ContentId, Count, Filled, Label, RecordId, Row, given_where
from schemas.vocabulary import Language, Split

Tokens = Annotated[int, Field(ge=1)]


class ChatExample(Row):
    """One published question as the base model sees it, in the style that training uses."""

    table = "chat_examples"

    record_id: RecordId
    split: Literal[Split, "benchmark"]
    split_group: ContentId
    source: Filled
    subject: Label | None
    language: Language
    prompt: Filled = Field(description="rendered chat up to where the assistant's answer begins")
    completion: Filled = Field(description="the answer and the end-of-turn token: exactly what the loss sees")
    prompt_tokens: Tokens
    completion_tokens: Tokens
    neutralised_tokens: Count = Field(description="control tokens and roles of the base model's template that raw text held, made harmless")
    status: Literal["ok", "not_trained: too_long"] = Field(description="whether it is short enough for the model")


class TrainedSample(Row):
    """What one training run saw of one example. Losses are means over the completion's tokens, nats, before that step's update."""

    table = "trained_samples"
    rules = (given_where(("first_loss", "last_loss"), "where times_seen is more than 0", "times_seen", lambda seen: pc.greater(seen, 0)),)

    record_id: RecordId
    split: Literal["train", "validation"]
    status: Literal["trained", "validation", "not_trained: too_long"] = Field(description="what the run did with it")
    times_seen: Count = Field(description="how often it was trained on")
    first_loss: float | None = Field(description="the first time it was trained on")
    last_loss: float | None = Field(description="the last time it was trained on")
    validation_loss: float | None = Field(description="after training, for validation examples")
