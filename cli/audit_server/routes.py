"""Which address is answered by which page, as a plugin of Datasette: its own addresses stay beneath ours."""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response
from jinja2 import Environment

from cli.audit_server import decide, files, home, listing, markup, record
from cli.audit_server.databases import datasets, renew
from cli.audit_server.headers import App, guarded
from cli.audit_server.visit import RefusedError, Visit, place_of
from cli.running_server import ALIVE
from pipeline.audit.schema import describe

Page = Callable[[Visit], Awaitable[Response]]
DESCRIBED = describe()
DECIDE = re.compile(r"/record/(?P<record_id>[0-9a-f]{16})/decide")
PAGES: list[tuple[str, Page]] = [
    (r"/$", home.show),
    (r"/records$", listing.show),
    (r"/record/(?P<record_id>[^/?#]{1,2000})$", record.show),
    (f"{DECIDE.pattern}$", decide.post),
    (r"/plots/(?P<dataset>[a-z0-9][a-z0-9_-]*)/(?P<name>[a-z0-9_-]+)\.png$", files.plot),
    (r"/report/(?P<dataset>[a-z0-9][a-z0-9_-]*)$", files.newest_report),
    (r"/report/(?P<dataset>[a-z0-9][a-z0-9_-]*)/(?P<name>[a-z0-9][a-z0-9-]*(?:\.[a-z]{2})?\.html)$", files.report),
    (r"/-/audit/static/(?P<name>[a-z]+\.(?:css|js))$", files.static),
    (re.escape(ALIVE) + "$", files.alive),
]


def answering(page: Page) -> Callable[[Any, Any], Awaitable[Response]]:
    """The page as Datasette calls it; what can't be answered is a page of words too."""

    async def answer(datasette: Any, request: Any) -> Response:
        visit = Visit(datasette, request)
        try:
            return await page(visit)
        except RefusedError as refused:
            status, says = refused.status, refused.says
        except sqlite3.Error as error:
            status = 503
            says = visit.words("The audit database can't be read ({error}); `mcq run` writes it anew.").format(error=error)
        except OSError as error:
            status = 503
            says = visit.words("A file can't be read ({error}).").format(error=error)
        return await visit.render("mcq_refused.html", status, says=says.replace("`", ""))

    return answer


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """Our addresses; of every server but ours, none."""
    return [(pattern, answering(page)) for pattern, page in PAGES] if place_of(datasette) else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Before a request is answered, databases that appeared are there; every answer bears our headers."""
    place = place_of(datasette)
    if place is None:
        return lambda app: app
    folder = place.data_root / "audit"

    def wrap(app: App) -> App:
        async def renewed(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                renew(datasette, folder)
            await app(scope, receive, send)

        return guarded(renewed)

    return wrap


@hookimpl
def skip_csrf(datasette: Any, scope: dict[str, Any]) -> bool:
    """The form of a decision is looked at by `decide`, which keeps what was typed where its token is an old one."""
    return place_of(datasette) is not None and DECIDE.fullmatch(scope["path"]) is not None


@hookimpl
def get_metadata(datasette: Any) -> dict[str, Any]:
    """What Datasette says of each table and column."""
    return {"databases": {name: {"tables": DESCRIBED} for name in datasets(datasette)}}


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    """What templates show of data."""
    env.filters.update(markup.FILTERS)
