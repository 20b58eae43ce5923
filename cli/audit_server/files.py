"""Files: our own style and script, the pictures of a run, the report of a dataset."""

import hashlib
import mimetypes
from pathlib import Path

from datasette.utils.asgi import Response

from cli.audit_server.headers import REPORT
from cli.audit_server.visit import STATIC, RefusedError, Visit
from pipeline.report.pages import FIRST, LATEST, file_name

REVALIDATED = {"cache-control": "no-cache"}
# Dagster's pages show pictures of ours, and come from another port.
SHOWN_ELSEWHERE = {**REVALIDATED, "cross-origin-resource-policy": "cross-origin"}


async def static(visit: Visit) -> Response:
    """A file of ours. Its address changes with it, so browsers may keep it."""
    return _file(visit, STATIC / visit.request.url_vars["name"], {"cache-control": "max-age=31536000, immutable"})


async def plot(visit: Visit) -> Response:
    """A picture below data/plots/<dataset>/."""
    told = visit.request.url_vars
    return _file(visit, visit.place.data_root / "plots" / told["dataset"] / f"{told['name']}.png", SHOWN_ELSEWHERE)


async def newest_report(visit: Visit) -> Response:
    """Leads to the newest report of a dataset in the reader's language."""
    dataset = visit.request.url_vars["dataset"]
    name = next((name for name in (file_name(LATEST, visit.language), file_name(LATEST, FIRST)) if _report(visit, name).is_file()), None)
    if name is None:
        raise RefusedError(404, visit.words("There is no such file (yet); a run writes it."))
    return Response.redirect(f"/report/{dataset}/{name}")


def _report(visit: Visit, name: str) -> Path:
    return visit.place.data_root / "reports" / visit.request.url_vars["dataset"] / name


async def report(visit: Visit) -> Response:
    """A report of a dataset, which brings its own style and no script, and leads to its other languages beside it."""
    path = _report(visit, visit.request.url_vars["name"])
    return _file(visit, path, {**REVALIDATED, "content-security-policy": REPORT})


async def alive(visit: Visit) -> Response:
    """Which data root this server shows: how `running_server` knows its own."""
    return Response.text(str(visit.place.data_root))


def _file(visit: Visit, path: Path, headers: dict[str, str]) -> Response:
    try:
        body = path.read_bytes()
    except OSError:
        raise RefusedError(404, visit.words("There is no such file (yet); a run writes it.")) from None
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if visit.request.headers.get("if-none-match") == etag:
        return Response(b"", 304, {"etag": etag, **headers})
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(body, 200, {"etag": etag, **headers}, kind if kind.startswith("image/") else f"{kind}; charset=utf-8")
