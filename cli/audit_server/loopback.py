"""What `mcq audit` adds to Datasette: it answers this machine alone, and shows what nobody would see.

A page from elsewhere can have its own name point to 127.0.0.1 (DNS rebinding) and would then read every table by the visitor's
browser; its requests still bear that name.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl

from pipeline.common.escapes import visible

HOST = re.compile(r"(?i)(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?")
ORIGIN = re.compile(f"(?i)https?://{HOST.pattern.removeprefix('(?i)')}")
READING = ("GET", "HEAD", "OPTIONS")
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def refusal(scope: dict[str, Any]) -> str | None:
    """Why a request isn't answered: it was sent to another name, or from another's page to change something."""
    sent = [(name.lower(), value.decode("latin-1")) for name, value in scope.get("headers", [])]
    hosts = [value for name, value in sent if name == b"host"]
    if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
        return "this server answers 127.0.0.1, localhost and [::1] alone"
    origins = [value for name, value in sent if name == b"origin"]
    if scope.get("method") not in READING and not all(ORIGIN.fullmatch(origin) for origin in origins):
        return "pages from elsewhere may change nothing here"
    return None


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Every request meets `refusal` first."""

    def wrap(app: App) -> App:
        async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
            why = refusal(scope) if scope["type"] != "lifespan" else None
            if why is None:
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
            await send({"type": "http.response.body", "body": why.encode()})

        return guarded

    return wrap


@hookimpl
def render_cell(value: Any) -> str | None:
    """A text that holds what no reader sees, with its number there; every other is Datasette's own to show."""
    return shown if isinstance(value, str) and (shown := visible(value)) != value else None
