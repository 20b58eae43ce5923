"""Lists of records: a search, a ready list, a facet; the question stands first."""

import sqlite3
from collections import OrderedDict
from dataclasses import replace

from datasette.utils.asgi import Response

from cli.audit_server.databases import Signature
from cli.audit_server.pending import Pending, pending_of
from cli.audit_server.visit import RefusedError, Visit
from pipeline.audit import lists
from pipeline.audit.record import find_records
from pipeline.audit.wording import CHANGE_TEXT, FACET_TEXT, LIST_TEXT, LIST_TITLE
from schemas.reasons import REASON_TEXT

MOST_PAGES = 100_000
REMEMBERED = 256
_sizes: OrderedDict[tuple[str, Signature, str], int] = OrderedDict()


def asked(visit: Visit, arguments: dict[str, str], pending: Pending) -> lists.Filters:
    """The filters that arguments name. A list of decisions is one of ids."""
    filters = lists.filters_of(arguments)
    if filters.name in ("pending", "orphaned"):
        return replace(filters, ids=tuple(pending.waiting) if filters.name == "pending" else ())
    if filters.name and filters.name not in lists.READY:
        raise RefusedError(404, visit.words("There is no list of this name."))
    return filters


def size(database: sqlite3.Connection, key: tuple[str, Signature], name: str) -> int:
    """Number of rows of a ready list; remembered for as long as the database's file is the same."""
    full = (*key, name)
    if full not in _sizes:
        _sizes[full] = lists.count(database, lists.Filters(name=name))
        while len(_sizes) > REMEMBERED:
            _sizes.popitem(last=False)
    return _sizes[full]


async def show(visit: Visit) -> Response:
    """A page of a list; a search that names one record opens it."""
    pending = await visit.read(lambda database: pending_of(database, visit.place.decisions(visit.dataset)))
    filters = asked(visit, visit.arguments, pending)
    try:
        number = min(max(int(visit.arguments.get("page", "1")), 1), MOST_PAGES)
    except ValueError:
        number = 1
    if filters.q and len(filters.arguments()) == 1:
        named = await visit.read(lambda database: find_records(database, filters.q))
        if len(named) == 1:
            return Response.redirect(visit.address(f"/record/{named[0]}"))
    found = await visit.read(lambda database: lists.listed(database, filters, number))
    start = (number - 1) * lists.PAGE_ROWS
    chosen = [(name, value) for name, value in filters.arguments().items() if name not in ("q", "list")]
    return await visit.render(
        "mcq_records.html",
        filters=filters,
        query=lists.filters_of(visit.arguments).query(),
        rows=found.rows,
        marks=found.marks,
        start=start,
        total=found.total,
        at_least=found.at_least,
        page=number,
        pages=max(-(-found.total // lists.PAGE_ROWS), 1),
        facets=found.facets,
        counted=found.counted,
        facet_text=FACET_TEXT,
        chosen=chosen,
        list_title=LIST_TITLE,
        list_text=LIST_TEXT,
        change_text=CHANGE_TEXT,
        pending=pending,
        reason_text=REASON_TEXT,
        q=visit.arguments.get("q", ""),
    )
