"""The decisions of a dataset beside its published version: which are applied, which wait for the next refresh, which lost their record."""

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.common.store.decisions import WrongLine, read_decisions
from schemas.decisions import Decision


@dataclass(frozen=True)
class Pending:
    """Decisions in the order of their file, by the record that they are about now."""

    of_record: dict[str, list[Decision]] = field(default_factory=dict)
    applied: frozenset[str] = frozenset()
    """Ids of the decisions that the published version holds."""
    orphaned: list[Decision] = field(default_factory=list)
    wrong: list[WrongLine] = field(default_factory=list)

    @property
    def waiting(self) -> list[str]:
        """Records with a decision that isn't applied yet; a note changes nothing, so it waits for nothing."""
        return [
            record
            for record, decisions in self.of_record.items()
            if any(one.id not in self.applied and one.action != "note" for one in decisions)
        ]

    def waits(self, decision: Decision) -> bool:
        """Whether the next refresh has still to apply it."""
        return decision.id not in self.applied and decision.action != "note"


def pending_of(database: sqlite3.Connection, path: Path) -> Pending:
    """What stands in decisions.jsonl, against the ledger's `decided_by`."""
    found = read_decisions(path)
    if not found.standing and not found.wrong:
        return Pending()
    ids = json.dumps([decision.record_id for decision in found.standing])
    there = {row[0] for row in database.execute("select record_id from ledger where record_id in (select value from json_each(?))", (ids,))}
    applied: set[str] = set()
    for (said,) in database.execute("select decided_by from ledger where decided_by is not null"):
        applied |= applied_ids(said)
    of_record: dict[str, list[Decision]] = {}
    orphaned = []
    for decision in found.standing:
        record = decision.record_id if decision.record_id in there else _by_content(database, decision)
        if record is None:
            orphaned.append(decision)
        else:
            of_record.setdefault(record, []).append(decision)
    return Pending(of_record, frozenset(applied), orphaned, found.wrong)


def _by_content(database: sqlite3.Connection, decision: Decision) -> str | None:
    """The one record that says what the decision's record said when it was made."""
    if decision.content_id is None:
        return None
    rows = database.execute("select record_id from ledger where content_id = ? limit 2", (decision.content_id,)).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def applied_ids(decided_by: str) -> set[str]:
    """Ids of decisions in the ledger's `decided_by`, which names each with its reviewer.

    >>> sorted(applied_ids("a1 by Lan; b2 by Minh"))
    ['a1', 'b2']
    """
    return {part.split(" by ")[0].strip() for part in decided_by.split("; ") if part.strip()}
