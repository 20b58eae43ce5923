"""The vocabulary of verdicts: every table, count, test and report uses these words and no others."""

from enum import StrEnum
from typing import get_args

from schemas.vocabulary import Split


class Disposition(StrEnum):
    """Where a raw record ended up. Every record has exactly one; the first that fits, in this order, wins."""

    REJECTED = "rejected"
    BENCHMARK = "benchmark"
    CONTAMINATED = "contaminated"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SPLITS = tuple(map(Disposition, get_args(Split)))


class Relation(StrEnum):
    """How two questions stand to each other, strongest first."""

    EXACT = "exact"
    SAME = "same"
    VARIANT = "variant"
    CONFLICT = "conflict"
    RELATED = "related"
    DIFFERENT = "different"


class Reason(StrEnum):
    """Why a record isn't in a split. `REASON_TEXT` says each in one sentence."""

    # ingest
    UNREADABLE_FILE = "unreadable_file"
    MALFORMED_ROW = "malformed_row"
    UNKNOWN_LAYOUT = "unknown_layout"
    TOO_LARGE = "too_large"
    # parse and validate
    NOT_MULTIPLE_CHOICE = "not_multiple_choice"
    MULTIPLE_QUESTIONS = "multiple_questions"
    IMAGE_REQUIRED = "image_required"
    EMPTY_STEM = "empty_stem"
    TOO_FEW_OPTIONS = "too_few_options"
    TOO_MANY_OPTIONS = "too_many_options"
    EMPTY_OPTION = "empty_option"
    DUPLICATE_OPTIONS = "duplicate_options"
    MISSING_ANSWER = "missing_answer"
    ANSWER_NOT_IN_OPTIONS = "answer_not_in_options"
    MULTIPLE_ANSWERS = "multiple_answers"
    AMBIGUOUS_ANSWER_BASE = "ambiguous_answer_base"
    # select
    CONTAMINATED_EXACT = "contaminated_exact"
    CONTAMINATED_SAME = "contaminated_same"
    CONTAMINATED_VARIANT = "contaminated_variant"
    CONTAMINATED_CONFLICT = "contaminated_conflict"
    CONTAMINATED_CLUSTER = "contaminated_cluster"
    CONFLICTING_ANSWERS = "conflicting_answers"
    DUPLICATE_EXACT = "duplicate_exact"
    DUPLICATE_SAME = "duplicate_same"
    DUPLICATE_VARIANT = "duplicate_variant"
    BELOW_MIN_SCORE = "below_min_score"
    REJECTED_BY_REVIEWER = "rejected_by_reviewer"


REASON_TEXT: dict[Reason, str] = {
    Reason.UNREADABLE_FILE: "the file could not be opened or decoded as its format",
    Reason.MALFORMED_ROW: "the row is broken in its file (bad JSON, wrong number of cells, cut off)",
    Reason.UNKNOWN_LAYOUT: "no column was recognised as question, options or answer; name them under `fields:`",
    Reason.TOO_LARGE: "longer than any question is (see MAX_TEXT_CHARS, MAX_OPTIONS)",
    Reason.NOT_MULTIPLE_CHOICE: "an open or essay question: it offers no options",
    Reason.MULTIPLE_QUESTIONS: "the text runs two or more questions together",
    Reason.IMAGE_REQUIRED: "it can't be answered without a picture that the text doesn't hold",
    Reason.EMPTY_STEM: "nothing is left of the question once its options and number are taken off",
    Reason.TOO_FEW_OPTIONS: "fewer than two options",
    Reason.TOO_MANY_OPTIONS: "more than ten options",
    Reason.EMPTY_OPTION: "an option has a mark but no text",
    Reason.DUPLICATE_OPTIONS: "two options say the same",
    Reason.MISSING_ANSWER: "no key was given",
    Reason.ANSWER_NOT_IN_OPTIONS: "the key points at no option",
    Reason.MULTIPLE_ANSWERS: "the key names more than one option",
    Reason.AMBIGUOUS_ANSWER_BASE: "numbers as keys, and the file doesn't show whether they count from 0 or 1; set `answer_format:`",
    Reason.CONTAMINATED_EXACT: "a benchmark holds exactly this question",
    Reason.CONTAMINATED_SAME: "a benchmark holds this question, written a little differently",
    Reason.CONTAMINATED_VARIANT: "a benchmark holds this question in other words or with other distractors",
    Reason.CONTAMINATED_CONFLICT: "a benchmark holds this question with another key",
    Reason.CONTAMINATED_CLUSTER: "a duplicate of it stands in a benchmark",
    Reason.CONFLICTING_ANSWERS: "the same question stands elsewhere with a key that contradicts this one; both are held back for review",
    Reason.DUPLICATE_EXACT: "the same question, options and key stand elsewhere",
    Reason.DUPLICATE_SAME: "the same question stands elsewhere, written a little differently",
    Reason.DUPLICATE_VARIANT: "a variant of it was kept, and `dedup.drop_variants` is on",
    Reason.BELOW_MIN_SCORE: "its quality score is under `quality.min_score`",
    Reason.REJECTED_BY_REVIEWER: "a reviewer rejected it",
}
