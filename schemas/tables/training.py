"""The tables of rendering and training."""

from typing import Annotated, Literal

import pyarrow.compute as pc
from pydantic import Field

from schemas.tables.row import ContentId, Count, Filled, Fraction, Label, RecordId, Row, RowRule, given_where
from schemas.vocabulary import Language, NotTrained, Split

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
    status: Literal["ok", NotTrained] = Field(description="whether the model can be trained on it, and if not, why")


class TrainedSample(Row):
    """What one training run saw of one example, an item an epoch in each list.

    Losses are means over the completion's tokens, nats: of a trained example in the epoch itself, before that step's update; of a
    validation example after the epoch. The other two lists tell how the question was answered after the epoch, as evaluation asks:
    always of a validation example, of a trained one with `train.cartography`. So they hold what dataset cartography needs
    (arXiv 2009.10795): mean and standard deviation of the gold option's probability, share of epochs in which it was chosen.
    """

    table = "trained_samples"
    rules = (
        given_where(("first_loss", "last_loss"), "where times_seen is more than 0", "times_seen", lambda seen: pc.greater(seen, 0)),
        RowRule(
            "as many losses as times_seen, but for validation",
            ("losses", "times_seen", "status"),
            lambda rows: pc.or_(pc.equal(rows["status"], "validation"), pc.equal(pc.list_value_length(rows["losses"]), rows["times_seen"])),
        ),
        RowRule(
            "as many gold_probabilities as gold_chosen",
            ("gold_probabilities", "gold_chosen"),
            lambda rows: pc.equal(pc.list_value_length(rows["gold_probabilities"]), pc.list_value_length(rows["gold_chosen"])),
        ),
    )

    record_id: RecordId
    split: Literal["train", "validation"]
    status: Literal["trained", "validation", NotTrained] = Field(description="what the run did with it, and if nothing, why")
    times_seen: Count = Field(description="how often it was trained on")
    first_loss: float | None = Field(description="the first time it was trained on")
    last_loss: float | None = Field(description="the last time it was trained on")
    losses: list[float] = Field(description="loss by epoch: of a trained example in the epoch, of a validation example after it")
    option_orders: list[str] = Field(
        description="order of the options in each epoch by their letters in the file (`CABD`: the third came first); empty: as in the file"
    )
    gold_probabilities: list[Fraction] = Field(description="probability of the gold option among the options, after each epoch")
    gold_chosen: list[bool] = Field(description="whether the gold option scored best, after each epoch")
    validation_loss: float | None = Field(description="of the adapter that was kept, for validation examples")
