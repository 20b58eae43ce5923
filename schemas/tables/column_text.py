"""What tables and columns hold, for people: for the pages of the assets, and as Markdown for docs/tables.md."""

from typing import NamedTuple

from schemas.tables import curation, evaluation, evidence, training
from schemas.tables.arrow import arrow_schema
from schemas.tables.bounds import NEVER_NULL, column_rules
from schemas.tables.row import Row

# Of the columns that several tables share; a field's own description goes before it.

COLUMN_TEXT = {
    "record_id": "hash of source, payload and occurrence: one raw record",
    "source": "name of the source in the configuration",
    "role": "role of the source",
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
    "shared_13gram": "the benchmark record that it shares most 13-grams with; this flags and removes nothing",
    "relation": "how the two questions stand to each other",
    "quality_score": "high = good",
    "flags": "names of the quality signals that fired",
    "split": "the split that it is in",
    "dataset_version": "hash of the curated rows with their splits and of the curation config",
    "stem": "the question itself",
    "context": "passage or rubric that the stem leans on",
    "options": "in file order, without their marks",
    "answer_index": "position of the right option, counted from 0",
    "explanation": "what the file says on the answer",
    "subject": "from a column, else from the file's name or folder",
    "language": "language of the question",
    "original_id": "the file's own id of the question",
    "repairs": "named changes made while parsing",
    "fixed_order": "an option refers to others, so the order must stay",
    "decided_by": 'decisions of reviewers that touched it: id and reviewer, "; " between several; null where none did',
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


# Every table, in the order of the pipeline.
MODELS: list[type[Row]] = [
    model
    for module in (curation, training, evaluation, evidence)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Row) and model is not Row
]


class Column(NamedTuple):
    """A column as people see it: Arrow type, whether it may be null, its other bounds in words, and what it holds."""

    name: str
    type: str
    nullable: bool
    bounds: tuple[str, ...]
    text: str


def described(model: type[Row]) -> list[Column]:
    """The columns of a table, in order."""
    columns = []
    for field in arrow_schema(model):
        bounds = tuple(rule.says for rule in column_rules(model)[field.name] if rule.says != NEVER_NULL)
        text = model.model_fields[field.name].description or COLUMN_TEXT.get(field.name, "")
        columns.append(Column(field.name, str(field.type), field.nullable, bounds, text))
    return columns


def tables_markdown() -> str:
    """A section a table: what a row is, its columns with types, bounds and descriptions, and the rules between columns."""
    sections = []
    for model in MODELS:
        lines = [f"## {model.table}", model.__doc__ or "", "| column | type | bounds | what it holds |\n|---|---|---|---|"]
        for column in described(model):
            bounds = "; ".join(["may be null"] * column.nullable + [_cell(bound) for bound in column.bounds])
            lines[-1] += f"\n| `{column.name}` | {column.type} | {bounds} | {_cell(column.text)} |"
        if model.rules:
            lines.append("In every row:\n" + "".join(f"\n- {rule.says}" for rule in model.rules))
        sections.append("\n\n".join(lines))
    return "\n\n".join(sections) + "\n"


def _cell(text: str) -> str:
    """Patterns as code; a line can't end a cell."""
    what, matches, pattern = text.partition("matches ")
    return f"{what}{matches}`{pattern}`".replace("|", "\\|") if matches else text.replace("|", "\\|")
