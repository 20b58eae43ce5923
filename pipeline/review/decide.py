"""A reviewer's decision: made of an action and the record that it is about, checked against that record, and told in one line."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from pipeline.common.letters import LETTERS
from pipeline.common.text import clean, one_line
from pipeline.review.published import key_text
from schemas.decisions import Decision
from schemas.reasons import Disposition
from schemas.tables.row import RowMapping, option_identity

PARTS = ("stem", "options", "context")


class UnfitError(Exception):
    """The record can't take this decision; says why and what to do."""


def new_id() -> str:
    """An id that no other decision has."""
    return uuid.uuid4().hex[:16]


def make_decision(
    row: RowMapping,
    action: str,
    who: str,
    at: datetime,
    why: str = "",
    other: RowMapping | None = None,
    name: str | None = None,
    **given: Any,
) -> Decision:
    """A decision on a ledger row as it reads now, ready to be appended.

    Args:
        other: merge and apart: the ledger row of the other record.
        name: its id; default: a new one.
        given: what the action needs beside the record, as in `Decision`.

    Raises:
        UnfitError: the record can't take it.
    """
    require_fit(row, action, other, given)
    cells: dict[str, Any] = {"record_id": row["record_id"], "content_id": row["content_id"], "action": action, **given}
    if other is not None:
        cells |= {"other_record_id": other["record_id"], "other_content_id": other["content_id"]}
    if action == "set_answer":
        cells["answer"] = row["options"][given["answer_index"]]
    try:
        return Decision.model_validate({"id": name or new_id(), "at": at, "who": who, "why": why.strip(), **cells})
    except ValidationError as error:
        said = [f"{'.'.join(map(str, item['loc'])) or action}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise UnfitError("; ".join(said)) from error


def require_fit(row: RowMapping, action: str, other: RowMapping | None, given: RowMapping) -> None:
    """Raises UnfitError for a decision that could never be applied to this row."""
    options = row["options"] or []
    if action in ("accept", "reject") and row["role"] == "benchmark":
        raise UnfitError(f"a benchmark's question can't be {action}ed; its key and its text can be mended (a letter, or edit)")
    if action == "set_answer":
        place = given["answer_index"]
        if not options:
            raise UnfitError("it has no options: write them first (edit)")
        if place >= len(options):
            raise UnfitError(f"it has {len(options)} options, {LETTERS[0]}-{LETTERS[len(options) - 1]}")
        if not options[place].strip():
            raise UnfitError(f"option {LETTERS[place]} has no text: write it first (edit)")
    elif action == "accept" and row["disposition"] == Disposition.REJECTED:
        if not row["stem"] or len(options) < 2:
            raise UnfitError("there is no whole question to accept: write stem and options first (edit)")
        if key_text(row) is None:
            raise UnfitError(f"no key is known: say which option is right instead ({LETTERS[0]}-{LETTERS[len(options) - 1]})")
    elif action in ("merge", "apart"):
        if other is None:
            raise UnfitError("it stands beside no other record")
        if None in (row["content_id"], other["content_id"]):
            raise UnfitError("one of both is no question yet: it can be neither merged nor kept apart")
    elif action == "edit" and (said := edit_faults(row, given)):
        raise UnfitError("; ".join(said))


def edit_faults(row: RowMapping, given: RowMapping) -> list[str]:
    """What is wrong with an edit of a ledger row, each in words."""
    faults = []
    if "stem" in given and not any(letter.isalnum() for letter in given["stem"]):
        faults.append("the stem has no text")
    if "options" in given:
        options = list(map(clean, given["options"]))
        empty = [LETTERS[place] for place, option in enumerate(options[: len(LETTERS)]) if not option]
        faults += [f"option {letter} has no text" for letter in empty]
        if not 2 <= len(options) <= len(LETTERS):
            faults.append(f"{len(options)} options; a question has 2 to {len(LETTERS)}")
        if len({option_identity(option) for option in options if option}) < len(options) - len(empty):
            faults.append("two options say the same")
        faults += key_faults(row, options)
    return faults


def key_faults(row: RowMapping, options: Sequence[str]) -> list[str]:
    """Whether the right option keeps its place among edited options, as it must: an edit says nothing of the key."""
    key = key_text(row)
    if key is None:
        return []
    place = row["answer_index"]
    if place >= len(options):
        return [f"the key is option {LETTERS[place]}, and there are {len(options)} options: set the key first"]
    same = [option_identity(option) == option_identity(clean(key)) for option in options]
    if any(same) and not same[place]:
        return [f"the right option {key!r} would move from {LETTERS[place]} to {LETTERS[same.index(True)]}: leave it at its place"]
    return []


def changed_parts(row: RowMapping, new: RowMapping) -> dict[str, Any]:
    """Of an edited record's parts, those that read otherwise than in its row.

    >>> row = {"stem": "Who?", "options": ["a", "b"], "context": None}
    >>> changed_parts(row, {"stem": "Who?", "options": ["a", "c"], "context": ""})
    {'options': ['a', 'c']}
    """
    empty: dict[str, Any] = {"stem": "", "options": [], "context": ""}
    return {part: new[part] for part in PARTS if part in new and new[part] != (row[part] or empty[part])}


def in_words(decision: Decision, row: RowMapping | None = None) -> str:
    """A decision in one line, over the row that it is about, where there is one."""
    said: str = decision.action
    if decision.answer_index is not None:
        options = (row or {}).get("options") or []
        text = decision.answer or (options[decision.answer_index] if decision.answer_index < len(options) else None)
        said = f"set_answer {LETTERS[decision.answer_index]}" + (f" {text!r}" if text else "")
    elif decision.action == "edit":
        said = f"edit of {', '.join(part for part in PARTS if getattr(decision, part) is not None)}"
    elif decision.other_record_id:
        said = f"{decision.action} {'with' if decision.action == 'merge' else 'from'} {decision.other_record_id}"
    elif decision.undoes:
        said = f"takes back {decision.undoes}"
    when = f", {decision.at:%Y-%m-%d %H:%M}" if decision.at else ""
    why = f": {one_line(decision.why)}" if decision.why else ""
    return f"{said} by {one_line(decision.who)}{when}{why}"
