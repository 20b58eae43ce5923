"""What a run ends with: the funnel, the reasons, the verdict, and where everything lies."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from assets.resources.cache_keys import places
from assets.resources.foundry import Foundry, ledger_of
from cli.options import escape, out
from pipeline.common.counts import count_values
from pipeline.common.store.runs import read_result
from schemas.reasons import REASON_TEXT, SPLITS, Disposition, Reason


def summarise(foundry: Foundry, with_models: bool) -> None:
    """Prints the published version's funnel, and with `with_models` the verdict on the adapter where there is one."""
    at = places(foundry)
    print_funnel(at.version.counts)
    print_reasons(count_values(ledger_of(foundry, at.version)["reason_codes"]))
    lies = {"dataset version": at.version.name, "tables": foundry.lake.root}
    if (report := foundry.reports / f"{at.version.name}.html").exists():
        lies["report"] = report
    if with_models:
        if (result := read_result(at.evaluation)) is not None:
            print_result(result)
            lies["evaluation"] = at.evaluation
        if at.manifest.exists():
            lies["adapter"] = at.adapter
        elif at.examples.exists():
            lies["chat examples"] = at.examples.parent
        if (foundry.data_root / "audit.sqlite").exists():
            lies["audit database"] = foundry.data_root / "audit.sqlite"
    for name, place in lies.items():
        out.print(f"{name:<16} {escape(short(place) if isinstance(place, Path) else place)}")
    out.print("\nNext: `mcq trace SOURCE:LOCATOR` tells the story of one record; `make dev` opens the UI.")


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
        table.add_row(code, f"{count:,}", escape(REASON_TEXT[Reason(code)]))
    out.print()
    Console(highlight=False, width=None if out.is_terminal else 140).print(table)


def print_result(result: dict[str, Any]) -> None:
    """The verdict in one sentence."""
    out.print()
    out.print(f"[bold]{escape(result['verdict'])}[/]")
    out.print()
