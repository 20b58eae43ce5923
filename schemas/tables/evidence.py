"""The table of what models that never saw a question say of its key."""

from typing import Annotated, Literal

import pyarrow.compute as pc
from pydantic import Field

from schemas.tables.row import ContentId, Count, Filled, Fraction, Position, RecordId, Row, given_where
from schemas.vocabulary import Split

Rank = Annotated[int, Field(ge=1)]

VOICES = (
    "adapter_gold_probability",
    "adapter_chosen",
    "adapter_chosen_probability",
    "base_gold_probability",
    "base_chosen",
    "base_chosen_probability",
    "agree_against_key",
    "self_confidence",
    "confidently_other",
    "suspected_wrong_key",
)


class KeyEvidence(Row):
    """A curated question, and how far its key is believed by models that never saw it. Removes nothing: a person decides.

    A probability is the model's own, given that it writes one of the options: a softmax over summed log-likelihoods. An option is chosen
    as evaluation chooses: by the log-likelihood over its length.
    """

    table = "key_evidence"
    rules = (given_where(VOICES, "where status is scored", "status", lambda status: pc.equal(status, "scored")),)

    record_id: RecordId
    content_id: ContentId
    split_group: ContentId
    source: Filled
    split: Split
    answer_index: Position
    status: Literal["scored", "too_long", "not_asked_yet"] = Field(description="whether it was asked, and if not, why")
    asked_times: Count = Field(description="adapters that were asked, one a repeat; none of them saw its split group")
    adapter_gold_probability: Fraction | None = Field(description="of the key, by adapters that were trained without its group; their mean")
    adapter_chosen: Position | None = Field(description="the option that these adapters score best together")
    adapter_chosen_probability: Fraction | None = Field(description="theirs of that option")
    base_gold_probability: Fraction | None = Field(description="of the key, by the base model")
    base_chosen: Position | None = Field(description="the option that the base model scores best")
    base_chosen_probability: Fraction | None = Field(description="its probability of that option")
    agree_against_key: bool | None = Field(description="whether adapters and base model choose the same option, which isn't the key")
    self_confidence: Fraction | None = Field(description="both voices' probability of the key, weighed by how well they foretell all keys")
    confidently_other: bool | None = Field(
        description="whether another option is the likeliest, and at least as likely as keys are on average (confident learning, with one "
        "threshold)"
    )
    wrong_share: Fraction | None = Field(
        description="of questions like this one, the share whose key is wrong; null where the models foretell keys no better than guessing"
    )
    suspected_wrong_key: Rank | None = Field(description="rank, 1 the most suspected; no two are equal")
