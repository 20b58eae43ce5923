"""The decisions of a dataset beside its published version: what came of each, which wait for the next refresh, which lost their record."""

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.common.store.decisions import WrongLine, read_decisions
from schemas.decisions import Decision

LOST = ("orphaned", "ambiguous")


@dataclass(frozen=True)
class Outcome:
    """What came of a decision in the published version: one of the statuses of ReviewDecision, and in words."""

    status: str
    detail: str


@dataclass(frozen=True)
class Pending:
    """Decisions that stand, in the order of their file, by the record that they are about now."""

    of_record: dict[str, list[Decision]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """Of each decision that the published version has seen, by its id."""
    taken_back: frozenset[str] = frozenset()
    """Records on which a decision was applied that somebody took back since."""
    orphaned: list[Decision] = field(default_factory=list)
    wrong: list[WrongLine] = field(default_factory=list)

    @property
    def waiting(self) -> set[str]:
        """Records that the next refresh will look at anew."""
        return {record for record, decisions in self.of_record.items() if any(map(self.waits, decisions))} | self.taken_back

    def waits(self, decision: Decision) -> bool:
        """Whether the next refresh has still to apply it; a note changes nothing, so it waits for nothing."""
        return decision.id not in self.outcomes and decision.action != "note"


def pending_of(database: sqlite3.Connection, path: Path) -> Pending:
    """What stands in decisions.jsonl, against what the published version says of it."""
    found = read_decisions(path)
    rows = database.execute("select id, status, detail, found_id, action from decisions where id is not null").fetchall()
    outcomes = {row["id"]: Outcome(row["status"], row["detail"]) for row in rows}
    standing = {decision.id for decision in found.standing}
    taken_back = {row["found_id"] for row in rows if row["status"] == "applied" and row["action"] != "undo" and row["id"] not in standing}
    named = json.dumps([decision.record_id for decision in found.standing])
    there = {
        row[0] for row in database.execute("select record_id from ledger where record_id in (select value from json_each(?))", (named,))
    }
    now_at = {row["id"]: row["found_id"] for row in rows if row["found_id"] is not None}
    of_record: dict[str, list[Decision]] = {}
    orphaned = []
    for decision in found.standing:
        record = now_at.get(decision.id) or (decision.record_id if decision.record_id in there else _by_content(database, decision))
        if record is None:
            orphaned.append(decision)
        else:
            of_record.setdefault(record, []).append(decision)
    return Pending(of_record, outcomes, frozenset(filter(None, taken_back)), orphaned, found.wrong)


def _by_content(database: sqlite3.Connection, decision: Decision) -> str | None:
    """The one record that says what the decision's record said when it was made."""
    if decision.content_id is None:
        return None
    rows = database.execute("select record_id from ledger where content_id = ? limit 2", (decision.content_id,)).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None
