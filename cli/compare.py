"""`mcq compare`: all finished evaluations of the dataset, or two of them side by side."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli.options import command, err, indented, out, styled, table_console
from pipeline.audit.leaderboard import between, percent, points, shown
from pipeline.common.escapes import json_text
from pipeline.common.text import one_line
from schemas.errors import DataError

if TYPE_CHECKING:
    from assets.resources.foundry import Foundry
    from pipeline.audit.comparison import Side
    from pipeline.audit.runs import Run

STYLES = {"right -> wrong": "red", "wrong -> right": "green"}
STEM_CHARS = 70
NUMBERS = ("set", "accuracy", "delta", "p", "gold NLL", "others", "minutes")
ONCE = ("asked", "data", "base")
"""What is told above the table where it is the same in all rows."""


class CompareFormat(StrEnum):
    """How runs are written."""

    TABLE = "table"
    JSON = "json"


class Order(StrEnum):
    """What the leaderboard is sorted by."""

    DATE = "date"
    ACCURACY = "accuracy"


@command
def compare(
    run_a: Annotated[
        str | None, typer.Argument(metavar="[RUN_A]", help="an adapter or evaluation, or the beginning of its id; default: the leaderboard")
    ] = None,
    run_b: Annotated[str | None, typer.Argument(metavar="[RUN_B]", help="default: the newest evaluation")] = None,
    by: Annotated[
        Order,
        typer.Option(
            help="the leaderboard newest first, or by accuracy: what can be compared with the newest evaluation before all others"
        ),
    ] = Order.DATE,
    limit: Annotated[int, typer.Option(min=0, help="of two runs: how many changes and flipped answers of each kind are told")] = 5,
    format: Annotated[CompareFormat, typer.Option(help="json: everything, one object or a list of them")] = CompareFormat.TABLE,
) -> None:
    """Show all finished evaluations, or what differs between two in data, settings and answers, with the nearest training samples."""
    from assets.resources.configurations import load_foundry
    from pipeline.audit.leaderboard import leaderboard
    from pipeline.audit.runs import find_run, finished_runs

    foundry = load_foundry()
    runs = finished_runs(foundry.adapters)
    if run_a is not None:
        first = find_run(run_a, runs, foundry.adapters)
        second = find_run(run_b, runs, foundry.adapters) if run_b is not None else runs[0]
        two_runs(foundry, first, second, limit, format)
        return
    if not runs:
        raise DataError(f"dataset {foundry.config.dataset!r} has no finished evaluation; `mcq run` makes one")
    rows = leaderboard(runs, foundry.lake, by == Order.ACCURACY)
    if format == CompareFormat.JSON:
        print(json_text(rows, indent=1))
    else:
        show_leaderboard(rows)


def two_runs(foundry: "Foundry", first: "Run", second: "Run", limit: int, format: CompareFormat) -> None:
    """Compares and shows two runs. Raises DataError when they are one, or can't be compared."""
    from pipeline.audit.comparison import data_apart, results_apart
    from pipeline.audit.settings_apart import settings_apart

    if first.folder == second.folder:
        raise DataError(f"both are {first.name}; name another run beside it")
    one, two = (side_of(foundry, run) for run in (first, second))
    found: dict[str, Any] = {
        **{name: facts_of(run) for name, run in (("a", first), ("b", second))},
        "data": data_apart(one, two, limit),
        "settings": settings_apart(first, second),
        "results": results_apart(one, two, limit),
    }
    if format == CompareFormat.JSON:
        print(json_text(found, indent=1))
        return
    for name in ("a", "b"):
        facts = found[name]
        told = (facts["run"], facts["evaluated_at"][:16].replace("T", " "), f"data {facts['dataset_version']}", str(facts["base_model"]))
        out.print("  ".join((name.upper(), *told)))
    show_data(found["data"])
    show_settings(found["settings"])
    show_results(found["results"])
    show_flips(found["results"]["flipped"])


def side_of(foundry: "Foundry", run: "Run") -> "Side":
    """A run with its dataset version. Raises DataError when that isn't kept."""
    from pipeline.audit.comparison import Side

    version = foundry.lake.pinned(run.manifest["dataset_version"])
    return Side(run, version, foundry.lake.arrow("sample_ledger", version.tables["sample_ledger"]))


def facts_of(run: "Run") -> dict[str, Any]:
    """Which run it is."""
    manifest = run.manifest
    facts = {name: manifest.get(name) for name in ("dataset_version", "base_model", "base_revision", "method")}
    return {"run": run.name, "evaluated_at": run.ended.isoformat(timespec="seconds"), **facts, "verdict": run.result["verdict"]}


def show_leaderboard(rows: Sequence[Mapping[str, Any]]) -> None:
    """A line an evaluation; question sets by numbers, as only rows of one can be put in order."""
    cells = shown(rows)
    alike = [name for name in ONCE if len({row[name] for row in cells}) == 1]
    table = table_of(*(name for name in cells[0] if name not in alike), right=NUMBERS)
    for row in cells:
        table.add_row(*(text for name, text in row.items() if name not in alike))
    if alike:
        out.print("all: " + ", ".join(f"{name} {cells[0][name]}" for name in alike))
    table_console(190).print(table)
    err.print("delta: against the base model; others: the same of questions outside the headline (what was forgotten)")
    if len({row["set"] for row in cells}) > 1:
        err.print("rows of different sets were asked other questions, or scored otherwise: their accuracies can't be compared")
    if len(rows) > 2:
        err.print("the best of several is partly luck: look again on questions that chose nothing before you rely on it")


def show_data(data: Mapping[str, Any]) -> None:
    """What entered, left, changed and moved."""
    from pipeline.audit.diff import KINDS

    out.print("\nData")
    if "not_told" in data:
        out.print(f"{data['a']}  ->  {data['b']}: {data['not_told']}")
        return
    counts = data["counts"]
    if not any(counts.values()):
        out.print(f"the same questions in the same splits ({data['a']})")
        return
    out.print(f"{data['a']}  ->  {data['b']}: " + ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS))
    table = table_of("", "record", "split", "question", "why")
    for change in data["changes"]:
        split = " -> ".join(dict.fromkeys(name for name in (change["before"], change["after"]) if name))
        table.add_row(change["kind"], change["record_id"], split, cut(change["stem"]), change["why"])
    table_console(180).print(table)
    if sum(counts.values()) > len(data["changes"]):
        err.print("the first of each kind; `--limit` shows more, `mcq diff` all")


def show_settings(settings: Sequence[Mapping[str, Any]]) -> None:
    """A line a setting that differs."""
    out.print("\nSettings")
    if not settings:
        out.print("the same")
        return
    table = table_of("setting", "A", "B")
    for line in settings:
        table.add_row(line["setting"], *(json_text(line[side]) if side in line else "–" for side in ("a", "b")))
    table_console(180).print(table)


def show_results(results: Mapping[str, Any]) -> None:
    """Verdict, what speaks against it, and the figures."""
    out.print("\nResults")
    out.print(results["verdict"])
    for note in results["notes"]:
        out.print(styled(("note: ", "yellow"), note))
    table = table_of("", "questions", "groups", "A", "B", "difference", "95% interval", "p", "NLL A -> B", right="all")
    for part, found in results["parts"].items():
        table.add_row(
            part,
            f"{found['n']:,}",
            f"{found['groups']:,}",
            *(percent(found[side]["accuracy"]) for side in ("a", "b")),
            points(found["delta"]),
            between(found["delta_interval"], points).strip(" ()") or "–",
            "–" if found["p_value"] is None else f"{found['p_value']:.2g}",
            " -> ".join(f"{found[side]['gold_nll']:.2f}" for side in ("a", "b")),
        )
    for row in results["by_source"] if len(results["by_source"]) > 1 else ():
        table.add_row(
            row["source"],
            f"{row['n']:,}",
            "",
            *(percent(row[side] / row["n"]) for side in ("a", "b")),
            points((row["b"] - row["a"]) / row["n"]),
        )
    table_console(150).print(table)


def show_flips(flipped: Mapping[str, Any]) -> None:
    """Questions whose answers turned right or wrong, what both said, and the nearest training samples."""
    out.print(f"\nFlipped: {flipped['to_wrong']:,} right -> wrong, {flipped['to_right']:,} wrong -> right")
    for item in flipped["items"]:
        out.print(styled("\n", (item["change"], STYLES[item["change"]]), f"  {item['record_id']}  {item['locator']}"))
        out.print(f"  {indented(item['stem'].strip(), 2)}")
        for name, text, nll in (("key", item["gold"], None), ("A", item["a"], item["a_gold_nll"]), ("B", item["b"], item["b_gold_nll"])):
            out.print(f"  {name:<4}{one_line(text)}{'' if nll is None else f'  (gold NLL {nll:.2f})'}")
        for near in item["nearest"]:
            by = " and ".join(side.upper() for side in near["trained_by"])
            out.print(f"  {near['similarity']:.2f}  trained by {by}: {cut(near['stem'])} => {cut(near['gold'])}  {near['record_id']}")
        if not item["nearest"]:
            out.print("  no training sample shares a telling word with it")
    if flipped["to_wrong"] + flipped["to_right"] > len(flipped["items"]):
        err.print("shown are those whose right option gained or lost most probability; `--limit` shows more")


def table_of(*names: str, right: Sequence[str] = ()) -> Table:
    """A table with these columns; numbers to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name and (right == "all" or name in right) else "left")
    return table


def cut(text: str) -> str:
    """A text on one line, its end left out where it is long."""
    line = one_line(text)
    return line if len(line) <= STEM_CHARS else f"{line[: STEM_CHARS - 1]}…"
