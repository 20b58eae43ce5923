"""Lists of records from the audit database: which rows, in which order, how many, and what else could narrow them.

All values of a request travel as parameters; what stands in a query's text is written here.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pipeline.audit.search import Found, matching, search

PAGE_ROWS = 50
FACET_VALUES = 40
# Of a list that is asked for by name, so many rows are counted for its facets.
MOST_COUNTED = 5_000
# What a row of a list shows.
COLUMNS = (
    "ledger.record_id, source, file, locator, disposition, reason_codes, relation, representative_id, quality_score, flags, split, "
    "stem, options, answer_index, subject, language, detail, case when stem is null then payload end as payload, content_id, decided_by"
)
# Columns that narrow a list by one value, and those that hold a list of values: by their names in an address.
PLAIN = ("disposition", "source", "file", "subject", "language", "split")
SEVERAL = {"reason": ("reasons", "reason_code"), "flag": ("flags", "flag")}
FACETS = ("disposition", "reason", "source", "file", "subject", "language", "split", "flag")
STORED = {name: SEVERAL[name][1] if name in SEVERAL else name for name in FACETS}


class Ready(NamedTuple):
    """A list that is asked for by name: which rows, and in which order."""

    where: str
    order: str = "ledger.rowid"


# A kept question with this score or a lower one is worth a look: its signals took as much off.
SUSPICIOUS_SCORE = 0.95
SIDE_BY_SIDE = "min(ledger.record_id, coalesce(representative_id, ledger.record_id)), ledger.rowid"
NEWEST = "version in (select name from versions where is_current)"
IN_FLAGS = "ledger.record_id in (select record_id from flags where flag in ({}))"
READY: dict[str, Ready] = {
    "conflicts": Ready("disposition = 'conflict'", SIDE_BY_SIDE),
    "suspicious": Ready(f"ledger.split is not null and quality_score <= {SUSPICIOUS_SCORE}", "quality_score, ledger.rowid"),
    "keys": Ready(IN_FLAGS.format("'contradicted_key', 'gold_excess_nll'"), "quality_score, ledger.rowid"),
    "rejected": Ready("disposition = 'rejected'"),
    "contaminated": Ready("disposition = 'contaminated'"),
    "filtered": Ready("disposition = 'filtered'", "quality_score desc, ledger.rowid"),
    "changed": Ready(
        f"ledger.record_id in (select in_ledger from changes where {NEWEST})",
        f"(select min(number) from changes where in_ledger = ledger.record_id and {NEWEST})",
    ),
    "flipped": Ready("ledger.record_id in (select record_id from flipped)"),
    "decided": Ready("ledger.record_id in (select record_id from touched)"),
}


@dataclass(frozen=True)
class Filters:
    """What a list was asked for. Empty texts narrow nothing; `ids` come from elsewhere (what reviewers decided since the last refresh)."""

    name: str = ""
    q: str = ""
    disposition: str = ""
    source: str = ""
    subject: str = ""
    language: str = ""
    split: str = ""
    file: str = ""
    reason: str = ""
    flag: str = ""
    ids: tuple[str, ...] | None = None

    def arguments(self) -> dict[str, str]:
        """The filters as an address holds them, empty ones left out."""
        named = {"list": self.name, **{one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("name", "ids")}}
        return {name: value for name, value in named.items() if value}

    def query(self) -> str:
        """The same as one text, for the address of a record that was opened from the list."""
        return urlencode(self.arguments())

    def without(self, name: str) -> "Filters":
        """All but one, by its name in an address."""
        return replace(self, **{"name" if name == "list" else name: ""})  # type: ignore[arg-type]


def filters_of(arguments: Mapping[str, str]) -> Filters:
    """The filters that an address names; what it names beside them is left out."""
    known = [one.name for one in fields(Filters) if one.name not in ("ids", "name")]
    return Filters(name=arguments.get("list", ""), **{name: arguments[name].strip() for name in known if arguments.get(name)})  # type: ignore[arg-type]


class Condition(NamedTuple):
    """A `where` and the values of its marks."""

    where: str
    values: tuple[Any, ...]


def condition(filters: Filters) -> Condition:
    """What rows of the ledger keep to."""
    parts: list[str] = []
    values: list[Any] = []
    for name in PLAIN:
        if value := getattr(filters, name):
            parts.append(f"ledger.{name} = ?")
            values.append(value)
    for name, (table, column) in SEVERAL.items():
        if value := getattr(filters, name):
            parts.append(f"ledger.record_id in (select record_id from {table} where {column} = ?)")
            values.append(value)
    if filters.name in READY:
        parts.append(READY[filters.name].where)
    if filters.ids is not None:
        parts.append("ledger.record_id in (select value from json_each(?))")
        values.append(json.dumps(filters.ids))
    if filters.q:
        where, more = matching(filters.q)
        parts.append(where)
        values += more
    return Condition(" and ".join(f"({part})" for part in parts) or "1", tuple(values))


def order(filters: Filters) -> str:
    """How a list is sorted: always the same for the same list."""
    return READY[filters.name].order if filters.name in READY else "ledger.rowid"


Counts = list[tuple[str, int]]


class Listed(NamedTuple):
    """A page of a list. `total` is how many rows it has, or more than that where it is `at_least`; `facets` are counted over the first
    `counted` of them. `marks` are the searched words in the texts of a row, by its record_id."""

    rows: list[dict[str, Any]]
    total: int
    at_least: bool
    facets: dict[str, Counts]
    counted: int
    marks: dict[str, dict[str, Any]]


def listed(database: sqlite3.Connection, filters: Filters, page: int) -> Listed:
    """A page of a list, counted from 1. A search is sorted by how well it fits, every other list as READY says."""
    start = (page - 1) * PAGE_ROWS
    if not _is_named(filters):
        found = _found(database, filters, PAGE_ROWS, start)
        facets = {name: found.facets.get(STORED[name], [])[:FACET_VALUES] for name in FACETS}
        return Listed(
            [hit.row for hit in found.hits],
            found.total,
            found.at_least,
            _offered(facets, filters),
            found.counted,
            {hit.row["record_id"]: hit.marks for hit in found.hits},
        )
    where, values = condition(filters)
    total = count(database, filters)
    query = f"select {COLUMNS} from ledger where {where} order by {order(filters)} limit ? offset ?"
    rows = [unpacked(row) for row in database.execute(query, (*values, PAGE_ROWS, start))]
    if filters.name == "changed":
        _tell_changes(database, rows)
    return Listed(rows, total, False, _offered(facets_of(database, filters), filters), min(total, MOST_COUNTED), {})


def _tell_changes(database: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
    """Gives each row its `change` in the newest version: kind, splits before and after, and why."""
    query = f"select in_ledger, kind, before, after, why from changes where {NEWEST} and in_ledger in (select value from json_each(?))"
    found = {row["in_ledger"]: dict(row) for row in database.execute(query, (json.dumps([row["record_id"] for row in rows]),))}
    for row in rows:
        row["change"] = found.get(row["record_id"])


def _is_named(filters: Filters) -> bool:
    return bool(filters.name) or filters.ids is not None


def _found(database: sqlite3.Connection, filters: Filters, limit: int, offset: int) -> Found:
    chosen = {STORED[name]: [value] for name in FACETS if (value := getattr(filters, name))}
    return search(database, filters.q, limit, offset, chosen)


def _offered(facets: dict[str, Counts], filters: Filters) -> dict[str, Counts]:
    return {name: values for name, values in facets.items() if values and not getattr(filters, name)}


def count(database: sqlite3.Connection, filters: Filters) -> int:
    """How many rows a list holds that is asked for by name."""
    where, values = condition(filters)
    return int(database.execute(f"select count(*) from ledger where {where}", values).fetchone()[0])


def unpacked(row: sqlite3.Row) -> dict[str, Any]:
    """A row of the ledger with its lists as lists."""
    cells = {name: row[name] for name in row.keys()}  # noqa: SIM118 - iterating a Row gives its values
    for name in ("reason_codes", "flags", "options", "repairs"):
        if isinstance(cells.get(name), str):
            cells[name] = json.loads(cells[name])
    return cells


class Beside(NamedTuple):
    """The records before and after one of a list; None at its ends."""

    before: str | None
    after: str | None


def beside(database: sqlite3.Connection, filters: Filters, place: int) -> Beside:
    """What stands beside place `place` of a list, counted from 0."""
    start = max(place - 1, 0)
    size = place + 2 - start
    if _is_named(filters):
        where, values = condition(filters)
        query = f"select ledger.record_id from ledger where {where} order by {order(filters)} limit ? offset ?"
        ids = [row[0] for row in database.execute(query, (*values, size, start))]
    else:
        ids = [hit.row["record_id"] for hit in _found(database, filters, size, start).hits]
    own = place - start
    return Beside(ids[own - 1] if 0 < own <= len(ids) else None, ids[own + 1] if own + 1 < len(ids) else None)


def facets_of(database: sqlite3.Connection, filters: Filters) -> dict[str, Counts]:
    """For each facet, its values among the first MOST_COUNTED rows of a list that is asked for by name, most frequent first."""
    where, values = condition(filters)
    columns = [*PLAIN, "reason_codes", "flags"]
    query = (
        f"select {', '.join(columns)}, count(*) from ledger where ledger.rowid in "
        f"(select ledger.rowid from ledger where {where} limit {MOST_COUNTED}) group by {', '.join(columns)}"
    )
    counters: dict[str, Counter[str]] = {name: Counter() for name in [*PLAIN, "reason", "flag"]}
    for *cells, number in database.execute(query, values):
        for name, cell in zip(counters, cells, strict=True):
            if cell is not None:
                for value in dict.fromkeys(json.loads(cell)) if name in SEVERAL else (cell,):
                    counters[name][value] += number
    return {name: counters[name].most_common(FACET_VALUES) for name in FACETS}


def funnel(database: sqlite3.Connection) -> dict[str, int]:
    """Records by disposition."""
    query = "select value, records from facets where facet = 'disposition'"
    return {str(name): int(number) for name, number in database.execute(query)}


def rejections(database: sqlite3.Connection) -> dict[str, Counts]:
    """Rejected records by reason and by file, most frequent first."""
    reasons = "select reason_code, sum(records) from rejections group by 1 order by 2 desc, 1"
    files = f"select file, count(*) from ledger where disposition = 'rejected' group by 1 order by 2 desc, 1 limit {FACET_VALUES}"
    return {
        "reason": [(name, number) for name, number in database.execute(reasons)],
        "file": [(name, number) for name, number in database.execute(files)],
    }
