"""What must hold after each stage, as blocking checks: a failed one stops the run before anything is published."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from assets.guard import nothing_shrank
from assets.metadata import markdown_table
from assets.resources.foundry import Foundry
from assets.resources.lake_io import find_table
from pipeline import checks

SHOWN = 20
IDS = ("record_id",)


def check_result(bad: pd.DataFrame) -> dg.AssetCheckResult:
    """Passed when no row breaks the rule; else the number of such rows and a table of the first 20."""
    rows = [{k: list(v) if hasattr(v, "tolist") else v for k, v in row.items()} for row in bad.head(SHOWN).to_dict("records")]
    metadata: dict[str, Any] = {"failing_rows": len(bad)}
    if rows:
        metadata["rows"] = markdown_table(rows, cell_chars=80)
    return dg.AssetCheckResult(passed=bad.empty, severity=dg.AssetCheckSeverity.ERROR, metadata=metadata)


def blocking(
    asset: str,
    name: str,
    description: str,
    find: Callable[..., pd.DataFrame],
    others: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> dg.AssetChecksDefinition:
    """A blocking check of one asset. `find` gets its frame and those of `others`, with those of these columns that they have, and gives
    the rows that break the rule."""

    @dg.asset_check(asset=asset, name=name, description=description, blocking=True, additional_deps=list(others))
    def check(context: dg.AssetCheckExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.AssetCheckResult:
        run = context.run
        tables = (find_table(foundry, context.instance, run, table) for table in (asset, *others))
        return check_result(find(*(table.frame(columns) for table in tables)))

    return check


CURATION_CHECKS = [
    blocking("raw_records", "ids_unique", "Every record_id stands once.", checks.repeated_ids, columns=["record_id", "source", "locator"]),
    blocking(
        "rejected_records",
        "nothing_lost_in_normalize",
        "Every raw record is either a question or rejected, and only one of them.",
        lambda rejected, raw, questions: checks.unaccounted(raw, questions, rejected),
        ["raw_records", "questions"],
        IDS,
    ),
    blocking(
        "source_files",
        "every_record_counted",
        "The files' rows count every record, once.",
        checks.files_uncounted,
        ["raw_records"],
        ["source", "file", "part", "records"],
    ),
    blocking("rejected_records", "every_rejection_has_a_reason", "No record is rejected without a reason code.", checks.unexplained),
    blocking(
        "questions",
        "answers_valid",
        "Every answer_index points at an option, and the options are 2 to 10, none empty, no two alike.",
        checks.invalid_answers,
    ),
    blocking(
        "duplicate_clusters",
        "nothing_lost_in_deduplicate",
        "Every question has one row.",
        lambda own, q: checks.unaccounted(q, own),
        ["questions"],
        IDS,
    ),
    blocking(
        "quality_scores",
        "nothing_lost_in_assess",
        "Every question has one score.",
        lambda own, q: checks.unaccounted(q, own),
        ["questions"],
        IDS,
    ),
    blocking(
        "curated_questions",
        "nothing_lost_in_select",
        "Every question has one verdict.",
        lambda own, q: checks.unaccounted(q, own),
        ["questions"],
        IDS,
    ),
    blocking(
        "splits",
        "nothing_lost_in_split",
        "Every kept question has one split, and no other has one.",
        lambda own, selection: checks.unaccounted(selection[selection["kept"]], own),
        ["curated_questions"],
        [*IDS, "kept"],
    ),
    blocking(
        "splits",
        "no_group_across_splits",
        "Questions that belong together share a split.",
        checks.groups_across_splits,
        columns=["record_id", "split_group", "split"],
    ),
    blocking(
        "sample_ledger",
        "nothing_lost_in_ledger",
        "Every raw record has exactly one row, and so one disposition.",
        lambda own, raw: checks.unaccounted(raw, own),
        ["raw_records"],
        IDS,
    ),
    blocking("sample_ledger", "rows_consistent", "Disposition, reasons, score and split of a row agree.", checks.broken_ledger_rows),
    blocking(
        "sample_ledger",
        "no_cluster_across_splits",
        "No duplicate cluster stands in two splits.",
        checks.clusters_across_splits,
        columns=["record_id", "cluster_id", "split"],
    ),
    nothing_shrank,
]
