"""The tables of stages 1-7."""

from functools import reduce
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from schemas.decisions import Action
from schemas.reasons import SPLITS, Disposition, Reason, Relation
from schemas.tables.row import (
    MAX_OPTIONS,
    MAX_TEXT_CHARS,
    MIN_OPTIONS,
    ContentId,
    Count,
    Filled,
    Fraction,
    Label,
    Locator,
    Name,
    Position,
    RecordId,
    Row,
    RowRule,
    Text,
    given_where,
    is_one_of,
    option_identity,
)
from schemas.vocabulary import Language, Role, Split

MAX_NEIGHBOURS = 20
Status = Literal["applied", "superseded", "orphaned", "ambiguous", "not_applicable", "wrong_line", "note"]
JsonObject = Annotated[str, Field(pattern=r"^\{")]
UNREAD = "of the words of the file's text, the share that stands in no record; null for tables"

Found = Literal[Relation.EXACT, Relation.SAME, Relation.VARIANT, Relation.CONFLICT, Relation.RELATED]
Verdict = Literal[Disposition.BENCHMARK, Disposition.CONTAMINATED, Disposition.CONFLICT, Disposition.DUPLICATE, Disposition.FILTERED]
FileHash = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
DatasetVersion = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
Options = Annotated[list[Text], Field(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS)]
FoundOptions = Annotated[list[str], Field(min_length=1)]

ANSWER_IS_AN_OPTION = RowRule(
    "answer_index is the place of an option",
    ("answer_index", "options"),
    lambda rows: pc.less(rows["answer_index"], pc.list_value_length(rows["options"])),
)
# A kept question has no disposition before the split, and that of its split after it.
KEPT_OR_BENCHMARK = (None, *SPLITS, Disposition.BENCHMARK)
DECIDED_BY_ANOTHER = (Disposition.CONTAMINATED, Disposition.CONFLICT, Disposition.DUPLICATE)
VERDICT_RULES = (
    RowRule(
        "reason_codes is empty where the record was kept or is a benchmark's, and nowhere else",
        ("reason_codes", "disposition"),
        lambda rows: pc.equal(pc.equal(pc.list_value_length(rows["reason_codes"]), 0), is_one_of(rows["disposition"], KEPT_OR_BENCHMARK)),
    ),
    given_where(
        ("representative_id", "relation"),
        f"where disposition is {', '.join(DECIDED_BY_ANOTHER)}",
        "disposition",
        lambda dispositions: is_one_of(dispositions, DECIDED_BY_ANOTHER),
    ),
)


class RawRecord(Row):
    """One question as its file holds it, before anything is understood of it."""

    table = "raw_records"

    record_id: RecordId = Field(description="hash of source, payload and occurrence: stable under reordering and renaming")
    source: Filled
    role: Role
    file: Filled = Field(description="path below the config's root")
    locator: Locator
    part: str = Field(description="sheet or member of an archive with a layout of its own, else empty")
    reader: Filled
    encoding: Filled | None = Field(description="how the file was decoded; two joined by + where its lines mix them")
    file_sha256: FileHash
    unread_fraction: Fraction | None = Field(description=UNREAD)
    unread: list[str] = Field(description="the longest pieces of that text, on the file's first record")
    payload: str = Field(description="canonical JSON of the cells, or the block's text")
    reason_codes: list[Reason] = Field(description="non-empty: the record was rejected by the reader")
    detail: str | None = Field(description="what exactly was wrong")


def _options_differ(rows: pa.RecordBatch) -> pa.Array:
    lists = rows["options"].to_pylist()
    return pa.array([None if options is None else len(set(map(option_identity, options))) == len(options) for options in lists], pa.bool_())


class Question(Row):
    """A parsed, repaired and validated question."""

    table = "questions"
    rules = (
        ANSWER_IS_AN_OPTION,
        RowRule("no two options say the same, but for spaces and closing punctuation", ("options",), _options_differ),
    )

    record_id: RecordId
    source: Filled
    role: Role
    file: Filled
    locator: Locator
    content_id: ContentId = Field(description="hash of the canonical question; equal for exact duplicates in any option order")
    stem: Annotated[str, Field(max_length=MAX_TEXT_CHARS, pattern=r"[\p{L}\p{N}_]")]
    context: Filled | None = Field(description="passage or rubric that the stem leans on")
    options: Options = Field(description="in file order, without their marks")
    answer_index: Position = Field(description="counted from 0")
    explanation: Filled | None
    subject: Label | None
    language: Language
    original_id: Label | None = Field(description="the file's own id of the question")
    repairs: list[Name] = Field(description="named changes made while parsing")
    fixed_order: bool = Field(description="an option refers to others (all of the above), so the order must stay")


class Rejected(Row):
    """A record that is no usable question, with everything that could still be read of it."""

    table = "rejected_records"

    record_id: RecordId
    source: Filled
    role: Role
    file: Filled
    locator: Locator
    reason_codes: Annotated[list[Reason], Field(min_length=1)]
    detail: Filled | None
    stem: Filled | None
    context: Filled | None
    options: FoundOptions | None
    subject: Label | None
    language: Language | None
    answer_index: Position | None = Field(description="counted from 0, where it could be read all the same")
    explanation: Filled | None
    original_id: Label | None
    repairs: list[Name]
    payload: str


class SourceFile(Row):
    """How a file (or a part of one with a layout of its own) was read, and what came of it."""

    table = "source_files"
    rules = (
        RowRule(
            "questions and rejected add up to records",
            ("records", "questions", "rejected"),
            lambda rows: pc.equal(pc.add(rows["questions"], rows["rejected"]), rows["records"]),
        ),
    )

    source: Filled
    file: Filled
    part: str = Field(description="sheet or member of an archive with a layout of its own, else empty")
    reader: Filled
    encoding: Filled | None
    layout: Filled = Field(description="what tells the cells of a record apart; none: its reader gives the parts")
    fields: list[str] = Field(description="part <- header, for each part of a question that was found")
    unused: list[str] = Field(description="headers that nothing is taken from")
    answer_format: Filled = Field(description="how keys are written")
    decided_by: str = Field(description="what decided that")
    records: Count = Field(description="raw records in it")
    questions: Count = Field(description="records that are questions")
    rejected: Count = Field(description="records that are none")
    reasons: list[str] = Field(description="reason codes with their counts, most frequent first")
    unread_fraction: Fraction | None = Field(description=UNREAD)
    unread: list[str] = Field(description="the longest pieces of that text")
    looks: list[str] = Field(description="why a person should look at it, and what to do")


class ReviewDecision(Row):
    """A line of the file of decisions, and what came of it in this version."""

    table = "review_decisions"

    line: Annotated[int, Field(ge=1)] = Field(description="its number in the file, counted from 1")
    id: Filled | None = Field(description="id of the decision; null where the line can't be read")
    at: Filled | None = Field(description="when it was decided, as the line says")
    who: Filled | None = Field(description="the reviewer")
    why: Filled | None = Field(description="the reviewer's reason, in the reviewer's words")
    action: Action | None = Field(description="what was decided")
    record_id: RecordId | None = Field(description="the record as the line names it")
    content_id: ContentId | None = Field(description="what that record said when it was decided, as the line names it")
    other_record_id: RecordId | None = Field(description="merge, apart: the other record as the line names it")
    gives: JsonObject | None = Field(description="JSON object: what the action gives (answer_index, stem, options, context, undoes)")
    found_id: RecordId | None = Field(description="the record of this version that it is about; null where none is")
    other_found_id: RecordId | None = Field(description="merge, apart: the other record of this version")
    before: JsonObject | None = Field(
        description="JSON object: content_id (null: no question), context, stem, options and answer_index just before this line"
    )
    status: Status = Field(description="what came of it")
    detail: Filled = Field(description="the status in words: what was done, or why not")
    touches: list[RecordId] = Field(description="records of this version that are as they are because of it; none unless it was applied")


class MatchedDecision(ReviewDecision):
    """A line of the file of decisions, the record that it is about, and what became of that record's text."""

    table = "matched_decisions"


class Pair(Row):
    """Two questions that verification found related."""

    table = "duplicate_pairs"
    rules = (RowRule("left_id is smaller than right_id", ("left_id", "right_id"), lambda rows: pc.less(rows["left_id"], rows["right_id"])),)

    left_id: RecordId
    right_id: RecordId
    relation: Found
    similarity: Fraction = Field(description="Jaccard of content tokens")
    why: Filled = Field(description="the rule that decided (docs/duplicates.md) and what it saw")


class ClusterMember(Row):
    """What deduplication says of one question; every question has one row."""

    table = "duplicate_clusters"
    rules = (
        RowRule(
            "split_group is no larger than content_id",
            ("split_group", "content_id"),
            lambda rows: pc.less_equal(rows["split_group"], rows["content_id"]),
        ),
        given_where(
            ("best_relation",), "where there are neighbours", "neighbours", lambda lists: pc.greater(pc.list_value_length(lists), 0)
        ),
    )

    record_id: RecordId
    content_id: ContentId
    role: Role
    cluster_id: ContentId | None = Field(description="null when it has no exact or same duplicate")
    split_group: ContentId = Field(description="questions that must share a split: the smallest content_id among them")
    best_relation: Found | None = Field(description="strongest relation to any other question")
    neighbours: Annotated[list[Annotated[str, Field(pattern="^[a-z]+:[0-9a-f]{16}$")]], Field(max_length=MAX_NEIGHBOURS)] = Field(
        description="relation:record_id, strongest first"
    )
    cut_from: RecordId | None = Field(
        description="a record that it is the same as and not clustered with: a chain of unlike rows was cut there"
    )
    held_by: RecordId | None = Field(
        description="where decisions bear on it: the benchmark's record that holds it, or a duplicate of it, as the files say it"
    )


class Quality(Row):
    """Signals that fired on one question, and its score."""

    table = "quality_scores"
    rules = (
        RowRule(
            "each flag has one explanation",
            ("flags", "explanations"),
            lambda rows: pc.equal(pc.list_value_length(rows["flags"]), pc.list_value_length(rows["explanations"])),
        ),
    )

    record_id: RecordId
    quality_score: Fraction
    flags: list[Name] = Field(description="names of the signals that fired")
    explanations: list[Filled] = Field(description="one sentence a flag: value and threshold")
    signals: Annotated[str, Field(pattern=r"^\{")] = Field(
        description="JSON object: signal -> value; null is undefined, and a signal that isn't there is 0"
    )


class ModelSignal(Row):
    """What a language model makes of one question; null where the question is too long for it."""

    table = "model_signals"
    rules = (given_where(("question_gain",), "where gold_nll is", "gold_nll", pc.is_valid),)

    record_id: RecordId
    model: Filled = Field(description="name and revision of the model")
    gold_nll: Annotated[float, Field(ge=0)] | None = Field(
        description="negative log-probability of the right option under a softmax over the options' log-likelihoods per byte, nats"
    )
    question_gain: float | None = Field(
        description="gain of the right option's log-likelihood per byte by reading the question, less the wrong ones' gain, nats"
    )


class Selection(Row):
    """The verdict on one question before the split; every question has one row."""

    table = "curated_questions"
    rules = (
        given_where(("disposition",), "where the question was not kept", "kept", pc.invert),
        *VERDICT_RULES,
        RowRule(
            "answer_index is the place of an option",
            ("answer_index", "option_count"),
            lambda rows: pc.less(rows["answer_index"], rows["option_count"]),
        ),
    )

    record_id: RecordId
    content_id: ContentId
    split_group: ContentId
    kept: bool
    disposition: Verdict | None = Field(description="what became of the question; null when kept")
    reason_codes: list[Reason]
    detail: Filled | None
    cluster_id: ContentId | None
    representative_id: RecordId | None = Field(description="the record that decided: winner, benchmark item or contradicting record")
    relation: Found | None
    shared_13gram: RecordId | None
    quality_score: Fraction
    source: Filled
    subject: Label | None
    language: Language
    answer_index: Position
    option_count: Annotated[int, Field(ge=MIN_OPTIONS, le=MAX_OPTIONS)]


class SplitRow(Row):
    """The split of one kept question."""

    table = "splits"

    record_id: RecordId
    content_id: ContentId
    split_group: ContentId
    split: Split


class LedgerRow(Row):
    """The whole story of one raw record. One row each, whatever became of it."""

    table = "sample_ledger"
    rules = (
        RowRule(
            "split is the disposition where that is a split, else null",
            ("split", "disposition"),
            lambda rows: pc.equal(
                pc.fill_null(rows["split"], ""), pc.if_else(is_one_of(rows["disposition"], SPLITS), rows["disposition"], "")
            ),
        ),
        *VERDICT_RULES,
        given_where(
            ("content_id", "split_group", "fixed_order", "quality_score", "flags"),
            "unless the record was rejected",
            "disposition",
            lambda dispositions: pc.not_equal(dispositions, Disposition.REJECTED),
        ),
        RowRule(
            "stem, options, answer_index and language are given unless the record was rejected",
            ("stem", "options", "answer_index", "language", "disposition"),
            lambda rows: pc.or_(
                pc.equal(rows["disposition"], Disposition.REJECTED),
                reduce(pc.and_, [rows[name].is_valid() for name in ("stem", "options", "answer_index", "language")]),
            ),
        ),
        ANSWER_IS_AN_OPTION,
    )

    record_id: RecordId
    source: Filled
    role: Role
    file: Filled
    locator: Locator
    disposition: Disposition
    reason_codes: list[Reason]
    detail: str | None
    content_id: ContentId | None
    cluster_id: ContentId | None
    split_group: ContentId | None
    representative_id: RecordId | None
    relation: Found | None
    shared_13gram: RecordId | None
    quality_score: Fraction | None
    flags: list[Name] | None
    split: Split | None
    dataset_version: DatasetVersion
    stem: Filled | None
    context: Filled | None
    options: FoundOptions | None
    answer_index: Position | None = Field(
        description="position of the right option, counted from 0; of a rejected record where it could be read all the same"
    )
    explanation: Filled | None
    subject: Label | None
    language: Language | None
    repairs: list[Name]
    fixed_order: bool | None
    original_id: Label | None
    decided_by: Filled | None
    licence: str
    encoding: Filled | None
    file_sha256: FileHash
    payload: str
