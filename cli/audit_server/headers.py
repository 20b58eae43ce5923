"""What every answer of the server bears: no script but that of its own files, nothing from elsewhere, no frame around it."""

from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

BASE = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'; script-src 'self'; "
OURS = f"{BASE}style-src 'self'; img-src 'self'"
# Datasette's own pages set some styles within their markup; scripts there are files as well.
DATASETTE = f"{BASE}style-src 'self' 'unsafe-inline'; img-src 'self' data:"
# The report is one file with its own style and pictures, and without any script.
REPORT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'unsafe-inline'; img-src 'self' data:"

ALWAYS = (
    (b"content-security-policy", DATASETTE.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def guarded(app: App) -> App:
    """The application with these headers on every answer; an answer that has one of its own keeps it."""

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def bearing(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                own = {name.lower() for name, _ in headers}
                headers = [*headers, *((name, value) for name, value in ALWAYS if name not in own)]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, bearing)

    return answer
