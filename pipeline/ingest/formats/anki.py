"""Anki decks (.apkg, .colpkg): the notes of the collection inside, their fields as cells. Only the form that all versions of Anki import is
read; the newer one is packed by zstd, and says so."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pipeline.common.markup import html_text
from pipeline.ingest.choices import choice_cells, seen_text
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.members import Budget, members_of, zipped_names
from schemas.errors import DataError

MAX_NOTES = 200_000
_COLLECTIONS = ("collection.anki21", "collection.anki2")
_NEWER = "collection.anki21b"
_CURE = "in Anki choose File > Export, 'Notes in Plain Text (.txt)'"
# What Anki puts where an old version would look, beside a collection that only a new one reads.
_PLACEHOLDER = "Please update to the latest Anki version"


def sniff(file: SniffedFile) -> bool:
    """A zip archive with a collection in it."""
    return not zipped_names(file.data).isdisjoint((*_COLLECTIONS, _NEWER))


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a note, `note:N`; notes of one kind are a part. Raises DataError for what isn't read, with the way to export it."""
    members = {member.name: member for member in members_of(data, Budget(len(data)))}
    name = next((name for name in _COLLECTIONS if name in members), None)
    if _NEWER in members and "collection.anki21" not in members:
        raise DataError(f"an Anki deck in the newer form (zstd): {_CURE}, or tick 'Support older Anki versions'")
    if name is None:
        raise DataError(f"no Anki deck: it holds no collection; {_CURE}")
    try:
        notes, kinds = _notes(members[name].read())
    # MemoryError: what SQLite makes of some broken files.
    except (sqlite3.Error, ValueError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise DataError(f"a collection of Anki that can't be read ({error}): {_CURE}") from error
    for number, (kind, fields) in enumerate(notes, start=1):
        item = _item(number, *kinds.get(kind, ("", [])), fields.split("\x1f"))
        yield seen_text(item) if "options" in item.payload else Text("\n".join(item.payload.values()))
        yield item
    if not notes:
        raise DataError(f"an Anki deck without notes: {_CURE}")


def _notes(data: bytes) -> tuple[list[tuple[str, str]], dict[str, tuple[str, list[str]]]]:
    """Kind and fields of each note, and name and field names by kind."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(data)
        database.execute("PRAGMA trusted_schema = OFF")
        (models,) = database.execute("SELECT models FROM col").fetchone() or ("{}",)
        notes = database.execute("SELECT mid, flds FROM notes ORDER BY id LIMIT ?", (MAX_NOTES + 1,)).fetchall()
    if len(notes) > MAX_NOTES:
        raise DataError(f"more than {MAX_NOTES:,} notes: export one deck at a time")
    kinds = {}
    for identifier, model in json.loads(models or "{}").items():
        fields = sorted(model.get("flds", []), key=lambda field: int(field.get("ord", 0)))
        kinds[str(identifier)] = (str(model.get("name", "")), [str(field.get("name", "")) for field in fields])
    return [(str(kind), str(fields)) for kind, fields in notes if not str(fields).startswith(_PLACEHOLDER)], kinds


def _item(number: int, kind: str, names: list[str], fields: list[str]) -> Item:
    names = names if len(names) == len(fields) else [f"field_{place}" for place in range(1, len(fields) + 1)]
    cells: dict[str, Any] = dict(zip(names, map(html_text, fields), strict=True))
    if len(cells) == 2:
        # Front and back of a card, however its author calls them.
        cells = dict(zip(("question", "answer"), cells.values(), strict=True))
    elif "Question" in cells and "Answers" in cells and "Q_1" in cells:
        cells = _all_in_one(cells)
    return Item(f"note:{number}", cells, part=kind)


def _all_in_one(cells: dict[str, Any]) -> dict[str, Any]:
    """A note of the kind "AllInOne (kprim, mc, sc)": choices Q_1, Q_2 and so on, and a 1 for each right one among `Answers`."""
    places = [place for place in range(1, 11) if cells.get(f"Q_{place}")]
    marks = str(cells["Answers"]).split()
    right = [place for place, number in enumerate(places) if marks[number - 1 : number] == ["1"]]
    extra = next((cells[name] for name in cells if name.startswith("Extra") and cells[name]), None)
    return choice_cells(cells["Question"], [cells[f"Q_{place}"] for place in places], right, explanation=extra)


FORMAT = Format("anki", sniff, read_bytes=read)
