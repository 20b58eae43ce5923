"""Scores that a model has given already, in one SQLite file: an interrupted evaluation goes on, and the base model answers once."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path


class ScoreCache:
    """Scores by (model, prompt, options), each a hash. `model` names everything that changes its scores."""

    def __init__(self, path: Path, model: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(path, timeout=60)
        self.database.execute("create table if not exists scores (key text primary key, scores text not null) without rowid")
        self.model = model

    def key(self, prompt: str, options: Sequence[str]) -> str:
        """The key of one question, in the wording and option order that the model sees."""
        return hashlib.sha256(json.dumps([self.model, prompt, list(options)], ensure_ascii=False).encode()).hexdigest()[:32]

    def get(self, key: str) -> list[float] | None:
        """Scores of one question, or None."""
        row = self.database.execute("select scores from scores where key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, scores: Iterable[tuple[str, list[float]]]) -> None:
        """Adds one batch; it is on disk when this returns."""
        with self.database:
            self.database.executemany("insert or replace into scores values (?, ?)", [(key, json.dumps(values)) for key, values in scores])
