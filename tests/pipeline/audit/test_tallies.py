"""Counts over the ledger, batch by batch, equal those of Python over all of it."""

from collections import Counter

from pipeline.audit.tallies import FACETS, Tallies


def test_counts_do_not_depend_on_the_batches(published):
    ledger = published[0]["sample_ledger"]
    rows = ledger.to_pylist()
    for size in (1, 3, 100):
        tallies = Tallies()
        for batch in ledger.to_batches(max_chunksize=size):
            tallies.add(batch)
        tables = {name: list(rows) for name, rows in tallies.tables().items()}
        facets = Counter({(name, row[name]): 0 for name in FACETS for row in rows if row[name] is not None})
        facets.update((name, row[name]) for name in FACETS for row in rows if row[name] is not None)
        facets.update(("reason_code", reason) for row in rows for reason in row["reason_codes"])
        facets.update(("flag", flag) for row in rows for flag in row["flags"] or ())
        assert {(facet, value): count for facet, value, count in tables["facets"]} == facets
        assert sorted(tables["reasons"]) == sorted((row["record_id"], reason) for row in rows for reason in row["reason_codes"])
        rejected = [row for row in rows if row["disposition"] == "rejected"]
        expected = {(row["source"], row["file"], reason) for row in rejected for reason in row["reason_codes"]}
        assert {tuple(row[:3]) for row in tables["rejections"]} == expected
        assert sum(row[3] for row in tables["rejections"]) == sum(len(row["reason_codes"]) for row in rejected)
