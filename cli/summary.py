"""What a run ends with: the funnel, the reasons, the verdict, and where everything lies."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from assets.resources.cache_keys import places
from assets.resources.foundry import Foundry, decisions_of, files_of, ledger_of
from cli.options import out, styled, table_console
from cli.running_server import dataset_address
from pipeline.common.counts import count_values
from pipeline.common.store.lake import Version
from pipeline.common.store.runs import read_result
from pipeline.common.text import one_line
from pipeline.select.reviewed import worth_a_look
from schemas.reasons import REASON_TEXT, SPLITS, Disposition, Reason
from schemas.tables.arrow import to_rows
from schemas.tables.curation import ReviewDecision, SourceFile

FILES_SHOWN, DECISIONS_SHOWN, WHY_CHARS = 12, 12, 300


def summarise(foundry: Foundry, with_models: bool, all_files: bool = False) -> None:
    """Prints the published version's funnel and its files, and with `with_models` the verdict on the adapter where there is one."""
    at = places(foundry)
    if foundry.pinned:
        now = foundry.lake.current()
        out.print(f"Version {at.version.name} of {at.version.published_at}; readers see {now.name if now else 'none'}.\n")
    ledger = ledger_of(foundry, at.version)
    print_funnel(at.version.counts)
    print_reasons(count_values(ledger["reason_codes"]))
    print_files(to_rows(files_of(foundry, at.version), SourceFile), ledger, all_files)
    print_decisions(decisions_of(foundry, at.version), foundry.decisions)
    lies = {"dataset version": at.version.name, "tables": foundry.lake.root}
    if (report := foundry.reports / f"{at.version.name}.html").exists():
        lies["report"] = report
    if foundry.audit.exists():
        lies["audit database"] = foundry.audit
    if with_models:
        if (result := read_result(at.evaluation)) is not None:
            print_result(result)
            lies["evaluation"] = at.evaluation
        if at.manifest.exists():
            lies["adapter"] = at.adapter
        elif at.examples.exists():
            lies["chat examples"] = at.examples.parent
    if (address := dataset_address(foundry.data_root, foundry.config.dataset)) is not None:
        lies["pages"] = address
    for name, place in lies.items():
        out.print(f"{name:<16} {short(place) if isinstance(place, Path) else place}")
    out.print("\nNext: `mcq trace SOURCE:LOCATOR` tells the story of one record; `make dev` opens the UI.")


def summarise_standing(foundry: Foundry, version: Version, files: int, all_files: bool) -> None:
    """Says that nothing is new, and prints the funnel of the version that stands."""
    out.print(
        f"Nothing is new since {version.published_at}: {files:,} raw files, the configuration, the code and what reviewers decided are as "
        "they were, and every published table, the report and the audit database are whole. Nothing was computed or published, and no run "
        "was started.\n"
    )
    print_funnel(version.counts)
    if all_files:
        print_files(to_rows(files_of(foundry, version), SourceFile), ledger_of(foundry, version), all_files)
    print_decisions(decisions_of(foundry, version), foundry.decisions)
    lies = {"dataset version": version.name, "tables": foundry.lake.root, "report": foundry.reports / f"{version.name}.html"}
    lies["audit database"] = foundry.audit
    if (address := dataset_address(foundry.data_root, foundry.config.dataset)) is not None:
        lies["pages"] = address
    for name, place in lies.items():
        out.print(f"{name:<16} {short(place) if isinstance(place, Path) else place}")


def short(path: Path) -> str:
    """A path below the working directory as people type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def print_funnel(counts: dict[str, int]) -> None:
    """Records read, what became of them, in the funnel's order; counts add up."""
    table = Table(title="Funnel", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("disposition")
    table.add_column("records", justify="right")
    table.add_column("left", justify="right")
    left = sum(counts.values())
    table.add_row("read", f"{left:,}", f"{left:,}")
    splits = {str(name) for name in SPLITS}
    for name in map(str, Disposition):
        count = counts[name]
        left -= 0 if name in splits else count
        table.add_row(
            f"-> {name}" if name in splits else name,
            f"{count:,}",
            "" if name in splits else f"{left:,}",
            style="green" if name in splits else None,
        )
    out.print(table)


def print_reasons(counts: dict[str, int]) -> None:
    """Why records aren't in a split."""
    if not counts:
        return
    table = Table(title="Why records were left out", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("reason")
    table.add_column("records", justify="right")
    table.add_column("what it means")
    for code, count in counts.items():
        table.add_row(code, f"{count:,}", REASON_TEXT[Reason(code)])
    out.print()
    table_console(140).print(table)


def print_files(files: Sequence[Mapping[str, Any]], ledger: pd.DataFrame, all_files: bool) -> None:
    """A line a file: how it was read and what came of it, those first that need a look; without `all_files` no others."""
    parts = {(file["file"], file["part"]) for file in files}
    kept: Counter[tuple[str, str]] = Counter()
    for name, locator, split in zip(ledger["file"], ledger["locator"], ledger["split"], strict=True):
        part = locator[len(name) + 1 :].rpartition("/")[0]
        kept[name, part if (name, part) in parts else ""] += isinstance(split, str)
    shown = list(files) if all_files else [file for file in files if file["looks"]][:FILES_SHOWN]
    out.print()
    if shown:
        table = Table(title="Files" if all_files else "Files to look at", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for name in ("file", "reader", "layout"):
            table.add_column(name)
        for name in ("records", "kept", "refused", "text in no record"):
            table.add_column(name, justify="right")
        table.add_column("why look")
        for file in shown:
            unread = "" if file["unread_fraction"] is None else f"{file['unread_fraction']:.0%}"
            counts = (f"{file['records']:,}", f"{kept[file['file'], file['part']]:,}", f"{file['rejected']:,}", unread)
            name = f"{file['file']}#{file['part']}" if file["part"] else file["file"]
            cells = (name, file["reader"], file["layout"], *counts, "; ".join(file["looks"])[:WHY_CHARS])
            table.add_row(*map(one_line, cells))
        table_console(180).print(table)
    if left := len(files) - len(shown):
        need = sum(1 for file in files if file["looks"]) - len(shown)
        out.print(f"{left:,} other files, {need:,} of them to look at too; `mcq run --files` lists all, `mcq inspect FILE` shows one")


def print_decisions(decisions: pd.DataFrame, file: Path) -> None:
    """What came of the reviewers' decisions, and a line for each that needs a look."""
    if decisions.empty:
        return
    counts = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in count_values(decisions["status"]).items())
    out.print(f"\nDecisions of reviewers: {counts}")
    looks = worth_a_look(decisions)
    if len(looks):
        table = Table(title="Decisions to look at", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for name in ("line", "who", "action", "record", "status", "why"):
            table.add_column(name, justify="right" if name == "line" else "left")
        names = ("line", "who", "action", "record_id", "status", "detail")
        for row in to_rows(looks.head(DECISIONS_SHOWN), ReviewDecision, names):
            table.add_row(*(one_line("" if row[name] is None else str(row[name]))[:WHY_CHARS] for name in names))
        table_console(180).print(table)
        more = len(looks) - DECISIONS_SHOWN
        out.print(
            f"{f'{more:,} more are to be looked at; ' if more > 0 else ''}all lines stand in {short(file)}, the table is review_decisions"
        )


def print_result(result: dict[str, Any]) -> None:
    """The verdict in one sentence."""
    out.print()
    out.print(styled((result["verdict"], "bold")))
    out.print()
