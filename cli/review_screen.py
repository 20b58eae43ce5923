"""One record of a queue on the terminal: the question first, then why it is there, what stands beside it, and the keys."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.options import out, styled, table_console
from pipeline.common.letters import LETTERS
from pipeline.common.text import fold_option, one_line
from pipeline.review.decide import in_words
from pipeline.review.differences import Piece, differences
from pipeline.review.published import Other, key_text
from pipeline.review.session import Session

SHOWN_CHARS = 1_200
SIDE_BY_SIDE_COLUMNS = 90
KEY, DIFFERENT, QUIET = "bold green", "bold underline yellow", "dim"

HELP = (
    ("a", "accept", "it is right as it stands: let it in, let it stay, let it win a conflict"),
    ("r", "reject", "it is no good: leave it out"),
    ("A-J, 1-9", "answer", "the right option"),
    ("e", "edit", "stem, options and context in $EDITOR; the right option keeps its place"),
    ("m", "merge", "both are one question"),
    ("k", "keep apart", "they are two questions"),
    ("n", "note", "a remark that changes nothing"),
    ("w", "why", "a reason, for the next decision"),
    ("x", "other side", "bring the other record to the front: decisions are about the one in front"),
    ("s", "skip", "on to the next (right arrow)"),
    ("b", "back", "to the one before (left arrow)"),
    ("u", "undo", "take back the last decision"),
    ("f", "full text", "show long texts whole, or cut again"),
    ("?", "help", "this page"),
    ("q", "quit", "every decision is saved already"),
)


def show_help() -> None:
    """Every key and what it does."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for key, name, what in HELP:
        table.add_row(styled((key, "bold")), name, what)
    table_console(120).print(table)


def show(session: Session, full: bool) -> None:
    """The record in front, and all that speaks for and against it."""
    item = session.item
    assert item is not None
    row = session.row(session.record_id)
    beside = [(other, session.row(other.record_id)) for other in session.others()] if item.others else []
    console = table_console(120)
    console.print()
    console.rule(
        styled((f"{item.queue}: {session.place + 1} of {len(session.items)}, {session.decided} decided", "bold cyan")), align="left"
    )
    if not beside:
        console.print(Padding(question(row, full), (0, 0, 1, 2)))
    for other, other_row in beside:
        console.print(Padding(sides(row, other_row, other, full, console.width), (0, 0, 1, 2)))
    for label, text in facts(session, row, bool(beside), full):
        say(label, text)
    if session.why:
        say("Next why", session.why)
    out.print(keys_line(row, bool(session.others()), len(item.record_ids) > 1), style=QUIET)


def facts(session: Session, row: dict[str, Any], has_sides: bool, full: bool) -> Iterable[tuple[str, str]]:
    """Labelled lines below the question."""
    assert session.item is not None
    if row["context"] and not has_sides:
        yield "Context", cut(row["context"], full)
    for place, text in enumerate(session.why_here()):
        yield "Why here" if place == 0 else "", text
    if row["explanation"]:
        yield "Explanation", cut(row["explanation"], full)
    if not row["stem"] or not row["options"]:
        yield "In its file", cut(row["payload"], full)
    yield "Record", f"{row['record_id']}  {row['source']}: {row['locator']}"
    for decision in session.standing.of_record.get(session.record_id, ()):
        waits = decision in session.standing.waiting.get(session.record_id, ())
        yield "Decided", in_words(decision, row) + (" (waits for the next refresh)" if waits else "")
    if not has_sides:
        for number, other in enumerate(session.others(), start=1):
            yield (
                "Beside it" if number == 1 else "",
                f"{number} {other.relation}: {in_one_line(session.row(other.record_id))} ({other.why})",
            )


def keys_line(row: dict[str, Any], has_others: bool, has_sides: bool) -> str:
    """The keys that make sense here."""
    options = row["options"] or []
    letters = f"A-{LETTERS[min(len(options), len(LETTERS)) - 1]} answer  " if options else ""
    pair = "m merge  k keep apart  " if has_others else ""
    turn = "x other side  " if has_sides else ""
    # What a benchmark holds is asked as it is: only its key and its text can be mended.
    verdicts = "" if row["role"] == "benchmark" else "a accept  r reject  "
    return f"{verdicts}{letters}e edit  {pair}n note  w why  {turn}s skip  b back  u undo  ? help  q quit"


def question(row: dict[str, Any], full: bool) -> Group:
    """Stem, then the options, the key marked."""
    stem = row["stem"] or "(no stem could be read)"
    return Group(styled((cut(stem, full), "bold")), Text(""), *option_lines(row, full))


def sides(row: dict[str, Any], other_row: dict[str, Any], other: Other, full: bool, width: int) -> Table | Group:
    """Two records beside each other, or one below the other where there is little room; what the other lacks is marked."""
    relation = f" ({other.relation})" if other.relation else ""
    heads = ("In front, decided on", f"Beside it{relation}")
    left, right = differences(cut(row["stem"] or "", full), cut(other_row["stem"] or "", full))
    contexts = differences(cut(row["context"] or "", full), cut(other_row["context"] or "", full))
    parts = []
    for head, mine, theirs, stem, context in (
        (heads[0], row, other_row, left, contexts[0]),
        (heads[1], other_row, row, right, contexts[1]),
    ):
        lines = [styled((head, QUIET)), marked(stem, "bold"), Text(""), *option_lines(mine, full, theirs), Text("")]
        if mine["context"]:
            lines += [Text("Context: ").append_text(marked(context, "")), Text("")]
        place = styled((f"{mine['record_id']}  {mine['locator']}", QUIET))
        parts.append(Group(*lines, place))
    if width < SIDE_BY_SIDE_COLUMNS:
        return Group(parts[0], Text(""), parts[1])
    table = Table(box=None, padding=(0, 4, 0, 0), show_header=False, expand=False)
    table.add_column(max_width=width // 2 - 4, overflow="fold")
    table.add_column(max_width=width // 2 - 4, overflow="fold")
    table.add_row(*parts)
    return table


def option_lines(row: dict[str, Any], full: bool, beside: dict[str, Any] | None = None) -> list[Text]:
    """An option a line, in file order, the right one with a tick; marked where the question beside doesn't offer it."""
    offered = None if beside is None else set(map(fold_option, beside["options"] or []))
    lines = []
    for place, option in enumerate(row["options"] or []):
        is_key = place == row["answer_index"]
        letter = LETTERS[place] if place < len(LETTERS) else str(place + 1)
        text = marked([Piece(cut(option, full), offered is not None and fold_option(option) not in offered)], KEY if is_key else "")
        lines.append(styled((f"{'✓' if is_key else ' '} {letter}. ", KEY if is_key else "")).append_text(text))
    if row["options"] and key_text(row) is None:
        lines.append(styled(("  no key is known", "bold red")))
    return lines


def marked(pieces: Sequence[Piece], style: str) -> Text:
    """Text in which what differs is seen, also without colours."""
    plain = not out.is_terminal or out.no_color
    parts: list[str | tuple[str, str]] = []
    for piece in pieces:
        if not piece.differs:
            parts.append((piece.text, style))
        elif plain:
            parts.append((f"[[{piece.text}]]", style))
        else:
            parts.append((piece.text, DIFFERENT))
    return styled(*parts)


def in_one_line(row: dict[str, Any]) -> str:
    """Another record: place, question, key."""
    return f"{row['locator']} {one_line(row['stem'] or '')[:100]} -> {one_line(key_text(row) or 'no key')[:60]}"


def cut(text: str, full: bool) -> str:
    """A long text's beginning, unless it is asked for whole."""
    return text if full or len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]} ... ({len(text):,} characters; f shows all)"


def say(label: str, text: str) -> None:
    """A labelled paragraph, later lines below the first."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=12, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(styled((label, QUIET)), text)
    table_console(120).print(table)
