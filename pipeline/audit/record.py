"""Everything that the audit database knows of one record, as plain values."""

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pipeline.audit.lists import unpacked

SHORTEST_PREFIX = 4
MOST_NEIGHBOURS = 50
MOST_NAMED = 20
BY_EPOCH = ("losses", "option_orders", "gold_probabilities", "gold_chosen")
HEXADECIMAL = re.compile(r"[0-9a-f]{1,16}")
STRONGEST_FIRST = "case relation when 'conflict' then 0 when 'exact' then 1 when 'same' then 2 when 'variant' then 3 else 4 end"
NEIGHBOUR_COLUMNS = (
    "ledger.record_id, source, role, file, locator, disposition, split, quality_score, stem, context, options, answer_index, content_id"
)
# A split's row of several with one content comes before others.
KEPT_FIRST = "split is null, ledger.rowid"


def find_records(database: sqlite3.Connection, query: str) -> list[str]:
    """Ids of the records that a query names, MOST_NAMED at most: a record_id or its beginning, `SOURCE:LOCATOR`, or a content_id or its
    beginning. Of records with one content it is the one that was kept, else the first."""
    source, colon, locator = query.partition(":")
    if colon and (found := _ids(database, "source = ? and locator = ?", [source, locator])):
        return found
    if len(query) < SHORTEST_PREFIX or not HEXADECIMAL.fullmatch(query):
        return []
    for column in ("record_id", "content_id"):
        # Between two texts the index is used, whatever the text begins with.
        found = _ids(database, f"{column} >= ? and {column} <= ?", [query, query + "g"])
        if found and column == "content_id":
            marks = ", ".join("?" * len(found))
            kinds = database.execute(f"select count(distinct content_id) from ledger where record_id in ({marks})", found).fetchone()[0]
            return found[:1] if kinds == 1 else found
        if found:
            return found
    return []


def _ids(database: sqlite3.Connection, where: str, values: Sequence[str]) -> list[str]:
    query = f"select record_id from ledger where {where} order by {KEPT_FIRST} limit {MOST_NAMED}"
    return [str(row[0]) for row in database.execute(query, values)]


def record_facts(database: sqlite3.Connection, record_id: str) -> dict[str, Any] | None:
    """All facts of a record, by what they are; None where the version doesn't hold it."""
    rows = _rows(database, "select * from ledger where record_id = ?", [record_id])
    if not rows:
        return None
    row = rows[0]
    return {
        "row": row,
        "file": _file(database, row),
        "quality": _quality(database, record_id),
        "neighbours": neighbours(database, row),
        "split_group_size": _number(database, "select count(*) from ledger where split_group = ?", row["split_group"]),
        "examples": _rows(database, "select * from examples where record_id = ?", [record_id]),
        "trained": _trained(database, record_id),
        "answers": _answers(database, record_id),
        **(told := history(database, record_id)),
        "standing": standing(told["versions"], told["changes"], row["split"]),
        "version": current_version(database),
    }


def history(database: sqlite3.Connection, record_id: str) -> dict[str, Any]:
    """The kept versions, newest first, and what became of a record from each to the next."""
    return {
        "versions": _rows(database, "select * from versions order by position desc", []),
        "changes": _rows(
            database,
            "select c.* from changes c join versions v on v.name = c.version where c.record_id = ? order by v.position desc, c.number",
            [record_id],
        ),
    }


class Standing(NamedTuple):
    """A version, the split that a record was in (null: none), and what changed since the version before it."""

    version: dict[str, Any]
    split: str | None
    changes: list[dict[str, Any]]


def standing(versions: Sequence[dict[str, Any]], changes: Sequence[dict[str, Any]], split: str | None) -> list[Standing]:
    """Where a record stood in each version, newest first, told back from its split in the newest."""
    found = []
    for version in versions:
        own = [change for change in changes if change["version"] == version["name"]]
        found.append(Standing(version, split, own))
        if own:
            split = own[0]["before"]
    return found


def current_version(database: sqlite3.Connection) -> dict[str, Any] | None:
    """The version that the database was made of."""
    rows = _rows(database, "select * from versions where is_current order by position desc limit 1", [])
    return rows[0] if rows else None


def _rows(database: sqlite3.Connection, query: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    return [unpacked(row) for row in database.execute(query, tuple(values))]


def _number(database: sqlite3.Connection, query: str, value: str | None) -> int:
    return int(database.execute(query, (value,)).fetchone()[0]) if value is not None else 0


def _file(database: sqlite3.Connection, row: dict[str, Any]) -> dict[str, Any] | None:
    """How the record's file was read: of a file in parts, the part that its locator names."""
    parts = _rows(database, "select * from files where source = ? and file = ?", [row["source"], row["file"]])
    part = row["locator"][len(row["file"]) + 1 :].rpartition("/")[0]
    named = [one for one in parts if one["part"] == part]
    return next(iter(named or parts), None)


def _quality(database: sqlite3.Connection, record_id: str) -> dict[str, Any] | None:
    rows = _rows(database, "select * from quality where record_id = ?", [record_id])
    if not rows:
        return None
    cells = rows[0]
    return {**cells, "explanations": json.loads(cells["explanations"]), "signals": json.loads(cells["signals"])}


def neighbours(database: sqlite3.Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Records that stand beside a record, conflicts first: those of its pairs, the one that decided over it, and exact copies."""
    record_id = row["record_id"]
    query = (
        f"select {NEIGHBOUR_COLUMNS}, p.relation, p.similarity, p.why from "
        "(select right_id as other, relation, similarity, why from pairs where left_id = ? "
        "union all select left_id, relation, similarity, why from pairs where right_id = ?) p "
        f"join ledger on ledger.record_id = p.other order by {STRONGEST_FIRST.replace('relation', 'p.relation')}, similarity desc "
        f"limit {MOST_NEIGHBOURS}"
    )
    found = _rows(database, query, [record_id, record_id])
    known = {one["record_id"] for one in found} | {record_id}
    for relation, where, value in (
        (row["relation"], "record_id = ?", row["representative_id"]),
        ("exact", "content_id = ?", row["content_id"]),
        ("shared_13gram", "record_id = ?", row["shared_13gram"]),
    ):
        if value is None:
            continue
        for other in _rows(database, f"select {NEIGHBOUR_COLUMNS} from ledger where {where} limit {MOST_NEIGHBOURS}", [value]):
            if other["record_id"] not in known:
                known.add(other["record_id"])
                found.append({**other, "relation": relation, "similarity": None, "why": None})
    return found


def _trained(database: sqlite3.Connection, record_id: str) -> list[dict[str, Any]]:
    """What each training saw of it; what an older program didn't note of epochs is an empty list."""
    query = (
        "select t.*, r.base_model, r.dataset_version, r.run_id, r.method, r.device, r.steps, r.kept_epoch from trained_samples t "
        "left join runs r using (adapter) where t.record_id = ? order by t.adapter"
    )
    rows = _rows(database, query, [record_id])
    return [{**row, **{name: json.loads(row[name] or "[]") for name in BY_EPOCH}} for row in rows]


def _answers(database: sqlite3.Connection, record_id: str) -> list[dict[str, Any]]:
    """Answers of base and adapters, each with the probability of every option."""
    query = (
        "select p.*, r.base_model, e.dataset_version from predictions p left join runs r using (adapter) "
        "left join evaluations e using (adapter, evaluation) where p.record_id = ? "
        "order by p.adapter, p.evaluation, p.mode, p.model <> 'base'"
    )
    rows = _rows(database, query, [record_id])
    # Sums are logarithms of probabilities; older predictions have none, and what stands for them is over the options' lengths.
    return [{**row, "probabilities": softmax(json.loads(row.get("option_log_likelihoods") or row["option_scores"]))} for row in rows]


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities, 0-1, that add up to 1. None for no scores.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    if not scores:
        return []
    highest = max(scores)
    weights = [math.exp(score - highest) for score in scores]
    return [weight / sum(weights) for weight in weights]
