"""`mcq review`: what a person decides about records, in the terminal or by spreadsheet."""

import getpass
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.options import command, err, out, styled, table_console, user_path
from pipeline.common.escapes import json_text
from pipeline.common.store.decisions import append_decisions, read_lines
from pipeline.review import reviewers
from pipeline.review.decide import in_words
from pipeline.review.published import Published, load_published
from pipeline.review.queues import QUEUE_TEXT, Item, Queue, find_items
from pipeline.review.session import Session, taking_back
from pipeline.review.standing import TAKEN_BACK, WAITS, WRONG, Standing, Told, tell
from schemas.errors import ConfigError, DataError

NEXT = "Next: `mcq run --until curated` applies what waits; `mcq review --list` shows it."


class ListFormat(StrEnum):
    """How decisions are listed."""

    TABLE = "table"
    JSONL = "jsonl"


@command
def review(
    queue: Annotated[Queue | None, typer.Option(help="what to look at; default: the first that isn't empty")] = None,
    who: Annotated[str | None, typer.Option(help="your name; default: $MCQ_REVIEWER, then the one given before")] = None,
    source: Annotated[str | None, typer.Option(help="records of this source alone")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many records")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what was decided and waits for the next refresh")] = False,
    listing: Annotated[bool, typer.Option("--list", help="show every decision and what came of it")] = False,
    format: Annotated[ListFormat, typer.Option(help="of --list")] = ListFormat.TABLE,
    undo: Annotated[str | None, typer.Option(metavar="ID", help="take this decision back")] = None,
    export: Annotated[Path | None, typer.Option(metavar="F.xlsx", help="write records to a spreadsheet to decide in")] = None,
    returned: Annotated[Path | None, typer.Option("--import", metavar="F.xlsx", help="read the decisions of such a spreadsheet")] = None,
) -> None:
    """Decide about records: conflicts, weak and rejected questions, suspected keys. One key a decision, each saved at once."""
    from assets.resources.configurations import load_foundry

    foundry = load_foundry()
    if sum(1 for asked in (listing, undo is not None, export is not None, returned is not None) if asked) > 1:
        raise ConfigError("--list, --undo, --export and --import are different things to do: give one of them")
    if listing:
        published = load_published(foundry.lake) if foundry.lake.current() else None
        list_decisions(tell(read_lines(foundry.decisions), published), foundry.decisions, format)
    elif undo is not None:
        take_back(foundry.decisions, undo, reviewer(foundry.data_root, who))
    elif returned is not None:
        from cli.review_sheet import bring_back

        bring_back(foundry, user_path(returned), reviewer(foundry.data_root, who))
    else:
        published = load_published(foundry.lake)
        standing = Standing(read_lines(foundry.decisions), published)
        queues = find_items(published, standing, foundry.adapters.glob("*"), source, everything, queue, foundry.evidence.glob("*"))
        if export is not None:
            from cli.review_sheet import send_out

            send_out(foundry, user_path(export), published, standing, chosen(queues, queue, limit))
        else:
            decide(foundry, published, standing, queues, queue, limit, who)


def chosen(queues: dict[Queue, list[Item]], queue: Queue | None, limit: int | None) -> list[Item]:
    """The items of one queue, or of all in which there is something to decide."""
    return [item for name, items in queues.items() if name == queue or (queue is None and name != Queue.PENDING) for item in items][:limit]


def decide(
    foundry: Any,
    published: Published,
    standing: Standing,
    queues: dict[Queue, list[Item]],
    queue: Queue | None,
    limit: int | None,
    who: str | None,
) -> None:
    """Goes through a queue with the person at the terminal."""
    from cli.keys import Keys
    from cli.review_terminal import work

    if queue is None:
        show_queues(queues)
        queue = next((name for name, items in queues.items() if items and name != Queue.PENDING), None)
    items = queues[queue][:limit] if queue else []
    if not items:
        waits = f"; {len(standing.waiting):,} decided records wait for the next refresh. {NEXT}" if standing.waiting else ""
        out.print(f"There is nothing to decide{f' in {queue}' if queue else ''}{waits}")
        return
    session = Session(items, published, foundry.decisions, reviewer(foundry.data_root, who), lambda: datetime.now(UTC))
    try:
        work(session, Keys())
    except KeyboardInterrupt:
        out.print()
        end(session)
        raise typer.Exit(130) from None
    end(session)


def end(session: Session) -> None:
    """What was done, and what to do next."""
    count = len(session.done)
    out.print(f"{count:,} decision{'s' * (count != 1)} saved to {session.path}")
    if session.standing.waiting:
        out.print(NEXT)


def show_queues(queues: dict[Queue, list[Item]]) -> None:
    """Each queue with the number of its records."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("queue", no_wrap=True)
    table.add_column("records", justify="right")
    table.add_column("what")
    for queue, items in queues.items():
        table.add_row(queue, f"{len(items):,}", QUEUE_TEXT[queue])
    table_console(120).print(table)


def reviewer(data_root: Path, who: str | None) -> str:
    """The name of who decides: as given, else as remembered, else asked for once. Raises ConfigError where nobody can be asked."""
    import sys

    folder, login = data_root / "review", login_name()
    name = who or os.environ.get("MCQ_REVIEWER") or reviewers.remembered(folder, login)
    if name is not None:
        return reviewers.checked(name)
    if not sys.stdin.isatty():
        raise ConfigError("who decides? Give your name with --who NAME, or in $MCQ_REVIEWER")
    try:
        name = reviewers.checked(input("Your name (asked once, stands beside each of your decisions): "))
    except EOFError:
        raise ConfigError("who decides? Give your name with --who NAME, or in $MCQ_REVIEWER") from None
    reviewers.remember(folder, login, name)
    return name


def login_name() -> str:
    """The login of this process; its number where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def list_decisions(told: list[Told], path: Path, format: ListFormat) -> None:
    """Every line of the file of decisions with what came of it."""
    if format == ListFormat.JSONL:
        for one in told:
            cells = one.decision.model_dump(mode="json", exclude_none=True) if one.decision else {}
            print(json_text({"file": str(path), "line": one.line, "status": one.status, "detail": one.detail, **cells}))
        return
    if not told:
        out.print(f"No decision yet: {path} {'is empty' if path.exists() else 'is not there'}")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("line", "id", "status", "record", "decision"):
        table.add_column(name, no_wrap=name in ("line", "id", "record", "status"), overflow="fold")
    for one in told:
        decision = one.decision
        said = in_words(decision) if decision else ""
        said = f"{said}; {one.detail}" if one.detail and one.status not in (WAITS,) else said
        style = {WRONG: "red", WAITS: "yellow", TAKEN_BACK: "dim"}.get(one.status, "")
        ids = (decision.id, decision.record_id) if decision else ("", "")
        table.add_row(str(one.line), ids[0], styled((one.status, style)), ids[1], said.removeprefix("; "))
    table_console(160).print(table)
    waiting, wrong = (sum(one.status == status for one in told) for status in (WAITS, WRONG))
    err.print(f"{path}: {len(told):,} lines, {waiting:,} wait for the next refresh, {wrong:,} wrong")


def take_back(path: Path, name: str, who: str) -> None:
    """Takes back the decision with this id, or beginning of one. Raises DataError for none or several, or one that is taken back."""
    lines = [line for line in read_lines(path) if line.decision and not line.wrong and line.decision.id.startswith(name)]
    found = [line for line in lines if line.decision and line.decision.id == name] or lines
    if not name or len(found) != 1:
        some = ", ".join(line.decision.id for line in found[:5] if line.decision)
        problem = f"is the beginning of {len(found)} ids ({some})" if found and name else "is the id of no decision"
        raise DataError(f"{name!r} {problem}; `mcq review --list` shows all")
    (line,) = found
    assert line.decision is not None
    if line.undone_by:
        raise DataError(f"decision {line.decision.id} was taken back already by {line.undone_by.who}")
    append_decisions(path, [taking_back(line.decision, who, datetime.now(UTC))])
    out.print(styled(("taken back: ", "green"), f"line {line.number}, {in_words(line.decision)}"))
    out.print(NEXT)
