"""The page of one record: its whole way, and the form of a decision."""

import json
import os
import sqlite3
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from uuid import uuid4

from datasette.utils.asgi import Response

from cli.audit_server import listing
from cli.audit_server.pending import Pending, pending_of
from cli.audit_server.signals import shown_signals
from cli.audit_server.timeline import timeline
from cli.audit_server.visit import RefusedError, Visit
from pipeline.audit import lists
from pipeline.audit.differences import compared, compared_options
from pipeline.audit.record import find_records, record_facts
from pipeline.audit.wording import ACTION_TEXT, CHANGE_TEXT, STATUS_TEXT
from pipeline.deduplicate.told import told
from pipeline.told import look_told
from schemas.reasons import REASON_TEXT
from schemas.wording import DISPOSITION_TEXT, NOT_TRAINED_TEXT, RELATION_TEXT, REPAIR_TEXT

DAGSTER_URL = "http://127.0.0.1:3000"
MOST_COMPARED = 12
MOST_PLACES = 10**9
WORDS = {
    "reason_text": REASON_TEXT,
    "disposition_text": DISPOSITION_TEXT,
    "relation_text": RELATION_TEXT,
    "repair_text": REPAIR_TEXT,
    "action_text": ACTION_TEXT,
    "change_text": CHANGE_TEXT,
    "status_text": STATUS_TEXT,
    "not_trained_text": NOT_TRAINED_TEXT,
}


async def show(visit: Visit) -> Response:
    """The page of a record. Its content_id, its place, or an unambiguous beginning of an id lead to it."""
    asked = unquote(visit.request.url_vars["record_id"])
    found = await visit.read(lambda database: find_records(database, asked))
    if found != [asked]:
        if len(found) == 1:
            rest = {name: value for name, value in visit.arguments.items() if name != "dataset"}
            return Response.redirect(visit.address(f"/record/{found[0]}", **rest))
        if found:
            return Response.redirect(visit.address("/records", q=asked))
        raise RefusedError(404, await _unknown(visit, asked))
    return await page(visit, asked)


async def _unknown(visit: Visit, asked: str) -> str:
    """Why there is no page, and where the record was last."""

    def gone(database: sqlite3.Connection) -> Any:
        query = "select c.kind, c.version, c.why from changes c join versions v on v.name = c.version where c.record_id = ?"
        return database.execute(f"{query} order by v.position desc limit 1", (asked,)).fetchone()

    if row := await visit.read(gone):
        said = visit.words("The published version holds no record {record} any more. Last heard of in version {version}: {kind} ({why}).")
        return said.format(record=asked, version=row["version"], kind=row["kind"], why=row["why"])
    return visit.words("The published version of {dataset} holds no record {record}.").format(dataset=visit.dataset, record=asked[:100])


async def page(visit: Visit, record_id: str, status: int = 200, **told: Any) -> Response:
    """The page; `told` holds what was refused, and what was typed, where a decision was not taken."""

    def read(database: sqlite3.Connection) -> tuple[dict[str, Any] | None, Pending, lists.Beside | None]:
        pending = pending_of(database, visit.place.decisions(visit.dataset))
        return record_facts(database, record_id), pending, _beside(visit, database, pending)

    facts, pending, beside = await visit.read(read)
    if facts is None:
        raise RefusedError(404, visit.words("The published version holds no such record."))
    row = facts["row"]
    context = {
        **facts,
        "others": [_against(visit, row, other) for other in facts["neighbours"][:MOST_COMPARED]],
        "more_others": facts["neighbours"][MOST_COMPARED:],
        "signals": shown_signals(facts["quality"], visit.language) if facts["quality"] else [],
        "steps": timeline(visit, facts, pending),
        "decisions": pending.of_record.get(record_id, []),
        "pending": pending,
        "beside": beside,
        "position": _place(visit),
        "came_from": visit.arguments.get("from", ""),
        "nonce": uuid4().hex,
        "saved": "saved" in visit.arguments,
        "dagster": dagster_address,
        "looks": [look_told(look, visit.words) for look in json.loads((facts["file"] or {}).get("looks") or "[]")],
        "typed": {},
        "refused": "",
        **WORDS,
    }
    return await visit.render("mcq_record.html", status, **{**context, **told})


def dagster_address(run_id: str | None) -> str | None:
    """The address of a run in Dagster's UI."""
    base = os.environ.get("MCQ_DAGSTER_URL") or DAGSTER_URL
    return f"{base.rstrip('/')}/runs/{quote(run_id, safe='')}" if run_id and base.startswith(("http://", "https://")) else None


def _place(visit: Visit) -> int | None:
    try:
        return min(max(int(visit.arguments["at"]), 0), MOST_PLACES)
    except (KeyError, ValueError):
        return None


def _beside(visit: Visit, database: sqlite3.Connection, pending: Pending) -> lists.Beside | None:
    """What stands before and after this record in the list that it was opened from."""
    place = _place(visit)
    if place is None or "from" not in visit.arguments:
        return None
    try:
        filters = listing.asked(visit, dict(parse_qsl(visit.arguments["from"])), pending)
    except RefusedError:  # a list of another version of the pages: the record is there all the same
        return None
    return lists.beside(database, filters, place)


def _against(visit: Visit, row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A neighbour, and both texts in pieces that say what differs."""
    found: dict[str, Any] = {"other": other, "rule": (other["why"] or "").partition(": ")[0], "why": told(other["why"] or "", visit.words)}
    for part in ("context", "stem"):
        found[part] = compared(row[part] or "", other[part] or "")
    found["options"] = compared_options(row["options"] or [], other["options"] or [])
    keys = []
    for one in (row, other):
        has_key = one["options"] and one["answer_index"] is not None and one["answer_index"] < len(one["options"])
        keys.append(one["options"][one["answer_index"]] if has_key else None)
    found["keys"] = keys
    return found
