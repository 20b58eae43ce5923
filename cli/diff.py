"""`mcq diff`: what entered, left, changed and moved between two dataset versions, and why."""

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from assets.resources.foundry import Foundry
from cli.options import command, err, out, styled, table_console
from pipeline.audit.diff import KINDS, Change
from pipeline.audit.diff import diff as find_changes
from pipeline.common.escapes import json_text
from pipeline.common.reviewers import said
from pipeline.common.store.lake import Lake, Version
from pipeline.common.store.retention import kept_versions
from pipeline.common.text import one_line
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow, ReviewDecision

if TYPE_CHECKING:
    from assets.resources.foundry import Foundry

ROWS_A_KIND = 10
STYLES = {"entered": "green", "left": "red", "changed": "yellow", "moved": "cyan"}


class DiffFormat(StrEnum):
    """How changes are written."""

    TABLE = "table"
    JSONL = "jsonl"


@command
def diff(
    old: Annotated[str | None, typer.Argument(metavar="[OLD]", help="version, or its beginning; default: the one before NEW")] = None,
    new: Annotated[str | None, typer.Argument(metavar="[NEW]", help="version, or its beginning; default: the published one")] = None,
    list_versions: Annotated[bool, typer.Option("--list", help="list the published versions, and why each is kept")] = False,
    format: Annotated[DiffFormat, typer.Option(help="table shows the first ten of each kind; jsonl holds all")] = DiffFormat.TABLE,
) -> None:
    """Show what entered, left, changed or moved to another split between two versions of the dataset, and why."""
    from assets.resources.configurations import load_foundry

    foundry = load_foundry()
    if list_versions:
        return print_versions(foundry)
    lake = foundry.lake
    before, after = versions(lake, old, new)
    tables = [to_rows(lake.read_table("sample_ledger", v.tables["sample_ledger"], LedgerRow), LedgerRow) for v in (before, after)]
    words = {**decision_words(foundry, before), **decision_words(foundry, after)}
    changes = find_changes(*tables, before.config["split"], after.config["split"], words)
    if format == DiffFormat.JSONL:
        for change in changes:
            print(json_text(change._asdict()))
        return
    out.print(f"{before.name} ({before.published_at})  ->  {after.name} ({after.published_at})\n")
    print_counts(before, after)
    print_changes(changes)


def decision_words(foundry: "Foundry", version: Version) -> dict[str, str]:
    """What reviewers decided in a version, by the words of `decided_by`."""
    from assets.resources.foundry import decisions_of

    rows = to_rows(decisions_of(foundry, version), ReviewDecision, ("id", "who", "why", "action", "found_id", "status"))
    return {
        f"{row['id']} by {one_line(row['who'])}": said(row | {"detail": f"{row['action']} of {row['found_id']}"})
        for row in rows
        if row["status"] == "applied"
    }


def versions(lake: Lake, old: str | None, new: str | None) -> tuple[Version, Version]:
    """The two versions meant. Raises DataError when there are no two, or a name fits none or several."""
    after = lake.version(new) if new else lake.current()
    if after is None:
        raise DataError(f"dataset {lake.dataset!r} has no published version yet; run `mcq run` first")
    if old:
        return lake.version(old), after
    known = {version.name: version for version in lake.versions()}
    if after.replaces in known:
        return known[after.replaces], after
    if after.replaces:
        raise DataError(f"version {after.name} replaced {after.replaces}, which isn't kept; name another: {', '.join(known)}")
    # Versions of 0.1.0 don't tell what they replaced: among them, time decides.
    older = [version for version in known.values() if version.replaces is None and version.published_at < after.published_at]
    if not older:
        raise DataError(f"version {after.name} of {lake.dataset!r} is the first: there is nothing to compare it with")
    return max(older, key=lambda version: version.published_at), after


def print_counts(before: Version, after: Version) -> None:
    """Records by disposition in both, where they differ."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("disposition", "before", "after", "change"):
        table.add_column(name, justify="left" if name == "disposition" else "right")
    totals = ("read", *(sum(v.counts.values()) for v in (before, after)))
    for name, was, now in [totals, *((str(d), before.counts[d], after.counts[d]) for d in Disposition)]:
        table.add_row(str(name), f"{was:,}", f"{now:,}", f"{now - was:+,}" if now != was else "")
    out.print(table)


def print_changes(changes: list[Change]) -> None:
    """How many of each kind, then the first of each with what made them."""
    counts = Counter(change.kind for change in changes)
    if not changes:
        out.print("\nNo question entered, left, changed or moved.")
        return
    out.print("\n" + ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS))
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("record", no_wrap=True)
    table.add_column("split", no_wrap=True)
    table.add_column("question", max_width=44, no_wrap=True, overflow="ellipsis")
    table.add_column("why")
    for kind in KINDS:
        for change in [change for change in changes if change.kind == kind][:ROWS_A_KIND]:
            split = " -> ".join(dict.fromkeys(name for name in (change.before, change.after) if name))
            cells: list[Any] = [change.record_id, split, " ".join(change.stem.split()), change.why]
            table.add_row(styled((kind, STYLES[kind])), *cells)
    table_console(180).print(table)
    if any(count > ROWS_A_KIND for count in counts.values()):
        err.print(f"{len(changes):,} changes, the first {ROWS_A_KIND} of each kind shown; --format jsonl gives all")


def print_versions(foundry: "Foundry") -> None:
    """A line a version, newest first: when, how much it holds, and why cleaning leaves it."""
    config = foundry.config
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("version", "published", *map(str, SPLITS), "records", "kept because"):
        table.add_column(name, justify="right" if name in (*SPLITS, "records") else "left")
    for version, reasons in reversed(
        kept_versions(foundry.lake, config.keep_versions, 3600 * config.keep_hours, foundry.pinned_versions())
    ):
        counts = [f"{version.counts[name]:,}" for name in map(str, SPLITS)]
        why = ", ".join(reasons) or "nothing: the next published version removes it"
        table.add_row(version.name, version.published_at[:19].replace("T", " "), *counts, f"{sum(version.counts.values()):,}", why)
    table_console(160).print(table)
    out.print(
        f"\nkeep_versions {config.keep_versions}, keep_hours {config.keep_hours:g}; `mcq run --dataset-version V` trains on one of them"
    )
