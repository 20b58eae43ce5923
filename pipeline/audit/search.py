"""What a reader types into the search box: words with or without diacritics, "phrases", beginnings*, an id, a place, a file, a reason.

Nothing that is typed is an error, and nothing takes longer with more hits: at most MOST_HITS of each kind are looked at. What says the
same letters as the query stands before what only says them without diacritics.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.audit.folding import Mark, composed, fold, marks, unstroked, words
from pipeline.audit.index import INDEX, TEXTS, facet_word, spelling
from pipeline.audit.tallies import FACETS, LISTS

MOST_TERMS = 20
MOST_CHARS = 1_000
MOST_HITS = 20_000
# Of so many hits the best come first; of more, the first of the ledger.
MOST_RANKED = 5_000
MOST_COUNTED = 5_000
MOST_FILES = 50
SHORTEST_ID = 4
WEIGHTS = "10.0, 6.0, 2.0, 1.0, 1.0, 0.0, 0.0"
TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
ID = re.compile(r"[0-9a-f]{4,16}")
SHOWN = (
    *("record_id", "content_id", "source", "role", "file", "locator", "disposition", "split", "relation", "representative_id"),
    *("quality_score", "stem", "context", "options", "answer_index", "explanation", "subject", "language", "detail", "decided_by"),
    *("reason_codes", "flags"),
)
ALL_FACETS = (*FACETS, *(facet for facet, _ in LISTS.values()))


class Term(NamedTuple):
    """A word or phrase of a query; `beginning`: words that begin so count too."""

    text: str
    beginning: bool = False


@dataclass(frozen=True)
class Hit:
    """A record that was found: columns of SHOWN (lists as lists, `payload` too where nothing else was read of it), why, and of each
    searched text the words that were looked for."""

    row: dict[str, Any]
    matched: str
    marks: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """One page of a search. `total` is how many there are, or more than that where it is `at_least`. `facets`: values with their counts
    among the first `counted` hits, most frequent first."""

    hits: list[Hit]
    total: int
    at_least: bool
    facets: dict[str, list[tuple[str, int]]]
    counted: int


def terms(query: str) -> list[Term]:
    """What a query asks for, all of it at once; what has no letter or digit asks for nothing.

    >>> terms('"thủ đô" Ha* ???')
    [Term(text='thủ đô', beginning=False), Term(text='Ha', beginning=True)]
    """
    found = []
    for phrase, word in TERM.findall(query[:MOST_CHARS]):
        text = (phrase or word).rstrip("*")
        if words(text):
            found.append(Term(text, not phrase and word.endswith("*")))
    return found[:MOST_TERMS]


def search(
    connection: sqlite3.Connection,
    query: str,
    limit: int = 50,
    offset: int = 0,
    facets: Mapping[str, Collection[str]] | None = None,
) -> Found:
    """Records that a query finds, narrowed down by facets (facet -> values, any of them; ALL_FACETS names the facets).

    An empty query finds all. Records that the query names (ids, places) come first, then those with that reason or flag, then texts
    with the same letters, then texts with the same letters but for diacritics, then those of files whose names hold the query.
    """
    query = _typed(query)
    narrowed = _narrowed(facets or {})
    if not query and not narrowed:
        return _all(connection, limit, offset)
    found: dict[int, str] = {}
    cut = False
    for matched, rowids in _groups(connection, query, narrowed):
        cut = cut or len(rowids) >= MOST_HITS
        for rowid in rowids:
            found.setdefault(rowid, matched)
    order = list(found)
    asked = terms(query)
    page = order[offset : offset + limit]
    rows = _rows(connection, page)
    hits = [_hit(rows[rowid], found[rowid], asked) for rowid in page if rowid in rows]
    more = _count(connection, query, narrowed) if cut else 0
    return Found(hits, max(len(order), more or 0), more is None, _counts(connection, order[:MOST_COUNTED]), min(len(order), MOST_COUNTED))


def matching(text: str) -> tuple[str, list[Any]]:
    """A condition on rows of `ledger` that holds where `search` finds a text by its words or a reason, and the values of its marks."""
    expression = _expression(terms(_typed(text)))
    if _typed(text) and not re.search(r"\s", _typed(text)):
        words_of = [f'"{facet_word(facet, _typed(text))}"' for facet, _ in LISTS.values()]
        named = f"facets : ({' OR '.join(words_of)})"
        expression = f"({expression}) OR {named}" if expression else named
    if not expression:
        return "0", []
    return f"ledger.rowid in (select rowid from {INDEX} where {INDEX} match ?)", [expression]


def _typed(query: str) -> str:
    """Without control characters, which end a text for SQLite, and lone surrogates, which it doesn't store."""
    return "".join(c if c.isprintable() else " " for c in query[:MOST_CHARS]).encode(errors="ignore").decode().strip()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _expression(asked: Sequence[Term]) -> str:
    """FTS5's expression for texts that hold all of these, but for diacritics."""
    if not asked:
        return ""
    # Side by side, and not joined by AND: so a term that is no word to SQLite asks for nothing.
    parts = [_quoted(unstroked(composed(term.text))) + (" *" if term.beginning else "") for term in asked]
    return f"{{{' '.join(TEXTS)}}} : ({' '.join(parts)})"


def _written_expression(asked: Sequence[Term]) -> str:
    """FTS5's expression for texts that hold the words with diacritics as they were typed, one by one; empty where none was typed."""
    if all(fold(term.text) == composed(term.text).lower() for term in asked):
        return ""
    whole, begins = _typed_words(asked)
    parts = [_quoted(spelling(word)) for word in whole if not word.isascii()]
    parts += [_quoted(spelling(word)) + " *" for word in begins if not word.isascii()]
    return f"written : ({' '.join(parts)})"


def _typed_words(asked: Sequence[Term]) -> tuple[list[str], list[str]]:
    """Words, and beginnings of words, in lower case. Of a term that is a beginning, its last word counts."""
    whole = [word.lower() for term in asked if not term.beginning for word in words(composed(term.text))]
    return whole, [words(composed(term.text))[-1].lower() for term in asked if term.beginning]


def _as_typed(connection: sqlite3.Connection, rowids: Sequence[int], asked: Sequence[Term]) -> Sequence[int]:
    """Of these records, those that hold the words without diacritics as they were typed: "ha" isn't "hà". The index holds no such words
    as they are written; so texts are read, of the first MOST_RANKED alone."""
    whole, begins = ([word for word in found if word.isascii()] for found in _typed_words(asked))
    if not whole and not begins:
        return rowids
    same = set()
    texts_of = f"{', '.join(TEXTS[:-1])}, iif(stem is null, payload, null)"
    select = f"select rowid, {texts_of} from ledger where rowid in (select value from json_each(?))"
    for rowid, *texts in connection.execute(select, [json.dumps(rowids[:MOST_RANKED])]):
        held = {word.lower() for text in texts if text for word in words(composed(text))}
        if held.issuperset(whole) and all(any(word.startswith(begin) for word in held) for begin in begins):
            same.add(rowid)
    return [rowid for rowid in rowids if rowid in same]


def _narrowed(facets: Mapping[str, Collection[str]]) -> str:
    """FTS5's expression for the facets; empty for none."""
    parts = [
        "facets : (" + " OR ".join(_quoted(facet_word(facet, value)) for value in values) + ")"
        for facet, values in facets.items()
        if values and facet in ALL_FACETS
    ]
    return " AND ".join(parts)


def _both(*expressions: str) -> str:
    return " AND ".join(f"({expression})" for expression in expressions if expression)


def _groups(connection: sqlite3.Connection, query: str, narrowed: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Kinds of hits, the best first: why they are hits, and their rowids."""
    if not query:
        yield "", _matches(connection, narrowed)
        return
    yield from (
        ("id", _within(connection, rowids, narrowed)) for rowids in (_named(connection, query), _placed(connection, query)) if rowids
    )
    if named := _valued(connection, query):
        yield "reason", _matches(connection, _both(named, narrowed))
    if asked := terms(query):
        expression = _both(_expression(asked), narrowed)
        if written := _written_expression(asked):
            yield "exact", _as_typed(connection, _matches(connection, _both(expression, written), ranked=True), asked)
        yield "text", _matches(connection, expression, ranked=True)
    if files := _files(connection, query):
        yield "file", _matches(connection, _both(files, narrowed))


def _matches(connection: sqlite3.Connection, expression: str, ranked: bool = False) -> list[int]:
    """Rowids, at most MOST_HITS, in the ledger's order, or the best first where they are few. What SQLite can't read finds nothing."""
    try:
        found = [row[0] for row in connection.execute(f"select rowid from {INDEX} where {INDEX} match ? limit {MOST_HITS}", [expression])]
        if ranked and 1 < len(found) <= min(MOST_RANKED, MOST_HITS - 1):
            query = f"select rowid from {INDEX} where {INDEX} match ? order by bm25({INDEX}, {WEIGHTS}), rowid"
            found = [row[0] for row in connection.execute(query, [expression])]
    except sqlite3.OperationalError:
        return []
    return found


def _within(connection: sqlite3.Connection, rowids: Sequence[int], narrowed: str) -> Sequence[int]:
    if not narrowed:
        return rowids
    query = f"select 1 from {INDEX} where {INDEX} match ? and rowid = ?"
    return [rowid for rowid in rowids if connection.execute(query, [narrowed, rowid]).fetchone()]


def _named(connection: sqlite3.Connection, query: str) -> list[int]:
    """Records whose record_id or content_id begins so."""
    found: list[int] = []
    if ID.fullmatch(query.casefold()):
        for column in ("record_id", "content_id"):
            select = f"select rowid from ledger where {column} >= ? and {column} < ? order by rowid limit {MOST_HITS}"
            found += [row[0] for row in connection.execute(select, [query.casefold(), query.casefold() + "g"])]
    return found


def _placed(connection: sqlite3.Connection, query: str) -> list[int]:
    """Records at a place: `LOCATOR` or `SOURCE:LOCATOR`."""
    if "#" not in query:
        return []
    source, _, locator = query.partition(":")
    select = "select rowid from ledger where locator = ?1 or (locator = ?2 and source = ?3) limit 100"
    return [row[0] for row in connection.execute(select, [query, locator, source])]


def _valued(connection: sqlite3.Connection, query: str) -> str:
    """FTS5's expression for records whose reason, flag or disposition the query is."""
    named = ("disposition", *(facet for facet, _ in LISTS.values()))
    select = f"select facet, value from facets where value = ? and facet in ({', '.join('?' * len(named))})"
    found = [facet_word(*row) for row in connection.execute(select, [query.casefold(), *named])]
    return f"facets : ({' OR '.join(map(_quoted, found))})" if found else ""


def _files(connection: sqlite3.Connection, query: str) -> str:
    """FTS5's expression for records of files whose path holds the query."""
    wanted = fold(query)
    if len(wanted) < SHORTEST_ID:
        return ""
    files = (row[0] for row in connection.execute("select value from facets where facet = 'file' order by value"))
    found = [_quoted(facet_word("file", file)) for file in files if wanted in fold(file)][:MOST_FILES]
    return f"facets : ({' OR '.join(found)})" if found else ""


def _count(connection: sqlite3.Connection, query: str, narrowed: str) -> int | None:
    """How many records match, where they are too many to be listed; None where SQLite can't tell."""
    asked = terms(query)
    parts = [part for part in (_expression(asked), _valued(connection, query), _files(connection, query)) if part]
    expression = _both(" OR ".join(f"({part})" for part in parts), narrowed)
    try:
        row = connection.execute(f"select count(*) from {INDEX} where {INDEX} match ?", [expression]).fetchone()
    except sqlite3.OperationalError:
        return None
    return int(row[0])


def _all(connection: sqlite3.Connection, limit: int, offset: int) -> Found:
    """The whole ledger, whose facets are counted already."""
    rowids = [row[0] for row in connection.execute("select rowid from ledger order by rowid limit ? offset ?", [limit, offset])]
    rows = _rows(connection, rowids)
    facets: dict[str, list[tuple[str, int]]] = {}
    for facet, value, count in connection.execute("select facet, value, records from facets order by records desc, value"):
        facets.setdefault(facet, []).append((value, count))
    total = sum(count for _, count in facets.get("disposition", []))
    return Found([Hit(rows[rowid], "", {}) for rowid in rowids], total, False, facets, total)


def _rows(connection: sqlite3.Connection, rowids: Sequence[int]) -> dict[int, dict[str, Any]]:
    columns = ", ".join(SHOWN)
    select = f"select rowid, {columns}, iif(stem is null, payload, null) from ledger where rowid in (select value from json_each(?))"
    found = {}
    for rowid, *cells in connection.execute(select, [json.dumps(rowids)]):
        row = dict(zip([*SHOWN, "payload"], cells, strict=True))
        for name in ("options", "reason_codes", "flags"):
            row[name] = json.loads(row[name]) if row[name] is not None else None
        found[rowid] = row
    return found


def _hit(row: dict[str, Any], matched: str, asked: Sequence[Term]) -> Hit:
    whole = {fold(word) for term in asked for word in (words(term.text)[:-1] if term.beginning else words(term.text))}
    begins = [fold(words(term.text)[-1]) for term in asked if term.beginning]
    found: dict[str, list[Mark] | list[list[Mark]]] = {}
    for name in TEXTS:
        text = row[name]
        if isinstance(text, list):
            found[name] = [marks(option, whole, begins) for option in text]
        elif text is not None:
            found[name] = marks(text, whole, begins)
    return Hit(row, matched, found)


def _counts(connection: sqlite3.Connection, rowids: Sequence[int]) -> dict[str, list[tuple[str, int]]]:
    """Values of each facet among these rows, most frequent first."""
    counters: dict[str, Counter[str]] = {facet: Counter() for facet in ALL_FACETS}
    columns = [*FACETS, *(column for _, column in LISTS.values())]
    select = (
        f"select {', '.join(columns)}, count(*) from ledger where rowid in (select value from json_each(?)) group by {', '.join(columns)}"
    )
    for *cells, count in connection.execute(select, [json.dumps(rowids)]):
        for facet, cell in zip(ALL_FACETS, cells, strict=True):
            values = json.loads(cell) if cell and facet not in FACETS else [cell]
            for value in dict.fromkeys(values):
                if value is not None:
                    counters[facet][value] += count
    return {facet: sorted(counter.items(), key=lambda item: (-item[1], item[0])) for facet, counter in counters.items()}
