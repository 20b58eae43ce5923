"""Where answers stand until all are there: one SQLite file, a row a record of the asked file, so that a run that was ended at any moment
goes on where it was. It holds one run: the same file, adapter and settings."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from schemas.errors import DataError

# Rows that are in memory at once while questions are measured and answers are written.
CHUNK = 256
# Batches are chosen among so many questions, as evaluation chooses them among all.
SECTION = 65_536


class Asked(NamedTuple):
    """A question that has been measured: its place, its tokens, whether it is answered."""

    place: int
    tokens: int
    is_answered: bool


class Working:
    """Rows by their places in the file, from 0. A row is asked unless it holds reasons; `tokens` is what it is padded by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            self.database = sqlite3.connect(path, timeout=60)
            self.database.execute("create table if not exists facts (name text primary key, value text not null) without rowid")
            self.database.execute(
                "create table if not exists rows (place integer primary key, row text not null, asked integer not null, tokens integer,"
                " answer text)"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def fact(self, name: str) -> Any:
        """A fact that was noted, or None."""
        with self._told():
            found = self.database.execute("select value from facts where name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else None

    def fill(self, rows: Iterable[dict[str, Any]], **facts: Any) -> None:
        """Takes all rows of a file, or none where it is ended before the last."""
        with self._told(), self.database:
            given = ((place, json.dumps(row, ensure_ascii=False), not row["reason_codes"]) for place, row in enumerate(rows))
            self.database.executemany("insert into rows (place, row, asked) values (?, ?, ?)", given)
            self._keep(facts)

    def keep(self, **facts: Any) -> None:
        """Notes facts, in place of earlier ones."""
        with self._told(), self.database:
            self._keep(facts)

    def _keep(self, facts: dict[str, Any]) -> None:
        self.database.executemany(
            "insert or replace into facts values (?, ?)", [(name, json.dumps(value)) for name, value in facts.items()]
        )

    def count(self, where: str = "true") -> int:
        """Number of rows."""
        with self._told():
            found: int = self.database.execute(f"select count(*) from rows where {where}").fetchone()[0]
        return found

    def unmeasured(self, section: range) -> Iterator[list[tuple[int, dict[str, Any]]]]:
        """Questions of a section that are neither measured nor answered, some at a time."""
        where = "asked and tokens is null and answer is null and place >= ? and place < ? order by place limit ?"
        while True:
            with self._told():
                found = self.database.execute(f"select place, row from rows where {where}", (section.start, section.stop, CHUNK)).fetchall()
            if not found:
                return
            yield [(place, json.loads(row)) for place, row in found]

    def measured(self, section: range) -> list[Asked]:
        """Questions of a section that go in batches, in the file's order."""
        where = "tokens is not null and place >= ? and place < ? order by place"
        with self._told():
            found = self.database.execute(
                f"select place, tokens, answer is not null from rows where {where}", (section.start, section.stop)
            ).fetchall()
        return [Asked(place, tokens, bool(answered)) for place, tokens, answered in found]

    def rows(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The rows at these places, in their order."""
        with self._told():
            return [json.loads(self.database.execute("select row from rows where place = ?", (place,)).fetchone()[0]) for place in places]

    def note(self, tokens: Iterable[tuple[int, int]] = (), answers: Iterable[tuple[int, dict[str, Any]]] = ()) -> None:
        """Adds lengths and answers by place; they are on disk when this returns."""
        with self._told(), self.database:
            self.database.executemany("update rows set tokens = ? where place = ?", [(count, place) for place, count in tokens])
            self.database.executemany(
                "update rows set answer = ? where place = ?", [(json.dumps(answer, ensure_ascii=False), place) for place, answer in answers]
            )

    def tokens_left(self) -> int:
        """Tokens of the measured questions that have no answer."""
        with self._told():
            found: int = self.database.execute("select coalesce(sum(tokens), 0) from rows where answer is null").fetchone()[0]
        return found

    def sections(self) -> list[range]:
        """All places, in pieces."""
        return [range(start, start + SECTION) for start in range(0, self.count(), SECTION)]

    def all(self) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Every row with its answer, in the file's order."""
        with self._told():
            for row, answer in self.database.execute("select row, answer from rows order by place"):
                yield json.loads(row), answer and json.loads(answer)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DataError(
                f"the answers so far can't be kept in {self.path} ({error}): make room on the disk and check the folder's rights, then "
                "give the same command again, which goes on where it stopped"
            ) from error
