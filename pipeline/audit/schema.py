"""The tables of the audit database: columns, keys, links, indexes, and what each holds in a few words.

Tables that have a model take their columns and texts from it. `record_id` is always the record's id; where a fact can be older than the
current version (what was trained on, answered, changed, decided), `in_ledger` is the same id while the version still holds the record,
else null: the link that can be followed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from schemas.tables.arrow import arrow_schema
from schemas.tables.column_text import COLUMN_TEXT, described
from schemas.tables.curation import LedgerRow, Pair, Quality, ReviewDecision, SourceFile
from schemas.tables.evaluation import Prediction
from schemas.tables.row import Row
from schemas.tables.training import ChatExample, TrainedSample


class AuditColumn(NamedTuple):
    """A column: SQLite type, what it holds, and the `table(column)` that it links to."""

    name: str
    type: str
    text: str
    references: str | None = None


@dataclass(frozen=True)
class AuditTable:
    """A table: `key` is its primary key, `indexes` are column lists in SQL. A table `by_key` is stored in the order of its key."""

    name: str
    title: str
    text: str
    columns: tuple[AuditColumn, ...]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    by_key: bool = False
    links: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Its columns' names, in order."""
        return [column.name for column in self.columns]

    def ddl(self) -> str:
        """The `create table` statement."""
        lines = [f'"{c.name}" {c.type}' + (f" references {c.references}" if c.references else "") for c in self.columns]
        lines += [f"primary key ({', '.join(self.key)})", *self.links]
        return f'create table "{self.name}" (\n  ' + ",\n  ".join(lines) + "\n)" + (" without rowid" if self.by_key else "")

    def index_ddl(self) -> list[str]:
        """The `create index` statements: to be run when the rows are there."""
        return [f'create index "{self.name}_{number}" on "{self.name}" {columns}' for number, columns in enumerate(self.indexes, start=1)]


def sqlite_type(kind: pa.DataType) -> str:
    """Lists and JSON are text."""
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "integer"
    return "real" if pa.types.is_floating(kind) else "text"


LEDGER = "ledger(record_id)"
IN_LEDGER = AuditColumn("in_ledger", "text", "the record's id while the current version holds it, else null", LEDGER)


def _of(model: type[Row], references: dict[str, str] | None = None, without: Sequence[str] = ()) -> tuple[AuditColumn, ...]:
    schema, links = arrow_schema(model), references or {}
    return tuple(
        AuditColumn(column.name, sqlite_type(schema.field(column.name).type), column.text, links.get(column.name))
        for column in described(model)
        if column.name not in without
    )


def _text(*names: str, **texts: str) -> tuple[AuditColumn, ...]:
    said = {**{name: COLUMN_TEXT[name] for name in names}, **texts}
    return tuple(AuditColumn(name, "text", text) for name, text in said.items())


_RECORD = AuditColumn("record_id", "text not null", COLUMN_TEXT["record_id"], LEDGER)
_ANY_RECORD = AuditColumn("record_id", "text not null", COLUMN_TEXT["record_id"])
_ADAPTER = AuditColumn("adapter", "text not null", "the training run, by the name of its adapter's folder", "runs(adapter)")
_COUNT = AuditColumn("records", "integer not null", "number of records")

TABLES = {
    table.name: table
    for table in (
        AuditTable(
            "ledger",
            "Ledger",
            "A row for each raw record: where it came from, what happened to it, why, and where it is now.",
            _of(LedgerRow, {"representative_id": LEDGER, "shared_13gram": LEDGER}),
            ("record_id",),
            (
                "(disposition)",
                "(content_id)",
                "(split_group)",
                "(cluster_id) where cluster_id is not null",
                "(representative_id) where representative_id is not null",
                "(shared_13gram) where shared_13gram is not null",
                "(file, disposition)",
                "(locator)",
                "(quality_score) where split is not null",
            ),
        ),
        AuditTable(
            "quality",
            "Quality",
            "The signals that fired on each question, and its score.",
            _of(Quality, {"record_id": LEDGER}),
            ("record_id",),
        ),
        AuditTable(
            "pairs",
            "Pairs",
            "Two questions that verification found related.",
            _of(Pair, {"left_id": LEDGER, "right_id": LEDGER}),
            ("left_id", "right_id"),
            ("(right_id)", "(relation)"),
        ),
        AuditTable(
            "reasons",
            "Reasons",
            "A row for each reason that a record isn't in a split.",
            (_RECORD, *_text(reason_code="why it isn't in a split")),
            ("reason_code", "record_id"),
            ("(record_id)",),
            by_key=True,
        ),
        AuditTable(
            "flags",
            "Flags",
            "A row for each quality signal that fired on a question.",
            (_RECORD, *_text(flag="name of the signal")),
            ("flag", "record_id"),
            ("(record_id)",),
            by_key=True,
        ),
        AuditTable(
            "files",
            "Files",
            "How each raw file was read, and what came of it.",
            _of(SourceFile),
            ("source", "file", "part"),
            ("(file)",),
        ),
        AuditTable(
            "rejections",
            "Rejections by reason and file",
            "How many records of a file were rejected for a reason, with one of them.",
            (
                *_text("source", "file", reason_code="why they were rejected"),
                _COUNT,
                AuditColumn("example_id", "text", "one of the records", LEDGER),
            ),
            ("reason_code", "source", "file"),
        ),
        AuditTable(
            "facets",
            "Facets",
            "How many records of the current version have each value of what a search can be narrowed by.",
            (*_text(facet="what is counted", value="its value"), _COUNT),
            ("facet", "value"),
        ),
        AuditTable(
            "examples",
            "Rendered examples",
            "The exact prompt and completion of each question of this version, by base model, where they were rendered.",
            (
                _RECORD,
                *_text(base_model="name of the base model", base_revision="its revision", rendering="folder of the examples"),
                *_of(ChatExample, without=("record_id", "split_group", "source", "subject", "language")),
            ),
            ("record_id", "base_model"),
        ),
        AuditTable(
            "runs",
            "Training runs",
            "A row for each finished adapter.",
            (
                AuditColumn("adapter", "text not null", "the training run, by the name of its adapter's folder"),
                *_text("dataset_version", run_id="the Dagster run", base_model="name of the base model", base_revision="its revision"),
                *_text(method="how it was trained", device="what it was trained on"),
                AuditColumn("steps", "integer", "optimizer steps"),
                AuditColumn("wall_seconds", "real", "how long it took, seconds"),
                AuditColumn("kept_epoch", "integer", "the epoch whose weights were kept"),
                AuditColumn("verdict", "text", "what its newest evaluation says; null where there is none"),
                AuditColumn("manifest", "text", "all that the adapter's manifest says, JSON"),
            ),
            ("adapter",),
        ),
        AuditTable(
            "evaluations",
            "Evaluations",
            "A row for each finished evaluation of an adapter.",
            (
                _ADAPTER,
                AuditColumn("evaluation", "text not null", "the evaluation, by the name of its folder"),
                *_text("dataset_version", verdict="whether the adapter helped, in words", result="all that was measured, JSON"),
            ),
            ("adapter", "evaluation"),
        ),
        AuditTable(
            "trained_samples",
            "Trained samples",
            "What each training run saw of each example, with its losses.",
            (*_of(TrainedSample), _ADAPTER, IN_LEDGER),
            ("record_id", "adapter"),
            ("(adapter)", "(in_ledger)"),
        ),
        AuditTable(
            "predictions",
            "Answers of models",
            "What base model and adapter answered to each question, by way of asking.",
            (*_of(Prediction), _ADAPTER, AuditColumn("evaluation", "text not null", "the evaluation"), IN_LEDGER),
            ("record_id", "adapter", "evaluation", "mode", "model"),
            ("(adapter)", "(in_ledger)"),
            links=("foreign key (adapter, evaluation) references evaluations(adapter, evaluation)",),
        ),
        AuditTable(
            "versions",
            "Versions",
            "The published versions that are kept, oldest first.",
            (
                AuditColumn("name", "text not null", "dataset_version and a hash of the version's tables"),
                *_text("dataset_version", published_at="when readers saw it first, UTC", run_id="the Dagster run that published it"),
                AuditColumn("replaces", "text", "the version that readers saw before it"),
                AuditColumn("counts", "text not null", "records by disposition, JSON"),
                AuditColumn("is_current", "integer not null", "1: readers see it"),
                AuditColumn("position", "integer not null", "order of publishing, from 1"),
            ),
            ("name",),
        ),
        AuditTable(
            "changes",
            "Changes between versions",
            "What entered, left, changed or moved to another split from one kept version to the next, and why.",
            (
                AuditColumn("number", "integer not null", "order in which they are told"),
                AuditColumn("version", "text not null", "the version that brought the change", "versions(name)"),
                AuditColumn("since", "text not null", "the version before it", "versions(name)"),
                *_text(kind="entered, left, changed or moved"),
                _ANY_RECORD,
                *_text("locator", "stem", before="split that it was in; null: none", after="split that it is in; null: none"),
                *_text(why="what made the change"),
                IN_LEDGER,
            ),
            ("number",),
            ("(version, kind)", "(record_id)", "(in_ledger)"),
        ),
        AuditTable(
            "decisions",
            "Decisions",
            "What reviewers decided, a row for each line of the file of decisions, and what came of it in this version.",
            _of(ReviewDecision, {"found_id": LEDGER, "other_found_id": LEDGER}),
            ("line",),
            ("(found_id)", "(record_id)"),
        ),
        AuditTable(
            "touched",
            "Records touched by decisions",
            "The records that are as they are because of a decision.",
            (_RECORD, AuditColumn("line", "integer not null", "the decision, by its line", "decisions(line)")),
            ("record_id", "line"),
            ("(line)",),
            by_key=True,
        ),
        AuditTable(
            "about",
            "About",
            "What this database was made of.",
            _text(key="name of the fact", value="the fact"),
            ("key",),
        ),
    )
}

_KEY_OF = "json_extract({0}.options, '$[' || {0}.answer_index || ']')"

# Columns of both sides of a pair, side by side.
_SIDES = (
    ", ".join(
        f"{side}.{column} as {name}_{column}"
        for side, name in (("a", "left"), ("b", "right"))
        for column in ("stem", "context", "options", "answer_index", "source", "locator", "disposition", "quality_score")
    )
    + f", {_KEY_OF.format('a')} as left_key, {_KEY_OF.format('b')} as right_key"
)


class View(NamedTuple):
    """A ready list."""

    title: str
    text: str
    query: str


VIEWS = {
    "answers": View(
        "Answers",
        "Each answer beside the right one.",
        f"""
        select p.record_id, p.adapter, p.evaluation, p.mode, p.model, l.stem, {_KEY_OF.format("l")} as gold,
               json_extract(l.options, '$[' || p.predicted_index || ']') as answered, p.correct, p.gold_nll, l.source, l.subject
        from predictions p join ledger l using (record_id)""",
    ),
    "flipped": View(
        "Flipped answers",
        "Questions that the base model and the adapter answered differently: fixed or broken by the training.",
        """
        select b.record_id, b.adapter, b.evaluation, b.mode, b.stem, b.gold, b.answered as base_answered,
               a.answered as adapter_answered, case when a.correct then 'fixed' else 'broken' end as change
        from answers b join answers a using (record_id, adapter, evaluation, mode)
        where b.model = 'base' and a.model = 'adapter' and a.correct <> b.correct""",
    ),
    "conflicts": View(
        "Conflicts",
        "Two questions that say the same and whose keys contradict each other, side by side.",
        f"""
        select p.left_id, p.right_id, p.similarity, p.why, {_SIDES}
        from pairs p join ledger a on a.record_id = p.left_id join ledger b on b.record_id = p.right_id
        where p.relation = 'conflict'""",
    ),
    "suspicious_kept": View(
        "Most suspicious kept questions",
        "Questions that are in a split, lowest score first, then most flags.",
        f"""
        select record_id, quality_score, json_array_length(flags) as flag_count, flags, stem, options, {_KEY_OF.format("ledger")} as gold,
               split, source, locator
        from ledger where split is not null order by quality_score, flag_count desc""",
    ),
    "rejected": View(
        "Rejected records",
        "Records that are no usable question, and why.",
        "select record_id, reason_codes, detail, stem, options, payload, source, file, locator from ledger where disposition = 'rejected'",
    ),
    "contamination": View(
        "Contamination",
        "Questions that a benchmark holds too, beside the benchmark's.",
        f"""
        select a.record_id as left_id, b.record_id as right_id, a.relation, a.reason_codes, a.detail, {_SIDES}
        from ledger a left join ledger b on b.record_id = a.representative_id where a.disposition = 'contaminated'""",
    ),
}


def describe() -> dict[str, dict[str, Any]]:
    """Title, description and column texts of every table and view, as Datasette's metadata writes them."""
    tables = {
        table.name: {"title": table.title, "description": table.text, "columns": {c.name: c.text for c in table.columns if c.text}}
        for table in TABLES.values()
    }
    # Datasette's own search box over the ledger; it folds case and diacritics, and knows of no stroked d.
    tables["ledger"] |= {"fts_table": "search", "fts_pk": "rowid"}
    return {**tables, **{name: {"title": view.title, "description": view.text} for name, view in VIEWS.items()}}


def create_statements() -> Iterable[str]:
    """All tables, empty, and the views over them; indexes come when the rows are there."""
    yield from (table.ddl() for table in TABLES.values())
    yield from (f"create view {name} as {view.query}" for name, view in VIEWS.items())
