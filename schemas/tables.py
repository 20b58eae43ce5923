"""One pydantic model a table: its fields are the columns, their types the Arrow types, their descriptions the docs.

Between the stages travel Arrow-backed pandas frames of these columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT_CHARS = 200_000
MIN_OPTIONS, MAX_OPTIONS = 2, 10

COLUMN_TEXT = {
    "record_id": "hash of source, payload and occurrence: one raw record",
    "source": "name of the source in the configuration",
    "role": "role of the source: train or benchmark",
    "file": "path below the configuration's root",
    "locator": "file#kind:number, counted from 1",
    "encoding": "how the file was decoded",
    "file_sha256": "hash of the file's bytes",
    "payload": "the record as its file holds it",
    "disposition": "what became of the record",
    "reason_codes": "why it isn't in a split",
    "detail": "the reason in full: what was seen, and where",
    "content_id": "hash of the canonical question; equal for exact duplicates",
    "cluster_id": "its cluster of exact and same questions; null when it stands alone",
    "split_group": "questions that must share a split",
    "representative_id": "the record that decided: winner, benchmark item or contradicting record",
    "relation": "exact, same, variant, conflict or related",
    "quality_score": "0-1, high = good",
    "flags": "names of the quality signals that fired",
    "split": "train, validation or test",
    "dataset_version": "hash of the curated rows with their splits and of the curation config",
    "stem": "the question itself",
    "context": "passage or rubric that the stem leans on",
    "options": "in file order, without their marks",
    "answer_index": "position of the right option, counted from 0",
    "explanation": "what the file says on the answer",
    "subject": "from a column, else from the file's name or folder",
    "language": "vi or en",
    "original_id": "the file's own id of the question",
    "repairs": "named changes made while parsing",
    "fixed_order": "an option refers to others, so the order must stay",
    "licence": "licence of the source",
    "left_id": "record_id of one question, the smaller of both",
    "right_id": "record_id of the other question",
    "why": "what the verdict rests on",
    "kept": "whether it stays",
    "option_count": "number of options",
    "prompt_tokens": "tokens of the prompt",
    "completion_tokens": "labelled tokens",
    "reader": "which reader took the file",
}
"""What the columns that several tables share hold; a field's own description goes before it."""


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


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
    why: str = Field(description="the rule that decided (docs/duplicates.md) and what it saw")


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


_ARROW: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def arrow_type(annotation: Any) -> tuple[pa.DataType, bool]:
    """Arrow type of a field annotation, and whether it may be null."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        inner = next(a for a in arguments if a is not type(None))
        return arrow_type(inner)[0], True
    if origin is list:
        return pa.list_(arrow_type(arguments[0])[0]), False
    return _ARROW[annotation], False


def arrow_schema(model: type[Row]) -> pa.Schema:
    """The explicit Arrow schema of a table."""
    fields = []
    for name, info in model.model_fields.items():
        kind, nullable = arrow_type(info.annotation)
        fields.append(pa.field(name, kind, nullable=nullable))
    return pa.schema(fields)


# Rows that are dictionaries at one time; the rest of a large table is Arrow already, or not read yet.
CHUNK_ROWS = 50_000


def to_frame(rows: Iterable[dict[str, Any]] | pa.Table, model: type[Row]) -> pd.DataFrame:
    """Arrow-backed frame with exactly the model's columns; no rows give an empty frame with all of them."""
    if not isinstance(rows, pa.Table):
        schema = arrow_schema(model)
        parts = [pa.Table.from_pylist(part, schema=schema) for part in _chunks(rows)]
        rows = pa.concat_tables(parts).combine_chunks() if parts else schema.empty_table()
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK_ROWS)):
        yield part


def to_table(frame: pd.DataFrame, model: type[Row]) -> pa.Table:
    """Arrow table of a frame. Raises ValueError, KeyError or ArrowException for a column that is missing, of another type, or null
    where it may not be."""
    return pa.Table.from_pandas(frame, schema=arrow_schema(model), preserve_index=False)


def to_rows(frame: pd.DataFrame, model: type[Row], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Plain dictionaries (lists as lists, missing as None), in the frame's order; of these columns alone where they are named."""
    table = to_table(frame, model)
    rows: list[dict[str, Any]] = (table if columns is None else table.select(list(columns))).to_pylist()
    return rows
