"""Bounds of tables: every one of every table is broken here, on a single row by pydantic and in bulk."""

import math
from enum import StrEnum
from types import UnionType
from typing import Annotated, ClassVar, Literal, Union, get_args, get_origin

import pyarrow as pa
import pytest
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import Field, ValidationError

from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.bounds import checked, checked_rows, rules_of, violations
from schemas.tables.column_text import MODELS as ALL
from schemas.tables.curation import Pair, Question
from schemas.tables.row import MAX_OPTIONS, MAX_TEXT_CHARS, MIN_OPTIONS, Row

MODELS = {model.table: model for model in ALL}
A, B = "0123456789abcdef", "fedcba9876543210"
OF_RECORD = {"record_id": A, "source": "school", "role": "train", "file": "a/b.csv", "locator": "a/b.csv#row:1"}
OF_FILE = {"encoding": "utf-8", "file_sha256": 4 * A, "payload": "{}"}
OF_READING = {"part": "", "reader": "csv", "unread_fraction": 0.5, "unread": ["Part one"]}
OF_TEXT = {"context": None, "explanation": None, "subject": "Biology", "language": "vi", "original_id": None, "repairs": ["html_tags"]}
OF_QUESTION = {"stem": "Đâu?", "options": ["AaBb", "aabb"], "answer_index": 1, "fixed_order": False, "content_id": B} | OF_TEXT
OF_VERDICT = {"reason_codes": ["duplicate_same"], "detail": "said", "representative_id": B, "relation": "same", "cluster_id": A}
OF_VERDICT |= {"disposition": "duplicate", "shared_13gram": None, "quality_score": 1.0, "split_group": A}
OF_ANSWER = {"record_id": A, "split_group": A, "source": "school", "subject": None, "language": "en", "split": "benchmark"}
OF_DECISION = {"line": 1, "id": "d1", "at": None, "who": "Lan", "why": None, "action": "merge", "record_id": A, "content_id": B}
OF_DECISION |= {
    "other_record_id": B,
    "gives": "{}",
    "found_id": A,
    "other_found_id": B,
    "before": None,
    "status": "applied",
    "detail": "so",
}
OF_DECISION |= {"touches": [A, B]}
ROWS = {
    "raw_records": OF_RECORD | OF_FILE | OF_READING | {"reason_codes": ["malformed_row"], "detail": None},
    "source_files": OF_READING
    | {
        "source": "school",
        "file": "a/b.csv",
        "encoding": "utf-8",
        "layout": "headers",
        "fields": [],
        "unused": [],
        "answer_format": "letter",
    }
    | {"decided_by": "", "records": 3, "questions": 2, "rejected": 1, "reasons": ["empty_stem 1"], "looks": []},
    "questions": OF_RECORD | OF_QUESTION,
    "rejected_records": OF_RECORD
    | {"reason_codes": ["empty_stem"], "detail": None, "stem": None, "context": None, "options": [""], "payload": ""}
    | {"subject": None, "language": None, "repairs": [], "answer_index": None, "explanation": None, "original_id": None},
    "matched_decisions": OF_DECISION,
    "review_decisions": OF_DECISION,
    "duplicate_pairs": {"left_id": A, "right_id": B, "relation": "related", "similarity": 0.0, "why": "one passage"},
    "duplicate_clusters": {"record_id": A, "content_id": B, "role": "benchmark", "cluster_id": None, "split_group": B}
    | {"best_relation": "exact", "neighbours": [f"exact:{B}"], "cut_from": None, "held_by": None},
    "quality_scores": {"record_id": A, "quality_score": 0.5, "flags": ["long"], "explanations": ["so long"], "signals": "{}"},
    "model_signals": {"record_id": A, "model": "small@1", "gold_nll": 0.0, "question_gain": -1.0},
    "curated_questions": {"record_id": A, "content_id": B, "kept": False, "source": "school", "subject": None, "language": "en"}
    | OF_VERDICT
    | {"answer_index": 1, "option_count": 2},
    "splits": {"record_id": A, "content_id": B, "split_group": A, "split": "test"},
    "sample_ledger": OF_RECORD
    | OF_FILE
    | OF_QUESTION
    | OF_VERDICT
    | {"flags": [], "split": None, "dataset_version": A[:12], "licence": "", "decided_by": "d1 by Lan"},
    "chat_examples": OF_ANSWER
    | {"prompt": "?", "completion": "!", "prompt_tokens": 1, "completion_tokens": 1, "neutralised_tokens": 0, "status": "ok"},
    "trained_samples": {"record_id": A, "split": "train", "status": "trained", "times_seen": 1, "first_loss": 1.0, "last_loss": 0.5}
    | {"losses": [1.0], "option_orders": ["BA"], "gold_probabilities": [0.5], "gold_chosen": [True], "validation_loss": None},
    "predictions": OF_ANSWER
    | {"model": "base", "mode": "cloze", "answer_index": 1, "predicted_index": 1, "correct": True, "option_scores": [-2.0, -1.0]}
    | {"option_log_likelihoods": [-8.0, -2.0], "gold_nll": 0.3},
    "key_evidence": {"record_id": A, "content_id": B, "split_group": B, "source": "school", "split": "train", "answer_index": 1}
    | {"status": "scored", "asked_times": 1, "adapter_gold_probability": 0.2, "adapter_chosen": 0, "adapter_chosen_probability": 0.8}
    | {"base_gold_probability": 0.3, "base_chosen": 0, "base_chosen_probability": 0.7, "agree_against_key": True}
    | {"self_confidence": 0.2, "confidently_other": True, "wrong_share": 0.4, "suspected_wrong_key": 1},
}
# What breaks the rules of a table, in their order; what breaks the bounds of single columns is made of these by `breaking`.
BROKEN_RULES = {
    "questions": [
        {"answer_index": 2},
        {"options": ["Huế  cũ", "Huế cũ."]},
    ],
    "source_files": [{"questions": 3}],
    "duplicate_pairs": [{"right_id": A}],
    "duplicate_clusters": [{"split_group": "f" * 16}, {"best_relation": None}],
    "quality_scores": [{"flags": []}],
    "model_signals": [{"question_gain": None}],
    "curated_questions": [{"kept": True}, {"reason_codes": []}, {"representative_id": None}, {"option_count": 2, "answer_index": 2}],
    "sample_ledger": [
        {"split": "test"},
        {"reason_codes": []},
        {"relation": None},
        {"quality_score": None},
        {"stem": None},
        {"answer_index": 2},
    ],
    "trained_samples": [{"times_seen": 0}, {"losses": []}, {"gold_chosen": []}],
    "predictions": [{"answer_index": 2}, {"predicted_index": 2}, {"option_log_likelihoods": [-1.0] * 3}, {"correct": False}],
    "key_evidence": [{"suspected_wrong_key": None}],
}


def breaking(annotation, metadata, good):
    """A value beyond each bound that a field states, made from the field itself; `good` is one that keeps them all."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from breaking(arguments[0], [*metadata, *(part for field in arguments[1:] for part in field.metadata)], good)
    elif origin in (Union, UnionType):
        yield from breaking(next(kind for kind in arguments if kind is not type(None)), metadata, good)
    elif origin is list:
        yield from (beyond(part, lambda size: (good * (size + 1))[:size]) for part in metadata)
        yield from ([bad, *good[1:]] for bad in breaking(arguments[0], [], good[0] if good else None))
    elif origin is Literal or issubclass(annotation, StrEnum):
        yield "nonsense"
    else:
        yield from (beyond(part, annotation if annotation is not str else "a".__mul__) for part in metadata)


def beyond(part, make):
    match part:
        case Ge(least) | MinLen(least):
            return make(least - 1)
        case Le(most) | MaxLen(most):
            return make(most + 1)
        case Gt(limit) | Lt(limit):
            return make(limit)
    assert part.pattern
    return " "


def broken_rows(model):
    """Rows of a table, each with one value beyond one bound, and the columns that changed."""
    good = ROWS[model.table]
    for name, field in model.model_fields.items():
        values = [] if arrow_schema(model).field(name).nullable else [None]
        for value in [*values, *breaking(field.annotation, field.metadata, good[name])]:
            yield good | {name: value}, {name}
    for change in BROKEN_RULES.get(model.table, []):
        yield good | change, set(change)


def table_of(model, *rows):
    return pa.Table.from_pylist(list(rows), arrow_schema(model))


@pytest.mark.parametrize("table", MODELS)
def test_every_bound_of_every_column_refuses_what_lies_beyond_it(table):
    model, met = MODELS[table], set()
    for row, columns in broken_rows(model):
        with pytest.raises(ValidationError):
            model.model_validate(row)
        found = list(violations(table_of(model, ROWS[table], row), model))
        assert all(violation.rows == [1] for violation in found), "the row beside it is good"
        broken = {violation.rule for violation in found if columns & set(violation.rule.columns)}
        assert broken, f"{columns} of {row} break nothing"
        met |= broken
    assert [rule.says for rule in rules_of(model) if rule not in met] == [], "a bound is never broken here: add a row that does"


@pytest.mark.parametrize("table", MODELS)
def test_good_rows_pass_both_ways(table):
    MODELS[table].model_validate(ROWS[table])
    good = table_of(MODELS[table], ROWS[table])
    assert checked(good, MODELS[table]) is good
    checked(good.slice(0, 0), MODELS[table])


@pytest.mark.parametrize(
    "change",
    [
        {"stem": "x" * MAX_TEXT_CHARS},
        {"options": [str(i) for i in range(MIN_OPTIONS)]},
        {"options": [str(i) for i in range(MAX_OPTIONS)], "answer_index": MAX_OPTIONS - 1},
        {"options": ["...", "."]},
        {"options": ["x" * MAX_TEXT_CHARS, "\u3000y"], "stem": "何"},
    ],
)
def test_a_question_at_its_bounds_holds(change):
    Question.model_validate(ROWS["questions"] | change)
    assert not list(violations(table_of(Question, ROWS["questions"] | change), Question))


def test_a_number_that_is_none_breaks_its_bound():
    row = ROWS["duplicate_pairs"] | {"similarity": math.nan}
    assert {found.rule.columns for found in violations(table_of(Pair, row), Pair)} == {("similarity",)}


def test_the_error_names_table_record_column_value_and_bound():
    bad = ROWS["questions"] | {"record_id": B, "answer_index": 7}
    with pytest.raises(DataError) as error:
        checked(table_of(Question, ROWS["questions"], bad, bad), Question)
    for part in ("table questions", B, "answer_index '7'", "AaBb", "answer_index is the place of an option", "2 such rows"):
        assert part in str(error.value)


def test_rows_are_counted_across_chunks_and_slices():
    good, bad = (table_of(Question, ROWS["questions"] | {"options": options}) for options in (["a", "b"], ["a", " "]))
    table = pa.concat_tables([good, good, bad, good, bad])
    for whole in (table, table.combine_chunks()):
        (found,) = violations_of_all(whole.slice(1))
        assert found == [1, 3]


def violations_of_all(table):
    """Places by bound, over all chunks."""
    rows = {}
    for violation in violations(table, Question):
        rows.setdefault(violation.rule.says, []).extend(violation.rows)
    return rows.values()


def test_a_row_with_other_columns_than_its_table_is_refused():
    assert checked_rows([ROWS["splits"]], MODELS["splits"]).to_pylist() == [ROWS["splits"]]
    with pytest.raises(DataError, match="table splits: a row has other columns than its model: splitt"):
        checked_rows([ROWS["splits"] | {"splitt": "train"}], MODELS["splits"])


def test_a_bound_that_no_bulk_test_knows_is_refused():
    class Even(Row):
        table: ClassVar[str] = "even"
        half: Annotated[int, Field(multiple_of=2)]

    with pytest.raises(TypeError, match="MultipleOf"):
        rules_of(Even)
