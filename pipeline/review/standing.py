"""Decisions beside the version that readers see: which of them it holds already, and which wait for the next refresh."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.common.store.decisions import Line
from pipeline.review.published import Published
from schemas.decisions import Decision
from schemas.tables.row import RowMapping

WAITS, TAKEN_BACK, WRONG = "waits", "taken_back", "wrong_line"


class Told(NamedTuple):
    """A line of the file of decisions and what came of it: `waits`, `taken_back`, `wrong_line`, or its status in the published version."""

    line: int
    decision: Decision | None
    status: str
    detail: str


def tell(lines: Sequence[Line], published: Published | None) -> list[Told]:
    """Every line of the file, in its order."""
    known = {row["id"]: row for row in _known(published) if row["id"]}
    told = []
    for line in lines:
        decision = line.decision
        if decision is None or line.wrong:
            told.append(Told(line.number, decision, WRONG, line.wrong or ""))
        elif line.undone_by:
            told.append(Told(line.number, decision, TAKEN_BACK, f"taken back by {line.undone_by.who}"))
        elif decision.id in known and known[decision.id]["line"] == line.number:
            told.append(Told(line.number, decision, known[decision.id]["status"], known[decision.id]["detail"]))
        elif decision.undoes and decision.undoes not in known:
            told.append(Told(line.number, decision, "applied", "taken back before it was applied"))
        else:
            told.append(Told(line.number, decision, WAITS, "the next refresh applies it"))
    return told


def _known(published: Published | None) -> list[dict[str, Any]]:
    if published is None or published.decisions is None:
        return []
    return list(published.decisions.select(["line", "id", "status", "detail", "found_id"]).to_pylist())


class Standing:
    """Decisions that stand, by the record that they are about, and those of them that the published version hasn't applied."""

    def __init__(self, lines: Sequence[Line], published: Published) -> None:
        self.told = tell(lines, published)
        known = {row["id"]: row for row in _known(published) if row["id"]}
        self.of_record: defaultdict[str, list[Decision]] = defaultdict(list)
        self.waiting: defaultdict[str, list[Decision]] = defaultdict(list)
        self.beside: set[str] = set()
        """Records that a waiting decision on another one names."""
        self.settled: set[str] = set()
        """Records whose question and key a reviewer stood by: accepted, answered or edited, and published so."""
        for one in self.told:
            decision = one.decision
            if decision is None or one.status in (WRONG, TAKEN_BACK):
                continue
            if decision.action == "undo":
                undone = known.get(decision.undoes or "")
                if one.status == WAITS and undone is not None and undone["status"] == "applied":
                    self.waiting[undone["found_id"] or decision.record_id].append(decision)
                continue
            # A record that was typed anew has another id by now; the published version says which.
            record_id = (known.get(decision.id) or {}).get("found_id") or decision.record_id
            self.of_record[record_id].append(decision)
            if one.status == WAITS:
                self.waiting[record_id].append(decision)
                if decision.other_record_id:
                    self.beside.add(decision.other_record_id)
            elif one.status == "applied" and decision.action in ("accept", "set_answer", "edit"):
                self.settled.add(record_id)

    def decided(self, record_id: str) -> bool:
        """Whether a decision on it waits; a note decides nothing."""
        return record_id in self.beside or any(decision.action != "note" for decision in self.waiting.get(record_id, ()))

    def ids(self, record_id: str) -> set[str]:
        """Ids of the decisions on a record that stand."""
        return {decision.id for decision in self.of_record.get(record_id, ())}


def as_decided(row: RowMapping, decisions: Sequence[Decision]) -> dict[str, Any]:
    """A ledger row as it will read once these decisions on it are applied; what has no effect on its text is left aside.

    >>> edit = Decision(id="d1", who="Lan", record_id="0123456789abcdef", action="set_answer", answer_index=1)
    >>> as_decided({"options": ["a", "b"], "answer_index": 0}, [edit])
    {'options': ['a', 'b'], 'answer_index': 1}
    """
    parts: dict[str, Any] = {}
    for decision in decisions:
        given: Mapping[str, Any] = {name: getattr(decision, name) for name in ("stem", "options", "context", "answer_index")}
        parts |= {name: value for name, value in given.items() if value is not None}
    if "context" in parts:
        parts["context"] = parts["context"] or None
    return {**row, **parts}
