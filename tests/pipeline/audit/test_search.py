"""Search finds every record by any of its words, with and without diacritics, and nothing that is typed breaks it."""

import json
import sqlite3
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.audit.database import Sources, build_audit
from pipeline.audit.folding import composed, fold, words
from pipeline.audit.search import MOST_HITS, Found, matching, search, terms
from schemas.tables.arrow import arrow_schema
from schemas.tables.curation import LedgerRow

LETTERS = st.characters(categories=("Ll", "Lu", "Nd"), max_codepoint=0x1EF9)
TEXTS = st.text(st.one_of(LETTERS, st.sampled_from(" .,-'\"*:()đĐðộợ\u0301\u0323\u031b+_<>")), min_size=1, max_size=40)
HOSTILE = [
    '"',
    '"a',
    "a*",
    "*",
    "^a",
    "a:b",
    "stem:a",
    "{a} : b",
    "a NEAR b",
    "NOT",
    "AND OR",
    "-a",
    "a\x00b",
    "\ud800",
    "(",
    "' or 1=1 --",
]


def ledger_of(texts):
    """A ledger of one kept question a text, which stands in turn in each part of a question; the last is rejected, and only a payload."""
    nothing = dict.fromkeys(LedgerRow.model_fields)
    rows = []
    for number, text in enumerate(texts):
        row = {
            **nothing,
            "record_id": f"{number:016x}",
            "content_id": f"c{number:015x}",
            "source": "s",
            "role": "train",
            "file": "a/Đề thi.csv",
        }
        row |= {
            "locator": f"a/Đề thi.csv#row:{number + 1}",
            "disposition": "train",
            "split": "train",
            "reason_codes": [],
            "flags": ["noise"],
        }
        row |= {"stem": "?", "options": ["1", "2"], "answer_index": 0, "repairs": [], "licence": "", "file_sha256": "", "payload": "{}"}
        row |= {"dataset_version": "0" * 12, "language": "vi", "quality_score": 1.0}
        part = ("stem", "options", "context", "explanation", "payload")[number % 5]
        row[part] = ["1", text] if part == "options" else text
        if part == "payload":
            row |= {
                "stem": None,
                "options": None,
                "disposition": "rejected",
                "split": None,
                "reason_codes": ["missing_answer"],
                "flags": None,
            }
        rows.append(row)
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema(LedgerRow)])
    return pa.Table.from_pylist(rows, schema)


@pytest.fixture(scope="session")
def searchable(tmp_path_factory):
    """Builds a database over texts and opens it."""

    def build(texts):
        path = tmp_path_factory.mktemp("search") / "a.sqlite"
        build_audit(path, Sources({"ledger": ledger_of(texts)}))
        return sqlite3.connect(path)

    return build


def places(found):
    return [int(hit.row["record_id"], 16) for hit in found.hits]


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8))
@example(["Tổ hợp", unicodedata.normalize("NFD", "Tổ hợp"), "ÐƯỜNG", "straße İ ſ", "x_y a-b 2²"])
def test_every_record_is_found_by_any_of_its_words_in_both_forms(searchable, texts):
    connection = searchable(texts)
    for number, text in enumerate(texts):
        for word in words(text):
            folded = [fold(word), fold(word).upper()] if fold(word).isascii() else []
            for typed in (word, unicodedata.normalize("NFD", word), *folded):
                found = search(connection, typed, limit=1000)
                assert number in places(found), typed
                assert not found.at_least
                where, values = matching(typed)
                assert (number + 1,) in connection.execute(f"select rowid from ledger where {where}", values).fetchall()
            assert number in places(search(connection, f'"{text.replace(chr(34), " ")}"', limit=1000))


def test_the_same_letters_stand_first_and_without_diacritics_all_are_found(searchable):
    connection = searchable(["to hop", "x tơ hớp", unicodedata.normalize("NFD", "Tổ hợp"), "tổ tông hợp", "TỔ HỢP"])
    assert set(places(search(connection, "to hop"))) == {0, 1, 2, 3, 4}
    found = search(connection, "tổ hợp")
    assert set(places(found)[:3]) == {2, 3, 4}
    assert [hit.matched for hit in found.hits] == ["exact"] * 3 + ["text"] * 2
    assert set(places(search(connection, '"tổ hợp"'))[:2]) == {2, 4}
    assert 3 not in places(search(connection, '"tổ hợp"'))
    assert set(places(search(connection, "tô*"))) == {0, 1, 2, 3, 4}
    assert places(search(connection, "TÔNG ho*")) == [3]


def test_words_without_diacritics_are_the_same_letters_only_where_they_are_written_so(searchable):
    connection = searchable(["thủ đô hà", "thủ đô ha", "THỦ ĐÔ HA,", "thủ đô hanh"])
    for typed, same in (("thủ đô ha", {1, 2}), ("thủ đô ha*", {1, 2, 3}), ("thủ* ha", {1, 2}), ("thủ đô", {0, 1, 2, 3})):
        found = search(connection, typed)
        assert {place for place, hit in zip(places(found), found.hits, strict=True) if hit.matched == "exact"} == same
        assert [hit.matched for hit in found.hits] == sorted(hit.matched for hit in found.hits)
    narrowed = search(connection, "thủ ha", facets={"disposition": ["train"], "source": ["s"]})
    assert [hit.matched for hit in narrowed.hits] == ["exact", "exact", "text"]


def test_the_same_letters_are_found_behind_more_hits_than_are_looked_at(searchable, monkeypatch):
    monkeypatch.setattr("pipeline.audit.search.MOST_HITS", 5)
    connection = searchable([f"to {number}" for number in range(12)] + ["tổ rare", "tổ ra"])
    for typed, same in (("tổ", [12, 13]), ("tổ rare", [12]), ("tổ r*", [12, 13])):
        found = search(connection, typed)
        assert sorted(places(found)[: len(same)]) == same
        assert [hit.matched for hit in found.hits].count("exact") == len(same)


def test_stroked_d_and_eth_are_d(searchable):
    connection = searchable(["đường", "Ðường", "duong", "ĐƯỜNG", "dường"])
    for typed in ("duong", "đường", "ĐƯỜNG", "Ðường"):
        assert set(places(search(connection, typed))) == {0, 1, 2, 3, 4}
    assert set(places(search(connection, "đường"))[:2]) == {0, 3}


def test_ids_places_reasons_flags_and_files_find_records(searchable):
    connection = searchable(["a", "b", "c", "d", "e", "missing answer"])
    assert places(search(connection, "0000000000000003"))[0] == 3
    assert places(search(connection, "C000000000000002")) == [2]
    assert places(search(connection, "a/Đề thi.csv#row:2"))[0] == places(search(connection, "s:a/Đề thi.csv#row:2"))[0] == 1
    assert places(search(connection, "missing_answer")) == [4, 5]
    assert [hit.matched for hit in search(connection, "missing_answer").hits] == ["reason", "text"]
    assert set(places(search(connection, "noise"))) == {0, 1, 2, 3, 5}
    assert set(places(search(connection, "de thi"))) == {0, 1, 2, 3, 4, 5}
    assert places(search(connection, "rejected")) == [4]


def test_facets_narrow_and_are_counted(searchable):
    connection = searchable(["one word", "word", "word", "word", "word", "two"])
    found = search(connection, "word", facets={"disposition": ["rejected"]})
    assert places(found) == [4]
    assert found.facets["reason_code"] == [("missing_answer", 1)]
    assert places(search(connection, "", facets={"disposition": ["train", "rejected"], "split": ["train"]})) == [0, 1, 2, 3, 5]
    assert places(search(connection, "word", facets={"flag": ["noise"], "source": ["elsewhere"]})) == []
    assert places(search(connection, "0000000000000001", facets={"disposition": ["rejected"]})) == []
    assert search(connection, "word", facets={"nonsense": ["x"], "split": []}).total == 5
    whole = search(connection, "", limit=2, offset=1)
    assert (places(whole), whole.total, whole.facets["disposition"]) == ([1, 2], 6, [("train", 5), ("rejected", 1)])
    assert search(connection, "word").facets["disposition"] == [("train", 4), ("rejected", 1)]


def test_pages_hold_every_hit_once(searchable):
    connection = searchable([f"word {number}" for number in range(23)])
    whole = places(search(connection, "word", limit=100))
    assert sorted(whole) == list(range(23))
    assert [place for offset in range(0, 30, 7) for place in places(search(connection, "word", 7, offset))] == whole


def test_more_hits_than_are_looked_at_are_counted(searchable, monkeypatch):
    assert MOST_HITS > 1000
    monkeypatch.setattr("pipeline.audit.search.MOST_HITS", 5)
    connection = searchable([f"wörd {number}" for number in range(12)])
    for typed in ("word", "wörd"):
        found = search(connection, typed)
        assert (len(found.hits), found.total, found.at_least) == (5, 12, False)
    assert search(connection, "", facets={"source": ["s"]}).total == 12


@pytest.mark.parametrize("typed", [*HOSTILE, *(one * 200 for one in HOSTILE), "x" * 100_000, "\u202eabc", "😀 ∫ ???"])
def test_nothing_that_is_typed_is_an_error(searchable, typed):
    connection = searchable(["stem:a <script>alert(1)</script> NEAR NOT", "b"])
    found = search(connection, typed)
    assert isinstance(found, Found)
    where, values = matching(typed)
    connection.execute(f"select 1 from ledger where {where}", values).fetchall()
    json.dumps([hit.row for hit in found.hits])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_no_query_raises(searchable, typed):
    connection = searchable.__dict__.setdefault("one", None) or searchable(["a b c"])
    searchable.__dict__["one"] = connection
    search(connection, typed)
    connection.execute(f"select 1 from ledger where {matching(typed)[0]}", matching(typed)[1]).fetchall()
    assert all(words(term.text) for term in terms(typed))


def test_marks_tell_where_the_words_stand(searchable):
    text = "Thủ đô <b>Hà Nội</b>"
    connection = searchable([text, text])
    stem, options = (hit.marks for hit in search(connection, "ha noi").hits)
    assert [composed(text)[mark.start : mark.end] for mark in stem["stem"]] == ["Hà", "Nội"]
    assert [len(found) for found in options["options"]] == [0, 2]
