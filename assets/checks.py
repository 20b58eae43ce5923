"""What must hold after each stage, as blocking checks: a failed one stops the run before anything is published. Beside them warnings,
which stop nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from assets.guard import nothing_shrank
from assets.metadata import markdown_table
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry, files_of
from assets.resources.lake_io import find_table
from pipeline import checks
from pipeline.common.store.lake import Version
from pipeline.ledger import funnel
from schemas.errors import DataError

SHOWN = 20
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
IDS = ("record_id",)


def check_result(bad: pd.DataFrame, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> dg.AssetCheckResult:
    """Passed when no row breaks the rule; else the number of such rows and a table of the first 20."""
    rows = [{k: list(v) if hasattr(v, "tolist") else v for k, v in row.items()} for row in bad.head(SHOWN).to_dict("records")]
    metadata: dict[str, Any] = {"failing_rows": len(bad)}
    if rows:
        metadata["rows"] = markdown_table(rows, cell_chars=80, of=len(bad))
    return dg.AssetCheckResult(passed=bad.empty, severity=severity, metadata=metadata)


def sentence_result(wrong: str | None, severity: dg.AssetCheckSeverity, **metadata: Any) -> dg.AssetCheckResult:
    """Passed when there is nothing to say."""
    return dg.AssetCheckResult(passed=wrong is None, severity=severity, description=wrong, metadata=metadata)


def blocking(
    asset: str,
    name: str,
    description: str,
    find: Callable[..., pd.DataFrame],
    others: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> Callable[[Sequence[str]], dg.AssetChecksDefinition]:
    """A blocking check of one asset, for assets under any prefix. `find` gets its frame and those of `others`, with those of these
    columns that they have, and gives the rows that break the rule."""

    def under(prefix: Sequence[str]) -> dg.AssetChecksDefinition:
        keys = [dg.AssetKey([*prefix, table]) for table in (asset, *others)]

        @dg.asset_check(asset=keys[0], name=name, description=description, blocking=True, additional_deps=keys[1:])
        def check(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
            foundry = foundries.of(context)
            run = context.run
            tables = (find_table(foundry, context.instance, run, table) for table in (asset, *others))
            return check_result(find(*(table.frame(columns) for table in tables)))

        return check

    return under


def decisions_found(prefix: Sequence[str]) -> dg.AssetChecksDefinition:
    """Warns of decisions that a person has to mend, in the file or by a new one."""

    @dg.asset_check(
        asset=dg.AssetKey([*prefix, "review_decisions"]),
        name="decisions_found",
        description="Every line of the reviewers' decisions can be read, and finds the record that it is about. Warns; stops nothing.",
    )
    def check(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
        lost = checks.decisions_lost(find_table(foundries.of(context), context.instance, context.run, "review_decisions").frame())
        result = check_result(lost)
        return dg.AssetCheckResult(passed=result.passed, severity=dg.AssetCheckSeverity.WARN, metadata=result.metadata)

    return check


_CURATION = [
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
        "review_decisions",
        "every_decision_listed",
        "Every line of the decisions has one row that says what came of it, and every applied one names records that there are.",
        checks.decisions_unlisted,
        ["matched_decisions", "questions", "rejected_records"],
    ),
    decisions_found,
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


Find = Callable[[pd.DataFrame, Version | None, Foundry], dg.AssetCheckResult]


def warning(asset: str, name: str, description: str, find: Find) -> Callable[[Sequence[str]], dg.AssetChecksDefinition]:
    """A check that stops nothing and asks someone to look. `find` gets the asset's frame, and the version that readers see before this
    run publishes, if there is one."""

    def under(prefix: Sequence[str]) -> dg.AssetChecksDefinition:
        @dg.asset_check(asset=dg.AssetKey([*prefix, asset]), name=name, description=description)
        def check(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
            foundry = foundries.of(context)
            try:
                before = foundry.lake.current()
            except DataError:  # publishing says so, and mends it
                before = None
            return find(find_table(foundry, context.instance, context.run, asset).frame(), before, foundry)

        return check

    return under


def _reject_share(ledger: pd.DataFrame, before: Version | None, foundry: Foundry) -> dg.AssetCheckResult:
    """Compares with the version before; the first version has nothing to compare with."""
    now = funnel(ledger)
    wrong = checks.reject_share_rose(before.counts, now) if before else None
    return sentence_result(wrong, WARN, rejected=now["rejected"], **({"rejected_before": before.counts["rejected"]} if before else {}))


def _sources_shrank(files: pd.DataFrame, before: Version | None, foundry: Foundry) -> dg.AssetCheckResult:
    """Compares the records of each source with those in the version before."""
    known = files_of(foundry, before) if before else files
    return check_result(checks.shrunk_sources(known, files), WARN)


_WARNINGS = [
    warning(
        "sample_ledger",
        "reject_share_is_no_higher",
        "The share of rejected records is not up by more than a quarter (and a hundredth of all) against the version before.",
        _reject_share,
    ),
    warning(
        "source_files",
        "no_source_shrank",
        "No source has fewer records than in the version before.",
        _sources_shrank,
    ),
    warning(
        "source_files",
        "no_unknown_layout",
        "Of every file some columns were recognised as question, options and answer.",
        lambda files, before, foundry: check_result(checks.unknown_layouts(files), WARN),
    ),
]


def curation_checks(prefix: Sequence[str] = ()) -> list[dg.AssetChecksDefinition]:
    """The checks of curation, for assets whose keys begin with `prefix`."""
    return [under(prefix) for under in (*_CURATION, *_WARNINGS)]


CURATION_CHECKS = curation_checks()
"""Those of assets without a prefix."""
