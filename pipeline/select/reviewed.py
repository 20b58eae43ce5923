"""What reviewers decided, as select needs it, and the listing of what came of every decision in the end."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from pipeline.common.text import fold_option
from schemas.reasons import Disposition, Reason, Relation
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, MatchedDecision, Pair, Question, ReviewDecision, Selection

NO_ONE = (0, 0)
LINKED = (Relation.EXACT, Relation.SAME, Relation.VARIANT, Relation.CONFLICT)


class Reviewed(NamedTuple):
    """Decisions that stand, by record_id: the line of an accept, the line of a key that was set, the row of a reject, and all rows."""

    accepted: dict[str, int]
    keyed: dict[str, int]
    rejected: dict[str, Mapping[str, Any]]
    of: dict[str, list[Mapping[str, Any]]]

    def strength(self, record_id: str) -> tuple[int, int]:
        """How strongly a reviewer stands for a record: accepted, the later line more; else its key was set; else `NO_ONE`."""
        return self.accepted.get(record_id, 0), int(record_id in self.keyed)


def read_reviewed(decisions: pd.DataFrame | None, content: Mapping[str, str]) -> Reviewed:
    """What MatchedDecision rows say of the questions, which `content` gives with their content_id.

    What a reviewer rejects is the question: its exact copies go with it, but for one that is accepted itself, and for all where a later
    line accepts one of them.
    """
    found = Reviewed({}, {}, {}, {})
    rows = to_rows(decisions, MatchedDecision) if decisions is not None else []
    last: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        name = row["found_id"]
        if row["status"] != "applied" or name not in content:
            continue
        if row["action"] in ("accept", "reject"):
            last[content[name]] = row
        if row["action"] == "accept":
            found.accepted[name] = row["line"]
        elif row["action"] == "set_answer":
            found.keyed[name] = row["line"]
        elif row["action"] == "reject":
            found.rejected[name] = row
        for one in (name, row["other_found_id"]):
            if one in content and row["action"] != "undo":
                found.of.setdefault(one, []).append(row)
    ended = {content_id: row for content_id, row in last.items() if row["action"] == "reject"}
    for record_id, content_id in content.items() if ended else ():
        if content_id in ended and record_id not in found.accepted:
            found.rejected.setdefault(record_id, ended[content_id])
    return found


def settle(
    matched: pd.DataFrame, questions: pd.DataFrame, members: pd.DataFrame, pairs: pd.DataFrame, selection: pd.DataFrame
) -> pd.DataFrame:
    """ReviewDecision rows: what came of every decision once the whole set was looked at."""
    rows = to_rows(matched, MatchedDecision)
    if rows:
        outcome = _Outcome(rows, questions, members, pairs, selection)
        rows = [outcome.of(row) for row in rows]
    return to_frame(rows, ReviewDecision)


def worth_a_look(decisions: pd.DataFrame) -> pd.DataFrame:
    """ReviewDecision rows of lines that came to nothing, or not to what the reviewer meant."""
    return decisions[decisions["status"].isin(["wrong_line", "orphaned", "ambiguous", "not_applicable"])]


class _Outcome:
    """What became of the questions, looked up for one decision after the other."""

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        questions: pd.DataFrame,
        members: pd.DataFrame,
        pairs: pd.DataFrame,
        selection: pd.DataFrame,
    ) -> None:
        columns = ("record_id", "content_id", "kept", "disposition", "reason_codes", "representative_id", "cluster_id")
        self.fates = {row["record_id"]: row for row in to_rows(selection, Selection, columns)}
        self.key = {
            row["record_id"]: row["options"][row["answer_index"]]
            for row in to_rows(questions, Question, ("record_id", "options", "answer_index"))
        }
        clusters = to_rows(members, ClusterMember, ("record_id", "cluster_id"))
        self.cluster = {row["record_id"]: row["cluster_id"] for row in clusters}
        self.copies: defaultdict[str, list[str]] = defaultdict(list)
        self.led: defaultdict[str, list[str]] = defaultdict(list)
        for record_id, fate in self.fates.items():
            self.copies[fate["content_id"]].append(record_id)
            if fate["representative_id"] and fate["disposition"] in (Disposition.DUPLICATE, Disposition.CONFLICT):
                self.led[fate["representative_id"]].append(record_id)
        self.linked: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        wanted = {self.fates[name]["content_id"] for row in rows for name in (row["found_id"],) if name in self.fates}
        for pair in to_rows(pairs, Pair):
            left, right = (self.fates[pair[side]]["content_id"] for side in ("left_id", "right_id"))
            for mine, other in ((left, right), (right, left)):
                if mine in wanted and pair["relation"] in LINKED and mine != other:
                    self.linked[mine].append((pair["relation"], other, pair["why"]))
        self.accepts = {row["found_id"]: row for row in rows if row["action"] == "accept" and row["status"] == "applied"}

    def of(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its last word."""
        if row["status"] != "applied" or row["found_id"] not in self.fates:
            return row
        fate = self.fates[row["found_id"]]
        if row["action"] in ("accept", "reject", "merge"):
            status, detail = getattr(self, f"_{row['action']}")(row, fate)
            row = row | {"status": status, "detail": detail or row["detail"]}
        sides = [self.fates[name] for name in row["touches"] if name in self.fates]
        held = next((side for side in sides if side["disposition"] == Disposition.CONTAMINATED), None)
        if row["action"] in ("set_answer", "edit", "apart") and held:
            said = f"; a benchmark holds {held['record_id']} all the same (record {held['representative_id']}): it isn't trained on"
            row = row | {"detail": row["detail"] + said}
        touched = list(dict.fromkeys([*row["touches"], *self._touched(row, fate)])) if row["status"] == "applied" else []
        return row | {"touches": touched}

    def _accept(self, row: Mapping[str, Any], fate: Mapping[str, Any]) -> tuple[str, str]:
        if fate["kept"]:
            return "applied", row["detail"]
        if fate["disposition"] == Disposition.BENCHMARK:
            return "not_applicable", "its source is a benchmark: no decision lets it into training"
        if fate["disposition"] == Disposition.CONTAMINATED:
            return "not_applicable", f"a benchmark holds it (record {fate['representative_id']}): no decision lets it into training"
        if fate["reason_codes"] == [Reason.REJECTED_BY_REVIEWER]:
            return "superseded", "a later line rejects a copy of it"
        other = self.accepts.get(fate["representative_id"])
        if other is None:
            return "not_applicable", f"it is {fate['disposition']} ({', '.join(fate['reason_codes'])})"
        why = (
            "which contradicts it; two questions that only look alike are kept apart"
            if fate["disposition"] == Disposition.CONFLICT
            else "its duplicate"
        )
        return "superseded", f"line {other['line']} accepts record {fate['representative_id']}, {why}"

    def _reject(self, row: Mapping[str, Any], fate: Mapping[str, Any]) -> tuple[str, str]:
        if fate["disposition"] == Disposition.BENCHMARK:
            return "not_applicable", "its source is a benchmark, which is asked as a whole: take the question out of its file"
        if fate["disposition"] == Disposition.CONTAMINATED:
            return "applied", f"{row['detail']}; it was out already: a benchmark holds it (record {fate['representative_id']})"
        copies = [name for name in self.copies[fate["content_id"]] if name != row["found_id"] and self._is_rejected(name)]
        return "applied", row["detail"] + (f", and its exact copies with it: {', '.join(sorted(copies)[:5])}" if copies else "")

    def _is_rejected(self, record_id: str) -> bool:
        return bool(self.fates[record_id]["reason_codes"] == [Reason.REJECTED_BY_REVIEWER])

    def _merge(self, row: Mapping[str, Any], fate: Mapping[str, Any]) -> tuple[str, str]:
        left, right = row["found_id"], row["other_found_id"]
        if self.cluster[left] is not None and self.cluster[left] == self.cluster[right]:
            keys = [self.key[name] for name in (left, right)]
            return "applied", row["detail"] + (
                "" if fold_option(keys[0]) == fold_option(keys[1]) else f" (keys {keys[0]!r} and {keys[1]!r})"
            )
        other = self.fates[right]["content_id"]
        if any(kind == Relation.CONFLICT and name == other for kind, name, _ in self.linked[fate["content_id"]]):
            return "not_applicable", "their keys contradict each other, and a merge picks no key: accept one of them, or set_answer"
        return "not_applicable", "what was merged with one of them is kept apart from the other"

    def _touched(self, row: Mapping[str, Any], fate: Mapping[str, Any]) -> Iterator[str]:
        """Records beside those that a decision names which are as they are because of it."""
        name, action = row["found_id"], row["action"]
        if action in ("accept", "set_answer"):
            yield from self.led[name]
            if fate["disposition"] == Disposition.DUPLICATE:
                yield fate["representative_id"]
        if action == "reject" and self._is_rejected(name):
            yield from (copy for copy in self.copies[fate["content_id"]] if self._is_rejected(copy))
            yield from self._kept_among(other for kind, other, _ in self.linked[fate["content_id"]] if kind == Relation.CONFLICT)
        if action == "set_answer" and row["before"]:
            yield from self._kept_among(other for kind, other, _ in self.linked[fate["content_id"]] if kind == Relation.VARIANT)

    def _kept_among(self, contents: Iterator[str]) -> Iterator[str]:
        for content_id in contents:
            yield from (name for name in self.copies[content_id] if self.fates[name]["kept"])
