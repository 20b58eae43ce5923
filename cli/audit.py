"""`mcq audit`: Datasette on the audit database of a dataset, on the loopback interface only."""

import os
import sqlite3
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command, err
from schemas.errors import DataError, MissingExtraError

PLUGINS = Path(__file__).parent / "plugins"


@command
def audit(port: Annotated[int, typer.Option(min=1, max=65535, help="port on 127.0.0.1")] = 8001) -> None:
    """Browse every table in the browser: ledger, duplicates, training and predictions (Datasette, read-only)."""
    from assets.resources.foundry import load_foundry

    foundry = load_foundry()
    path = foundry.audit
    if not path.exists():
        raise DataError(f"{path} is not there yet; `mcq run` writes it behind each version (or materialize audit_database in the UI)")
    require_database(path)
    if find_spec("datasette") is None:
        raise MissingExtraError("mcq audit", "datasette", "audit")
    err.print(f"http://127.0.0.1:{port} (Ctrl-C ends it)")
    # Immutable: Datasette reads it without locks, and a new version appears by rename.
    served = ["-i", str(path), "--plugins-dir", str(PLUGINS), "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "datasette", "serve", *served])


def require_database(path: Path) -> None:
    """Raises DataError when the audit database can't be read."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            if not database.execute("select name from sqlite_master where name = 'ledger'").fetchone():
                raise sqlite3.DatabaseError("it holds no ledger")
            database.execute("select rowid from ledger order by rowid desc limit 1").fetchone()
    except sqlite3.Error as error:
        raise DataError(f"{path} is damaged ({error}); `mcq run` writes it anew (or materialize audit_database in the UI)") from error
