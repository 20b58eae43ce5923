"""The audit databases of a data root, as Datasette serves them: every data/audit/*.sqlite, always in its newest version."""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from datasette.database import Database

# What a dataset may be called (`dataset` in the configuration).
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
# First parts of our own addresses: a dataset of that name keeps its pages, and its tables lie at another address.
TAKEN = frozenset({"record", "records", "plots", "report"})
Signature = tuple[int, int, int]


def signature(path: Path) -> Signature:
    """What changes when a file is replaced. Raises OSError where there is none."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


class AuditDatabase(Database):  # type: ignore[misc]
    """A database whose file is replaced by rename: a connection that looks at an older file is closed, and the new one opened."""

    def __init__(self, datasette: Any, path: Path) -> None:
        super().__init__(datasette, str(path), is_mutable=True)
        self._own = threading.local()

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection without locks: nobody writes to a file that was published."""
        if write:
            raise sqlite3.OperationalError("the audit database is only read")
        return sqlite3.connect(f"{Path(self.path).as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """What a function of a connection returns; one call sees one version."""
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, lambda: fn(self._current()))

    def _current(self) -> sqlite3.Connection:
        try:
            now = signature(Path(self.path))
        except OSError as error:
            raise sqlite3.OperationalError(f"{Path(self.path).name} is gone ({error.strerror})") from error
        if getattr(self._own, "signature", None) != now:
            if old := getattr(self._own, "connection", None):
                old.close()
            self._own.signature = None
            self._own.connection = self.connect()
            self.ds._prepare_connection(self._own.connection, self.name)
            self._own.signature = now
        return self._own.connection


def renew(datasette: Any, folder: Path) -> None:
    """Adds the databases that appeared in a folder, and takes away those that are gone."""
    there = {path.stem: path for path in sorted(folder.glob("[!.]*.sqlite")) if NAME.fullmatch(path.stem)}
    served = {name for name, database in datasette.databases.items() if isinstance(database, AuditDatabase)}
    for name in served - there.keys():
        datasette.remove_database(name)
    for name in sorted(there.keys() - served):
        datasette.add_database(AuditDatabase(datasette, there[name]), name=name, route=f"{name}-tables" if name in TAKEN else name)


def datasets(datasette: Any) -> list[str]:
    """Names of the datasets that are served, by name."""
    return sorted(name for name, database in datasette.databases.items() if isinstance(database, AuditDatabase))


def damage(path: Path) -> str | None:
    """Why an audit database can't be read; None when it can."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            if not database.execute("select name from sqlite_master where name = 'ledger'").fetchone():
                return "it holds no ledger"
            database.execute("select rowid from ledger order by rowid desc limit 1").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None
