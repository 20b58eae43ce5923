"""What the page of an asset shows: row count, columns, first rows, counts, pictures."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.resources.lake_io import Table
from assets.resources.links import Link, linked
from pipeline.common.escapes import markdown
from pipeline.common.text import one_line
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables.column_text import described
from schemas.tables.row import Row

# `Output(data_version=...)` is the only way to give a table its own version, and says on every use that it is beta.
warnings.filterwarnings("ignore", message=r"Parameter `data_version`", category=dg.BetaWarning)

PREVIEW_ROWS = 5
CELL_CHARS = 60
# Dagster's page shows Markdown in place up to about 1,000 characters, and hides longer one behind a button.
INLINE_CHARS = 980
# What a preview shows of a table, as far as it has these.
TELLING = (
    "record_id",
    "left_id",
    "right_id",
    "file",
    "disposition",
    "relation",
    "reason_codes",
    "split",
    "quality_score",
    "stem",
    "payload",
)


def output(table: Table, metadata: Mapping[str, Any], version_suffix: str = "") -> dg.Output[Table]:
    """The Dagster output of a table: its hash as data version, row count, place, first rows with links to their records, why it was
    computed, and `metadata`."""
    rows, head = table.head(PREVIEW_ROWS)
    told = [name for name in TELLING if name in head.column_names]
    preview = linked(table.lake.dataset, head.select(told).to_pylist(), "record_id", "left_id", "right_id")
    return dg.Output(
        table,
        data_version=dg.DataVersion(table.hash + version_suffix),
        metadata={
            "dagster/row_count": rows,
            **defined({"computed": table.computed, **metadata}),
            "preview": markdown_table(preview),
            "path": dg.MetadataValue.path(str(table.path)),
        },
    )


def shares(counts: Mapping[str, int], whole: int, prefix: str = "share") -> dict[str, float]:
    """Counts as fractions of a whole, which the UI plots over time; nothing of an empty whole."""
    return {f"{prefix}_{name}": round(count / whole, 6) for name, count in counts.items()} if whole else {}


def defined(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: an undefined number is left out, since a zero would look like a bad one."""
    return {name: value for name, value in metadata.items() if value is not None}


def column_schema(model: type[Row]) -> dg.TableSchema:
    """Columns, types, descriptions and bounds of a table, for the asset's page."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            description=column.text,
            constraints=dg.TableColumnConstraints(nullable=column.nullable, other=list(column.bounds)),
        )
        for column in described(model)
    ]
    return dg.TableSchema(columns, dg.TableConstraints(other=[rule.says for rule in model.rules]))


def markdown_table(rows: Sequence[Mapping[str, Any]], cell_chars: int = CELL_CHARS, of: int | None = None) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table that the UI shows in place; long cells are cut, rows that don't fit are counted, and no text of a
    question can act as markup. `of`: how many rows there are, where `rows` are the first of them."""
    if not rows:
        return dg.MetadataValue.md("*no rows*")
    names = list(rows[0])
    lines = ["| " + " | ".join(map(markdown, names)) + " |", "|" + " --- |" * len(names)]
    room = INLINE_CHARS - sum(map(len, lines)) - 30
    for row in rows:
        line = "| " + " | ".join(_cell(row.get(name), cell_chars) for name in names) + " |"
        room -= len(line) + 1
        if room < 0 and len(lines) > 2:
            break
        lines.append(line)
    left = (len(rows) if of is None else of) - (len(lines) - 2)
    return dg.MetadataValue.md("\n".join(lines) + (f"\n\nand {left:,} more" if left > 0 else ""))


def _cell(value: Any, cell_chars: int) -> str:
    if value is None:
        return ""
    if isinstance(value, Link):
        return str(value)
    text = one_line(" / ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value))
    text = text[: cell_chars - 1] + "…" if len(text) > cell_chars else text
    return markdown(text)


def counts_table(counts: Mapping[str, int], what: str) -> dg.MarkdownMetadataValue:
    """Counts as a small table."""
    return markdown_table([{what: name, "records": count} for name, count in counts.items()])


def reasons_table(counts: Mapping[str, int]) -> dg.MarkdownMetadataValue:
    """Counts by reason code, each said in words."""
    return markdown_table([{"reason": r, "records": n, "what it means": REASON_TEXT[Reason(r)]} for r, n in counts.items()], cell_chars=160)


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction for people; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:.{digits}f}%"


def number(value: float | None, digits: int = 2) -> str:
    """A number for people; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"
