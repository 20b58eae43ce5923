"""The table of answers."""

from typing import Annotated, Literal

import pyarrow.compute as pc
from pydantic import Field

from schemas.tables.row import MAX_OPTIONS, MIN_OPTIONS, ContentId, Filled, Label, Position, RecordId, Row, RowRule
from schemas.vocabulary import Language, Split


class Prediction(Row):
    """What one model answered to one question in one mode."""

    table = "predictions"
    rules = (
        RowRule(
            "answer_index is the place of a score",
            ("answer_index", "option_scores"),
            lambda rows: pc.less(rows["answer_index"], pc.list_value_length(rows["option_scores"])),
        ),
        RowRule(
            "predicted_index is the place of a score",
            ("predicted_index", "option_scores"),
            lambda rows: pc.less(rows["predicted_index"], pc.list_value_length(rows["option_scores"])),
        ),
        RowRule(
            "option_log_likelihoods are as many as option_scores",
            ("option_log_likelihoods", "option_scores"),
            lambda rows: pc.equal(pc.list_value_length(rows["option_log_likelihoods"]), pc.list_value_length(rows["option_scores"])),
        ),
        RowRule(
            "correct where predicted_index is answer_index",
            ("correct", "predicted_index", "answer_index"),
            lambda rows: pc.equal(rows["correct"], pc.equal(rows["predicted_index"], rows["answer_index"])),
        ),
    )

    record_id: RecordId
    model: Literal["base", "adapter"] = Field(description="without or with the adapter")
    mode: Literal["letter", "cloze"] = Field(description="what was scored: the options' letters, or their texts")
    split: Literal[Split, "benchmark"] = Field(description="that of the question")
    split_group: ContentId
    source: Filled
    subject: Label | None
    language: Language
    answer_index: Position
    predicted_index: Position = Field(description="position of the best-scored option, counted from 0")
    correct: bool = Field(description="whether the right option scored best")
    option_scores: Annotated[list[float], Field(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS)] = Field(
        description="what the options were compared by, file order: log-likelihood (cloze: over its length in the unit of "
        "evaluate.cloze_normalisation), nats"
    )
    option_log_likelihoods: Annotated[list[float], Field(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS)] | None = Field(
        description="summed log-likelihood of each option, file order, nats: a softmax over these is the model's own probability; null in "
        "older predictions"
    )
    gold_nll: float = Field(
        ge=0,
        description="negative log-probability of the gold option, given that the model answers with one of them: from "
        "option_log_likelihoods where they are given, else from option_scores; nats",
    )
