"""What the full-text index holds is found by search; here: where it is written and taken over."""

import sqlite3

import pyarrow.parquet as pq

from pipeline.audit.index import DDL, EXACT, FOLDED, adopt_index, facet_word, fill_index, write_index


def test_an_index_that_was_written_elsewhere_is_the_same(published, tmp_path):
    ledger = published[0]["sample_ledger"]
    pq.write_table(ledger, tmp_path / "ledger.parquet")
    here, there = (sqlite3.connect(tmp_path / name) for name in ("here.db", "there.db"))
    for name in DDL:
        fill_index(here, name, ledger)
        adopt_index(there, name, write_index(tmp_path / "ledger.parquet", (tmp_path / f"{name}.db", name)))
    here.commit()
    for name in DDL:
        for part in ("data", "idx"):
            rows = [connection.execute(f"select * from {name}_{part} order by 1, 2").fetchall() for connection in (here, there)]
            assert rows[0] == rows[1]
    reader = sqlite3.connect(tmp_path / "there.db")
    for connection in (here, reader):
        word = facet_word("disposition", "rejected")
        rejected = sum(value == "rejected" for value in ledger["disposition"].to_pylist())
        assert connection.execute(f"select count(*) from {FOLDED} where {FOLDED} match ?", [f"facets : {word}"]).fetchone() == (rejected,)
        assert connection.execute(f"select count(*) from {EXACT} where {EXACT} match ?", [word]).fetchone() == (0,)
