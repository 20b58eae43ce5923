"""Anki decks."""

import json
import sqlite3

import pytest

from tests.pipeline.ingest.zipped import zipped


def collection(kinds, notes):
    """kinds: fields by name; notes: (kind, fields)."""
    names = list(kinds)
    models = {
        str(n): {"name": name, "flds": [{"name": f, "ord": place} for place, f in enumerate(kinds[name])][::-1]}
        for n, name in enumerate(names)
    }
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE col (models TEXT)")
        database.execute("CREATE TABLE notes (id INTEGER, mid INTEGER, flds TEXT)")
        database.execute("INSERT INTO col VALUES (?)", (json.dumps(models),))
        database.executemany(
            "INSERT INTO notes VALUES (?, ?, ?)", [(n, names.index(kind), "\x1f".join(fields)) for n, (kind, fields) in enumerate(notes)]
        )
        return database.serialize()


BASIC = collection(
    {"Basic": ["Front", "Back"]}, [("Basic", ["Which is sour?<br>A. lemon<br>B. honey", "A"]), ("Basic", ["Why is it sour?", "Acid."])]
)


@pytest.mark.parametrize("name", ["collection.anki2", "collection.anki21"])
def test_cards_whose_front_holds_the_options(read, name):
    questions, rejected = read(zipped((name, BASIC), ("media", "{}")), "deck.apkg")
    assert [(row["stem"], row["options"], row["answer_index"], row["locator"]) for row in questions] == [
        ("Which is sour?", ["lemon", "honey"], 0, "deck.apkg#note:1")
    ]
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]]


def test_fields_that_are_named_like_the_parts_of_a_question(parse):
    kinds = {"MCQ": ["Question", "A", "B", "C", "Answer"]}
    data = collection(
        kinds,
        [("MCQ", ["Which is <b>sour</b>?", "lemon", "honey", "salt", "A"]), ("MCQ", ["Which is salty?", "lemon", "honey", "brine", "C"])],
    )
    assert parse(zipped(("collection.anki21", data)), "deck.apkg") == [
        ("Which is sour?", ["lemon", "honey", "salt"], "lemon"),
        ("Which is salty?", ["lemon", "honey", "brine"], "brine"),
    ]


def test_the_note_type_of_many_choices(parse):
    fields = ["Question", "Title", "QType (0=kprim,1=mc,2=sc)", "Q_1", "Q_2", "Q_3", "Q_4", "Answers", "Sources", "Extra 1"]
    data = collection(
        {"AllInOne": fields}, [("AllInOne", ["Which is sour?", "t", "2", "honey", "lemon", "salt", "", "0 1 0 0", "", "Acid."])]
    )
    assert parse(zipped(("collection.anki2", data)), "deck.apkg") == [("Which is sour?", ["honey", "lemon", "salt"], "lemon")]


def test_what_is_not_read_says_how_to_export_it(read):
    placeholder = collection(
        {"Basic": ["Front", "Back"]}, [("Basic", ["Please update to the latest Anki version, then import the .colpkg file again.", ""])]
    )
    for number, data in enumerate(
        (
            zipped(("collection.anki21b", b"\x28\xb5\x2f\xfd"), ("collection.anki2", placeholder)),
            zipped(("collection.anki2", b"SQLite format 3\0" + b"x" * 5000)),
            zipped(("collection.anki2", b"")),
            zipped(("collection.anki2", placeholder)),
        )
    ):
        _, (row,) = read(data, f"deck{number}.apkg")
        assert row["reason_codes"] == ["unreadable_file"]
        assert "Notes in Plain Text" in row["detail"]
