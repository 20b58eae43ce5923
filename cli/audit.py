"""`mcq audit`: the pages of every dataset, on the loopback interface only."""

from importlib.util import find_spec
from typing import Annotated

import typer

from cli.options import command, err
from schemas.errors import DataError, MissingExtraError


@command
def audit(port: Annotated[int, typer.Option(min=1, max=65535, help="port on 127.0.0.1")] = 8001) -> None:
    """Look at every record in the browser: where it came from, what became of it and why; search, lists, decisions; below, all tables."""
    from assets.resources.foundry import load_foundry

    foundry = load_foundry()
    if not foundry.audit.exists():
        raise DataError(f"{foundry.audit} is not there yet; `mcq run` writes it as its last step (or materialize audit_database in the UI)")
    if find_spec("datasette") is None:
        raise MissingExtraError("mcq audit", "datasette", "audit")
    from cli.audit_server.databases import damage
    from cli.audit_server.server import serve

    if why := damage(foundry.audit):
        raise DataError(f"{foundry.audit} is damaged ({why}); `mcq run` writes it anew (or materialize audit_database in the UI)")
    err.print(f"http://127.0.0.1:{port}/?dataset={foundry.config.dataset} (Ctrl-C ends it)")
    serve(foundry.data_root, foundry.config.dataset, port)
