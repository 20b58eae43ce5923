"""The generated project is one that the product reads: bounds hold, both versions are there, every kind of search finds something."""

import sqlite3

from benchmarks import audit
from pipeline.audit.database import PUBLISHED, Sources, build_audit
from pipeline.audit.search import search
from pipeline.common.store.lake import Lake
from schemas.tables.bounds import checked


def test_a_generated_project_is_a_project(tmp_path, monkeypatch):
    for model, table in audit.generate(700).items():
        assert checked(table.combine_chunks(), model).num_rows
    monkeypatch.setattr(audit, "FILE_ROWS", 300)
    audit.write_project(tmp_path, 700)
    lake = Lake(tmp_path / "data", audit.DATASET)
    before, now = lake.versions()
    tables = {name: lake.table_path(asset, now.tables[asset]) for name, asset in PUBLISHED.items() if asset in now.tables}
    adapters = list((tmp_path / "data" / "models" / audit.DATASET / "adapters").glob("*"))
    ledger = "sample_ledger"
    sources = Sources(tables, adapters, (), [before, now], lambda one: lake.table_path(ledger, one.tables[ledger]))
    written = build_audit(tmp_path / "a.sqlite", sources)
    assert written.unreadable == []
    assert written.rows["changes"] > 0
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    assert connection.execute("pragma foreign_key_check").fetchall() == []
    record_id = connection.execute("select record_id from ledger where relation is not null").fetchone()[0]
    asked = audit.searches(connection, record_id)
    assert all(
        search(connection, query, facets=facets).total for name, query, facets in asked if "rare" not in name and "narrowed" not in name
    )
    assert audit.record(connection, record_id) > 3
