"""What reviewers decided, applied to what was read: each line of the file of decisions finds its record, by id or else by content, and
is applied to it in order. What finds none, or several, or can't be done is listed with the reason and changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.common.parallel import collector_paused
from pipeline.common.reviewers import by, said
from pipeline.common.store.decisions import Line
from pipeline.common.text import SURROGATES, canonical_json, one_line
from pipeline.normalize.constraints import Constraint, standing
from pipeline.normalize.revise import NotApplicableError, Revised
from schemas.config.sources import SourceConfig
from schemas.decisions import GIVEN, Decision
from schemas.reasons import Reason
from schemas.tables.arrow import to_frame, to_table
from schemas.tables.bounds import checked_rows
from schemas.tables.curation import MatchedDecision, Question, RawRecord, Rejected
from schemas.tables.row import Row

OF_TEXT, OF_PAIRS, VERDICTS = ("set_answer", "edit"), ("merge", "apart"), ("accept", "reject")
GIVES = [name for name in GIVEN if not name.startswith("other_")]


class Decided(NamedTuple):
    """Questions and rejected records as they are once every decision was applied, and a MatchedDecision row a line."""

    questions: pd.DataFrame
    rejected: pd.DataFrame
    decisions: pd.DataFrame


@collector_paused()
def apply_decisions(
    raw: pd.DataFrame, questions: pd.DataFrame, rejected: pd.DataFrame, lines: Sequence[Line], sources: Sequence[SourceConfig]
) -> Decided:
    """Applies the lines of a file to the rows that `normalize` gave of `raw`. No lines change nothing."""
    if not lines:
        return Decided(questions, rejected, to_frame([], MatchedDecision))
    as_read = _AsRead(to_table(raw, RawRecord), to_table(questions, Question), to_table(rejected, Rejected), lines)
    rows = _find_records(lines, as_read)
    records = _apply_in_order(lines, rows, as_read)
    by_name = {source.name: source for source in sources}
    changed, refused = _as_they_are_now(records, rows, by_name)
    _settle_pairs(lines, rows, as_read, changed, refused)
    for row in rows:
        if row["status"] == "applied" and row["action"] != "undo":
            row["touches"] = [name for name in (row["found_id"], row["other_found_id"]) if name]
    return Decided(
        to_frame(as_read.with_rows(changed, as_read.questions, Question), Question),
        to_frame(as_read.with_rows(refused, as_read.rejected, Rejected, without=changed), Rejected),
        to_frame(rows, MatchedDecision),
    )


class _AsRead:
    """Rows of the records that lines may be about: those with an id, or a content, that a line names."""

    def __init__(self, raw: pa.Table, questions: pa.Table, rejected: pa.Table, lines: Iterable[Line]) -> None:
        self.raw, self.questions, self.rejected = raw, questions, rejected
        decisions = [line.decision for line in lines if line.decision]
        ids = {name for one in decisions for name in (one.record_id, one.other_record_id) if name}
        contents = {name for one in decisions for name in (one.content_id, one.other_content_id) if name}
        wanted = pc.or_(_is_in(questions["record_id"], ids), _is_in(questions["content_id"], contents))
        self.rows = {row["record_id"]: row for row in questions.filter(wanted).to_pylist()}
        self.by_content: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.rows.values():
            self.by_content[row["content_id"]].add(row["record_id"])
        self.rows |= {row["record_id"]: row for row in rejected.filter(_is_in(rejected["record_id"], ids)).to_pylist()}

    def with_rows(
        self, rows: Mapping[str, dict[str, Any]], table: pa.Table, model: type[Row], without: Mapping[str, dict[str, Any]] | None = None
    ) -> pa.Table:
        """The table with these rows in place of those of their records, or added, in the order of the raw records."""
        gone = rows.keys() | (without or {}).keys()
        if not gone or not (rows or pc.any(_is_in(table["record_id"], gone)).as_py()):
            return table
        kept = table.filter(pc.invert(_is_in(table["record_id"], gone)))
        whole = pa.concat_tables([kept, checked_rows(list(rows.values()), model)]).combine_chunks()
        return whole.take(pc.sort_indices(pc.index_in(whole["record_id"], self.raw["record_id"].combine_chunks())))


def _is_in(column: pa.ChunkedArray, names: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array(sorted(names), pa.string()))


def _find_records(lines: Sequence[Line], as_read: _AsRead) -> list[dict[str, Any]]:
    """A MatchedDecision row a line, with the records that it is about.

    All lines are played through once, those that were taken back as well: a later one may name the content that they made.
    """
    by_content = as_read.by_content
    records: dict[str, Revised] = {}
    known: dict[str, str] = {}

    def find(record_id: str | None, content: str | None) -> tuple[str | None, str, str]:
        if record_id is None or record_id in as_read.rows:
            return record_id, "", ""
        if record_id in known:
            return known[record_id], "", ""
        found = by_content.get(content, set()) if content else set()
        if len(found) == 1:
            known[record_id] = next(iter(found))
            return known[record_id], "", ""
        if found:
            some = ", ".join(sorted(found)[:3])
            return None, "ambiguous", f"no record has id {record_id}, and {len(found)} have its content: {some}"
        why = f"and none reads as it did (content {content})" if content else "and the line names no content_id to find it by"
        return None, "orphaned", f"no record has id {record_id}, {why}"

    rows = []
    for line in lines:
        row = _row(line)
        rows.append(row)
        decision = line.decision
        if decision is None or line.wrong:
            continue
        for name, sought in (
            ("found_id", (decision.record_id, decision.content_id)),
            ("other_found_id", (decision.other_record_id, decision.other_content_id)),
        ):
            row[name], status, why = find(*sought)
            if status and row["status"] != "ambiguous":
                row["status"], row["detail"] = status, why
        if row["status"] == "applied" and decision.action in (*OF_TEXT, *VERDICTS):
            record = records.setdefault(row["found_id"], Revised(as_read.rows[row["found_id"]]))
            try:
                record.apply(decision, row["found_id"] != decision.record_id)
            except NotApplicableError:
                continue
            if (content := record.content_id) is not None:
                by_content[content].add(row["found_id"])
    return rows


def _row(line: Line) -> dict[str, Any]:
    decision = line.decision
    cells: dict[str, Any] = dict.fromkeys(MatchedDecision.model_fields)
    cells |= {"line": line.number, "status": "applied", "detail": "", "touches": []}
    if decision is not None:
        given = {name: value for name in GIVES if (value := getattr(decision, name)) is not None}
        names = ("id", "who", "action", "record_id", "content_id", "other_record_id")
        cells |= {name: getattr(decision, name) for name in names} | {"why": decision.why or None}
        cells |= {"at": decision.at.isoformat() if decision.at else None, "gives": canonical_json(given) if given else None}
    if line.repeats:
        cells |= {"status": "superseded", "detail": f"it says just what line {line.repeats} says"}
    elif line.wrong:
        cells |= {"status": "wrong_line", "detail": SURROGATES.sub("\ufffd", line.wrong)}
    return cells


def _apply_in_order(lines: Sequence[Line], rows: Sequence[dict[str, Any]], as_read: _AsRead) -> dict[str, Revised]:
    """The records that a decision is about, each with all that stands applied to it; says in the rows what was done."""
    records: dict[str, Revised] = {}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for line, row in zip(lines, rows, strict=True):
        decision = line.decision
        if decision is None or row["status"] not in ("applied", "orphaned", "ambiguous"):
            continue
        if line.undone_by:
            row["status"], row["detail"] = "superseded", f"taken back {by(line.undone_by.model_dump())}"
        elif decision.action == "undo":
            row["status"], row["detail"] = "applied", f"took back decision {decision.undoes}"
        elif decision.action == "note" and row["status"] == "applied":
            row["status"], row["detail"] = "note", "a note changes nothing"
        elif row["status"] == "applied" and decision.action not in OF_PAIRS:
            record = records.setdefault(row["found_id"], Revised(as_read.rows[row["found_id"]]))
            row["before"] = record.says()
            try:
                row["detail"] = record.apply(decision, row["found_id"] != decision.record_id)
            except NotApplicableError as error:
                row["status"], row["detail"] = "not_applicable", str(error)
                continue
            if row["found_id"] != decision.record_id:
                row["detail"] += " (found by its content)"
            _supersede(decision, row, last)
    return records


def _supersede(decision: Decision, row: dict[str, Any], last: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Of decisions on one thing of one record the later line wins; an edit is superseded once all that it gave is."""
    things = [name for name in ("stem", "options", "context") if decision.action == "edit" and getattr(decision, name) is not None]
    for thing in things or ["verdict" if decision.action in VERDICTS else "answer"]:
        earlier, last[row["found_id"], thing] = last.get((row["found_id"], thing)), row
        if earlier is not None and not any(value is earlier for value in last.values()):
            earlier["status"] = "superseded"
            earlier["detail"] = f"line {row['line']} decides anew: {decision.action} by {one_line(decision.who)}"


def _as_they_are_now(
    records: Mapping[str, Revised], rows: Sequence[dict[str, Any]], sources: Mapping[str, SourceConfig]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Rows of the records that decisions changed: Question rows, Rejected rows."""
    changed: dict[str, dict[str, Any]] = {}
    refused: dict[str, dict[str, Any]] = {}
    mine: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["status"] == "applied" and row["action"] in (*OF_TEXT, *VERDICTS):
            mine[row["found_id"]].append(row)
    for record_id, record in records.items():
        faults = record.faults()
        if not faults and (record.was_question or record.verdict != "reject"):
            try:
                question = record.question(sources[record.read["source"]])
            except NotApplicableError as error:
                faults = [(Reason.MALFORMED_ROW, str(error))]
            else:
                if not record.was_question or question != record.read:
                    changed[record_id] = question
                continue
        _not_let_in(mine[record_id], faults)
        if record.verdict == "accept":
            record.verdict = None
            faults = record.faults() or faults
        if left := [row for row in mine[record_id] if row["status"] == "applied"]:
            refused[record_id] = _refused(record, left, faults)
    return changed, refused


def _not_let_in(rows: Iterable[dict[str, Any]], faults: Sequence[tuple[Reason, str]]) -> None:
    why = "; ".join(f"{reason}: {words}" for reason, words in faults)
    for row in rows:
        if row["action"] == "accept":
            row["status"], row["detail"] = "not_applicable", f"it still is no question ({why})"
        elif row["action"] in OF_TEXT:
            row["detail"] += f" (it still is no question: {why})" if why else ""


def _refused(record: Revised, rows: Sequence[dict[str, Any]], faults: Sequence[tuple[Reason, str]]) -> dict[str, Any]:
    """A Rejected row as it is now."""
    only_judged = all(row["action"] in VERDICTS for row in rows)
    reasons = record.read["reason_codes"] if only_judged else [str(reason) for reason, _ in faults]
    details = [record.read["detail"]] if only_judged else [f"{words}" for _, words in faults]
    ended = [Reason.REJECTED_BY_REVIEWER] if record.verdict == "reject" else []
    return record.read | {
        "reason_codes": list(dict.fromkeys([*reasons, *map(str, ended)])),
        "detail": "; ".join([text for text in details if text] + list(map(said, rows))) or None,
        "stem": record.stem or None,
        "context": record.context,
        "options": record.options or None,
        "answer_index": record.answer_index,
        "repairs": list(dict.fromkeys([*record.read["repairs"], *record.done])),
    }


def _settle_pairs(
    lines: Sequence[Line],
    rows: Sequence[dict[str, Any]],
    as_read: _AsRead,
    changed: Mapping[str, dict[str, Any]],
    refused: Mapping[str, dict[str, Any]],
) -> None:
    """Says of each merge and apart whether it can stand beside the others."""
    asked: list[Constraint] = []
    for line, row in zip(lines, rows, strict=True):
        if row["action"] not in OF_PAIRS or row["status"] != "applied" or line.decision is None:
            continue
        sides = [changed.get(name) or refused.get(name) or as_read.rows[name] for name in (row["found_id"], row["other_found_id"])]
        row["status"], row["detail"] = _alone(row, sides)
        if row["status"] == "applied":
            left, right = (side["content_id"] for side in sides)
            asked.append(Constraint(row["action"] == "merge", left, right, row))
    for row, other in standing(asked):
        row["status"] = "superseded"
        row["detail"] = f"line {other['line']} decides otherwise: {other['action']} by {one_line(other['who'])}"


def _alone(row: Mapping[str, Any], sides: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Whether a merge or apart of these two rows can be done at all; status and words."""
    if row["found_id"] == row["other_found_id"]:
        return "not_applicable", "both are one record by now"
    for side in sides:
        if "reason_codes" in side:
            return "not_applicable", f"record {side['record_id']} is no question ({', '.join(side['reason_codes'])})"
    left, right = sides
    same, benchmarks = left["content_id"] == right["content_id"], [side["record_id"] for side in sides if side["role"] == "benchmark"]
    if row["action"] == "merge":
        return "applied", "one question, as their texts are anyway, merged" if same else "one question, merged"
    if same:
        return "not_applicable", "they say exactly the same: reject or edit one of them"
    if len(benchmarks) == 1:
        return "not_applicable", f"record {benchmarks[0]} is a benchmark's: no decision lets what it may hold into training"
    return "applied", "two questions, kept apart"
