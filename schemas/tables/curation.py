"""The tables of stages 1-7."""

from pydantic import Field

from schemas.tables.row import Row


class RawRecord(Row):
    """One question as its file holds it, before anything is understood of it."""

    record_id: str = Field(description="hash of source, payload and occurrence: stable under reordering and renaming")
    source: str
    role: str = Field(description="train or benchmark")
    file: str = Field(description="path below the config's root")
    locator: str = Field(description="file#kind:number, counted from 1")
    reader: str
    encoding: str | None = Field(description="how the file was decoded; two joined by + where its lines mix them")
    file_sha256: str
    payload: str = Field(description="canonical JSON of the cells, or the block's text")
    reason_codes: list[str] = Field(description="non-empty: the record was rejected by the reader")
    detail: str | None = Field(description="what exactly was wrong")


class Question(Row):
    """A parsed, repaired and validated question."""

    record_id: str
    source: str
    role: str
    file: str
    locator: str
    content_id: str = Field(description="hash of the canonical question; equal for exact duplicates in any option order")
    stem: str
    context: str | None = Field(description="passage or rubric that the stem leans on")
    options: list[str] = Field(description="in file order, without their marks")
    answer_index: int = Field(description="counted from 0")
    explanation: str | None
    subject: str | None
    language: str = Field(description="vi or en")
    original_id: str | None = Field(description="the file's own id of the question")
    repairs: list[str] = Field(description="named changes made while parsing")
    fixed_order: bool = Field(description="an option refers to others (all of the above), so the order must stay")


class Rejected(Row):
    """A record that is no usable question, with everything that could still be read of it."""

    record_id: str
    source: str
    role: str
    file: str
    locator: str
    reason_codes: list[str]
    detail: str | None
    stem: str | None
    context: str | None
    options: list[str] | None
    subject: str | None
    language: str | None
    repairs: list[str]
    payload: str


class Pair(Row):
    """Two questions that verification found related. `left_id` < `right_id`."""

    left_id: str
    right_id: str
    relation: str
    similarity: float = Field(description="Jaccard of content tokens, 0-1")
    why: str


class ClusterMember(Row):
    """What deduplication says of one question; every question has one row."""

    record_id: str
    content_id: str
    role: str
    cluster_id: str | None = Field(description="null when it has no exact or same duplicate")
    split_group: str = Field(description="questions that must share a split: the smallest content_id among them")
    best_relation: str | None = Field(description="strongest relation to any other question")
    neighbours: list[str] = Field(description="relation:record_id, strongest first, at most 20")
    cut_from: str | None = Field(description="a record that it is the same as and not clustered with: a chain of unlike rows was cut there")


class Quality(Row):
    """Signals that fired on one question, and its score."""

    record_id: str
    quality_score: float = Field(description="0-1, high = good")
    flags: list[str] = Field(description="names of the signals that fired")
    explanations: list[str] = Field(description="one sentence a flag: value and threshold")
    signals: str = Field(description="JSON object: signal -> value; null is undefined, and a signal that isn't there is 0")


class ModelSignal(Row):
    """What a language model makes of one question; null where the question is too long for it."""

    record_id: str
    model: str = Field(description="name and revision of the model")
    gold_nll: float | None = Field(
        description="negative log-probability of the right option under a softmax over the options' log-likelihoods per byte, nats"
    )
    question_gain: float | None = Field(
        description="gain of the right option's log-likelihood per byte by reading the question, less the wrong ones' gain, nats"
    )


class Selection(Row):
    """The verdict on one question before the split; every question has one row."""

    record_id: str
    content_id: str
    split_group: str
    kept: bool
    disposition: str | None = Field(description="null when kept")
    reason_codes: list[str]
    detail: str | None
    cluster_id: str | None
    representative_id: str | None = Field(description="the record that decided: winner, benchmark item or contradicting record")
    relation: str | None
    shared_13gram: str | None = Field(description="the benchmark record that it shares most 13-grams with; this flags and removes nothing")
    quality_score: float
    source: str
    subject: str | None
    language: str
    answer_index: int
    option_count: int


class SplitRow(Row):
    """The split of one kept question."""

    record_id: str
    content_id: str
    split_group: str
    split: str


class LedgerRow(Row):
    """The whole story of one raw record. One row each, whatever became of it."""

    record_id: str
    source: str
    role: str
    file: str
    locator: str
    disposition: str
    reason_codes: list[str]
    detail: str | None
    content_id: str | None
    cluster_id: str | None
    split_group: str | None
    representative_id: str | None
    relation: str | None
    shared_13gram: str | None = Field(description="the benchmark record that it shares most 13-grams with; this flags and removes nothing")
    quality_score: float | None
    flags: list[str] | None
    split: str | None
    dataset_version: str
    stem: str | None
    context: str | None
    options: list[str] | None
    answer_index: int | None
    explanation: str | None
    subject: str | None
    language: str | None
    repairs: list[str]
    fixed_order: bool | None
    original_id: str | None
    licence: str
    encoding: str | None
    file_sha256: str
    payload: str
