"""The first page of a dataset: what became of its records, and the lists that are worth a look."""

import json
import sqlite3
from typing import Any

from datasette.utils.asgi import Response

from cli.audit_server.databases import signature
from cli.audit_server.listing import size
from cli.audit_server.pending import pending_of
from cli.audit_server.record import dagster_address
from cli.audit_server.visit import Visit
from pipeline.audit import lists
from pipeline.audit.state import LEFT_OUT
from pipeline.audit.wording import LIST_TEXT, LIST_TITLE
from schemas.reasons import REASON_TEXT, SPLITS, Disposition

FILES_SHOWN = 12


async def show(visit: Visit) -> Response:
    """The first page."""
    key = (visit.dataset, signature(visit.place.audit(visit.dataset))) if visit.is_known and visit.dataset in visit.datasets else None

    def read(database: sqlite3.Connection) -> tuple[Any, ...]:
        pending = pending_of(database, visit.place.decisions(visit.dataset))
        sizes = {name: size(database, key, name) for name in lists.READY} if key else {}
        versions = [dict(row) for row in database.execute("select * from versions order by position desc")]
        runs = [dict(row) for row in database.execute("select adapter, base_model, run_id, dataset_version, verdict from runs")]
        changes = dict(
            database.execute("select c.kind, count(*) from changes c join versions v on v.name = c.version where v.is_current group by 1")
        )
        left_out = database.execute("select value from about where key = ?", (LEFT_OUT,)).fetchone()
        return lists.funnel(database), lists.rejections(database), sizes, pending, versions, runs, changes, left_out

    funnel, rejections, sizes, pending, versions, runs, changes, left_out = await visit.read(read)
    sizes |= {"pending": len(pending.waiting), "orphaned": len(pending.orphaned)}
    return await visit.render(
        "mcq_home.html",
        funnel=steps(funnel),
        total=sum(funnel.values()),
        kept=sum(funnel.get(name, 0) for name in SPLITS),
        rejections=rejections,
        files_shown=FILES_SHOWN,
        sizes=sizes,
        list_title=LIST_TITLE,
        list_text=LIST_TEXT,
        pending=pending,
        versions=versions,
        runs=runs,
        left_out=json.loads(left_out[0]) if left_out else [],
        changes=changes,
        reason_text=REASON_TEXT,
        dagster=dagster_address,
        has_report=(visit.place.data_root / "reports" / visit.dataset / "latest.html").is_file(),
        filters=lists.Filters(),
    )


def steps(funnel: dict[str, int]) -> list[dict[str, Any]]:
    """The funnel in its order: each disposition with its records, and how many were left before it."""
    left = sum(funnel.values())
    found = []
    for name in map(str, Disposition):
        if name in funnel:
            found.append({"name": name, "records": funnel[name], "left": left, "kept": name in SPLITS})
            left -= 0 if name in SPLITS else funnel[name]
    return found
