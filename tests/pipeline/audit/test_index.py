"""What the full-text index holds is found by search; here: where it is written and taken over, and how words are spelt."""

import sqlite3

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.folding import fold
from pipeline.audit.index import INDEX, adopt_index, facet_word, fill_index, spelling, write_index


def test_an_index_that_was_written_elsewhere_is_the_same(published, tmp_path):
    ledger = published[0]["sample_ledger"]
    pq.write_table(ledger, tmp_path / "ledger.parquet")
    here, there = (sqlite3.connect(tmp_path / name) for name in ("here.db", "there.db"))
    fill_index(here, ledger)
    adopt_index(there, write_index(tmp_path / "ledger.parquet", tmp_path / "index.db"))
    here.commit()
    for part in ("data", "idx", "docsize", "config"):
        rows = [connection.execute(f"select * from {INDEX}_{part} order by 1, 2").fetchall() for connection in (here, there)]
        assert rows[0] == rows[1]
    reader = sqlite3.connect(tmp_path / "there.db")
    for connection in (here, reader):
        rejected = sum(value == "rejected" for value in ledger["disposition"].to_pylist())
        for column, count in (("facets", rejected), ("written", 0)):
            query = f"{column} : {facet_word('disposition', 'rejected')}"
            assert connection.execute(f"select count(*) from {INDEX} where {INDEX} match ?", [query]).fetchone() == (count,)


@given(st.text(max_size=5), st.text(max_size=5))
def test_a_spelling_tells_words_apart_and_folding_leaves_it_alone(one, other):
    assert (spelling(one) == spelling(other)) == (one.lower() == other.lower())
    assert fold(spelling(one)) == spelling(one)
    assert spelling(one).isalnum()
