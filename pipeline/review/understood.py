"""What the rows of a returned spreadsheet decide: checked one by one, with what somebody else changed meanwhile set aside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.common.letters import LETTERS
from pipeline.common.store.decisions import Line
from pipeline.common.text import canonical_json, one_line, short_hash
from pipeline.review.decide import UnfitError, in_words, make_decision
from pipeline.review.layout import WORDS
from pipeline.review.published import Published, key_text
from pipeline.review.returned import Fault, Filled, Returned, changed_cells
from pipeline.review.standing import Standing, as_decided
from schemas.decisions import Decision
from schemas.tables.row import RowMapping


class Understood(NamedTuple):
    """Decisions to write, rows that lost against what happened meanwhile, those that were imported before, and all faults."""

    decisions: list[Decision]
    conflicts: list[str]
    known: list[str]
    faults: list[Fault]
    implied: list[str]
    """What was read from cells without a word of decision, in words."""


def understand(sheet: Returned, published: Published, lines: Iterable[Line], who: str, at: datetime) -> Understood:
    """The decisions of a sheet over the published version and all lines of the file of decisions."""
    everything = list(lines)
    standing = Standing(everything, published)
    ids = {line.decision.id: line for line in everything if line.decision and not line.wrong}
    found = Understood([], [], [], [], [])
    rows = {row["record_id"]: row for row in published.rows(row.origin.record_id for row in sheet.rows)}
    for filled in sheet.rows:
        try:
            asked = _asked(filled, sheet.letters)
        except _WrongCellError as error:
            found.faults.append(Fault(filled.number, error.column, error.why))
            continue
        if asked is None:
            continue
        # Of what the row means, not of how a program spelled its cells: imported again, it is the same decision.
        name = f"sheet-{sheet.name}-{short_hash(canonical_json([filled.origin.record_id, asked.steps, filled.cells['why']]))}"
        steps = [(f"{name}.{number}", *step) for number, step in enumerate(asked.steps)]
        before = [ids[step] for step, _, _ in steps if step in ids]
        if len(before) == len(steps):
            gone = next((line.undone_by for line in before if line.undone_by), None)
            taken_back = f", and {gone.who} took it back since" if gone else ""
            found.known.append(f"row {filled.number}: imported already (line {before[0].number}){taken_back}")
            continue
        row = rows.get(filled.origin.record_id)
        said = _meanwhile(filled, row, standing, sheet.name)
        if row is None or said is not None:
            found.conflicts.append(f"row {filled.number} ({filled.origin.record_id}): {said}")
            continue
        try:
            made = _made(row, standing, steps, filled, who, at)
        except UnfitError as error:
            found.faults.append(Fault(filled.number, sheet.letters["decision"] + " (decision)", str(error)))
            continue
        found.decisions.extend(made)
        if asked.is_implied:
            found.implied.append(f"row {filled.number}: no decision chosen, understood as {'; '.join(in_words(one, row) for one in made)}")
    return found


class _Asked(NamedTuple):
    steps: list[tuple[str, dict[str, Any]]]
    is_implied: bool


class _WrongCellError(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


def _asked(row: Filled, letters: RowMapping) -> _Asked | None:
    """The actions that a row asks for, in order; None where it asks for nothing. Raises _WrongCellError."""

    def wrong(name: str, why: str) -> _WrongCellError:
        return _WrongCellError(f"{letters[name]} ({name})", why)

    word = " ".join(row.cells["decision"].replace("_", " ").casefold().split())
    if word and word not in WORDS:
        raise wrong("decision", f"found {word!r}, expected {', '.join(WORDS)}, or nothing")
    changed = set(changed_cells(row))
    if cut := [name for name in changed if name in row.origin.cut]:
        raise wrong(cut[0], "its text was cut, being too long for a cell: edit this record with `mcq review`")
    edit = _edit(row, changed, wrong)
    key = _key(row, changed, edit, wrong)
    why = row.cells["why"]
    action = WORDS.get(word, "")
    if action in ("reject", "note") and (edit or key is not None):
        raise wrong("decision", f"{word} stands beside changed cells ({', '.join(sorted(changed) or ['new key'])}): undo one of both")
    if action == "set_answer" and key is None:
        raise wrong("new key", "set answer needs the letter of the right option here")
    if action == "edit" and not edit:
        raise wrong("decision", "edit, but no cell of stem, context or options was changed")
    if action == "note" and not why:
        raise wrong("why", "a note needs its text here")
    steps: list[tuple[str, dict[str, Any]]] = []
    if edit:
        steps.append(("edit", edit))
    if key is not None:
        steps.append(("set_answer", {"answer_index": key}))
    if action in ("accept", "reject", "note"):
        steps.append((action, {}))
    if not steps and not action and why:
        steps.append(("note", {}))
    return _Asked(steps, not action) if steps else None


def _edit(row: Filled, changed: set[str], wrong: Any) -> dict[str, Any]:
    """The parts that were corrected in their cells."""
    given: dict[str, Any] = {name: row.cells[name] for name in ("stem", "context") if name in changed}
    if "stem" in given and not given["stem"]:
        raise wrong("stem", "the question was emptied; to leave it out, choose reject")
    names = [name for name in row.cells if name.startswith("option ")]
    if any(name in changed for name in names):
        options = [row.cells[name] for name in names]
        while options and not options[-1]:
            options.pop()
        if "" in options:
            raise wrong(names[options.index("")], "it is empty, and options stand behind it: move them up, or write it")
        given["options"] = options
    return given


def _key(row: Filled, changed: set[str], edit: RowMapping, wrong: Any) -> int | None:
    """Place of the key that was chosen, by letter; None where none was."""
    chosen = {name: row.cells[name].strip(" .()").upper() for name in ("new key", "key") if name == "new key" or "key" in changed}
    chosen = {name: letter for name, letter in chosen.items() if letter}
    if not chosen:
        if "key" in changed:
            raise wrong("key", "the key was emptied; write a letter, or undo")
        return None
    options = edit.get("options") or [row.cells[name] for name in row.cells if name.startswith("option ") and row.cells[name]]
    for name, letter in chosen.items():
        if letter not in tuple(LETTERS[: len(options)]):
            raise wrong(name, f"found {letter!r}, expected a letter of its {len(options)} options (A-{LETTERS[max(len(options), 1) - 1]})")
    if len(set(chosen.values())) > 1:
        raise wrong("new key", f"found {chosen['new key']}, while the key was changed to {chosen['key']}: keep one")
    return LETTERS.index(next(iter(chosen.values())))


def _meanwhile(filled: Filled, row: RowMapping | None, standing: Standing, name: str) -> str | None:
    """What happened to a record since the sheet was exported; None where nothing did."""
    if row is None:
        return "its record is in no file any more"
    if row["content_id"] != filled.origin.content_id:
        return f"the record reads otherwise by now (content {row['content_id']}, exported {filled.origin.content_id})"
    before = set(filled.origin.decisions)
    here = [one for one in standing.of_record.get(row["record_id"], ()) if not one.id.startswith(f"sheet-{name}-")]
    if new := [one for one in here if one.id not in before and one.action != "note"]:
        return f"decided since: {in_words(new[-1], row)}"
    if before - {one.id for one in here}:
        return "a decision that stood at the time of the export was taken back since"
    return None


def _made(
    row: RowMapping, standing: Standing, steps: list[tuple[str, str, dict[str, Any]]], filled: Filled, who: str, at: datetime
) -> list[Decision]:
    """The decisions of one row, each over what the ones before it make of the record. Raises UnfitError."""
    now = as_decided(row, standing.waiting.get(row["record_id"], ()))
    made: list[Decision] = []
    asks_for_key = any(action == "set_answer" for _, action, _ in steps)
    for name, action, given in steps:
        # A key that is given along may move the right option: the edit isn't held against the old one.
        over = {**now, "answer_index": None} if action == "edit" and asks_for_key and key_text(now) is not None else now
        decision = make_decision(over, action, who, at, one_line(filled.cells["why"]), name=name, **given)
        made.append(decision.model_copy(update={"content_id": row["content_id"]}))
        now = as_decided(now, [decision])
    return made
