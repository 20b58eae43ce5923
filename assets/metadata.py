"""What the page of an asset shows: row count, columns, first rows, counts, pictures."""

import base64
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.resources.lake_io import Table
from pipeline.common.escapes import markdown
from pipeline.common.text import one_line
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables.column_text import described
from schemas.tables.row import Row

# `Output(data_version=...)` is the only way to give a table its own version, and says on every use that it is beta.
warnings.filterwarnings("ignore", message=r"Parameter `data_version`", category=dg.BetaWarning)

PREVIEW_ROWS = 5
CELL_CHARS = 60


def output(table: Table, metadata: Mapping[str, Any], version_suffix: str = "") -> dg.Output[Table]:
    """The Dagster output of a table: its hash as data version, row count, place, first rows, why it was computed, and
    `metadata`."""
    rows, head = table.head(PREVIEW_ROWS)
    return dg.Output(
        table,
        data_version=dg.DataVersion(table.hash + version_suffix),
        metadata={
            "dagster/row_count": rows,
            "preview": markdown_table(head.to_pylist()),
            "path": dg.MetadataValue.path(str(table.path)),
            **defined({"computed": table.computed, **metadata}),
        },
    )


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


def markdown_table(rows: Sequence[Mapping[str, Any]], cell_chars: int = CELL_CHARS) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table; long cells are cut, and no text of a question can act as markup."""
    if not rows:
        return dg.MetadataValue.md("*no rows*")
    names = list(rows[0])
    lines = ["| " + " | ".join(map(markdown, names)) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name), cell_chars) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any, cell_chars: int) -> str:
    if value is None:
        return ""
    text = one_line(" / ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value))
    text = text[: cell_chars - 1] + "…" if len(text) > cell_chars else text
    return markdown(text)


def counts_table(counts: Mapping[str, int], what: str) -> dg.MarkdownMetadataValue:
    """Counts as a small table."""
    return markdown_table([{what: name, "records": count} for name, count in counts.items()])


def reasons_table(counts: Mapping[str, int]) -> dg.MarkdownMetadataValue:
    """Counts by reason code, each said in words."""
    return markdown_table([{"reason": r, "records": n, "what it means": REASON_TEXT[Reason(r)]} for r, n in counts.items()], cell_chars=160)


def png(data: bytes) -> dg.MarkdownMetadataValue:
    """A picture that the UI shows in place."""
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(data).decode()})")


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction for people; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:.{digits}f}%"


def number(value: float | None) -> str:
    """A number for people; a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}"
