"""What entered, left, changed and moved between two versions of a dataset, row by row, and why. A question is known by its
content_id; one that was edited is found again by its record_id (its parse changed) or its place in its file (its text did)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.common.text import canonical_json
from schemas.tables.row import RowMapping

KINDS = ("entered", "left", "changed", "moved")


class Change(NamedTuple):
    """One question of either version; `before` and `after` are its split, or null where it is in none."""

    kind: str
    record_id: str
    locator: str
    stem: str
    before: str | None
    after: str | None
    why: str


def diff(
    old: Sequence[RowMapping],
    new: Sequence[RowMapping],
    old_split: Mapping[str, Any],
    new_split: Mapping[str, Any],
    words: Mapping[str, str] | None = None,
) -> list[Change]:
    """Changes between two ledgers (LedgerRow mappings) under their configurations' `split` blocks, in the order of KINDS. `words` tell
    more of a decision that `decided_by` names.

    Equal ledgers give none. A question that only comes from another record now (a duplicate took its place) is no change.
    """
    was, now = _by_content(old), _by_content(new)
    left = [row for content, row in was.items() if content not in now]
    entered = [row for content, row in now.items() if content not in was]
    edited = _edited(left, entered)
    before = {after["record_id"]: row for row, after in edited}
    gone = {row["record_id"] for row, _ in edited}
    old_rows, new_rows = ({row["record_id"]: row for row in rows} for rows in (old, new))
    return [
        *(
            _change(
                "entered",
                row,
                None,
                row,
                _why_in(old_rows.get(row["record_id"])) + _decided(old_rows.get(row["record_id"]), row, words or {}),
            )
            for row in entered
            if row["record_id"] not in before
        ),
        *(
            _change(
                "left",
                row,
                row,
                None,
                _why_out(new_rows.get(row["record_id"]), now) + _decided(row, new_rows.get(row["record_id"]), words or {}),
            )
            for row in left
            if row["record_id"] not in gone
        ),
        *(_change("changed", after, row, after, _what_changed(row, after) + _decided(row, after, words or {})) for row, after in edited),
        *moves(old, new, old_split, new_split, words),
    ]


def moves(
    old: Sequence[RowMapping],
    new: Sequence[RowMapping],
    old_split: Mapping[str, Any],
    new_split: Mapping[str, Any],
    words: Mapping[str, str] | None = None,
) -> list[Change]:
    """The questions that both versions hold, each in another split, with what moved it."""
    was = _by_content(old)
    pairs = [(was[content], row) for content, row in _by_content(new).items() if content in was]
    how = _split_settings(old_split, new_split)
    return [
        _change("moved", row, before, row, (how or _why_moved(before, row)) + _decided(before, row, words or {}))
        for before, row in pairs
        if before["split"] != row["split"]
    ]


def _by_content(rows: Iterable[RowMapping]) -> dict[str, RowMapping]:
    return {row["content_id"]: row for row in rows if row["split"] is not None}


def _change(kind: str, row: RowMapping, before: RowMapping | None, after: RowMapping | None, why: str) -> Change:
    was, now = (side["split"] if side else None for side in (before, after))
    return Change(kind, row["record_id"], row["locator"], row["stem"], was, now, why)


def _edited(left: Sequence[RowMapping], entered: Sequence[RowMapping]) -> list[tuple[RowMapping, RowMapping]]:
    """Pairs of an old and a new row that are one question: first the same record, then the same place in a file."""
    found: list[tuple[RowMapping, RowMapping]] = []
    for key in (lambda row: row["record_id"], lambda row: (row["source"], row["locator"])):
        places = {key(row): row for row in entered}
        pairs = [(row, places[key(row)]) for row in left if key(row) in places]
        pairs = [(before, after) for before, after in pairs if before["record_id"] == after["record_id"] or _alike(before, after)]
        gone, come = {before["record_id"] for before, _ in pairs}, {after["record_id"] for _, after in pairs}
        left = [row for row in left if row["record_id"] not in gone]
        entered = [row for row in entered if row["record_id"] not in come]
        found += pairs
    return found


def _decided(before: RowMapping | None, after: RowMapping | None, words: Mapping[str, str]) -> str:
    """Decisions of reviewers that came, or were taken back, in between; ledgers of older programs know none."""
    was, now = (_decisions(row) for row in (before, after))
    came, gone = ([words.get(one, one) for one in ours if one not in theirs] for ours, theirs in ((now, was), (was, now)))
    parts = [("decided: ", came), ("no longer decided: ", gone if after is not None else [])]
    return "".join(f"; {name}{'; '.join(said)}" for name, said in parts if said)


def _decisions(row: RowMapping | None) -> list[str]:
    said = (row or {}).get("decided_by")
    return said.split("; ") if said else []


def _alike(before: RowMapping, after: RowMapping) -> bool:
    """A row that was inserted above shifts the places below it: one place is one question only where the words agree too."""
    a, b = (set(f"{row['stem']} {' '.join(row['options'])}".casefold().split()) for row in (before, after))
    return 2 * len(a & b) >= len(a | b)


def _what_changed(before: RowMapping, after: RowMapping) -> str:
    parts = [part for part in ("context", "stem", "options", "answer_index") if before[part] != after[part]]
    key = [row["options"][row["answer_index"]] for row in (before, after)]
    said = f"its {', '.join('key' if part == 'answer_index' else part for part in parts)} changed"
    return f"{said}; the right answer was {key[0]!r} and is {key[1]!r}" if key[0] != key[1] else said


def _why_in(before: RowMapping | None) -> str:
    return "a new record" if before is None else f"it was {_verdict(before)}"


def _why_out(after: RowMapping | None, now: Mapping[str, RowMapping]) -> str:
    if after is None:
        return "its record is in no file any more"
    return f"it reads differently now, as {now[after['content_id']]['record_id']}" if after["split"] else f"it is {_verdict(after)}"


def _verdict(row: RowMapping) -> str:
    said = f"{row['disposition']} ({', '.join(row['reason_codes'])})" if row["reason_codes"] else str(row["disposition"])
    return f"{said}: {row['detail']}" if row["detail"] else said


def _split_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    if canonical_json(old) != canonical_json(new):
        changed = ", ".join(f"{key} {old.get(key)} -> {value}" for key, value in new.items() if old.get(key) != value)
        return f"the split block changed: {changed}"
    return "quota splits aren't stable when the set changes" if new["method"] == "quota" else None


def _why_moved(before: RowMapping, after: RowMapping) -> str:
    """Under `hash` a split follows from the group's smallest content_id alone."""
    if after["split_group"] < before["split_group"]:
        return f"its split group was joined by {after['split_group']}, now its smallest question"
    if after["split_group"] > before["split_group"]:
        return f"its split group no longer holds {before['split_group']}, once its smallest question"
    return "its split group is the same: this is a bug in split"
