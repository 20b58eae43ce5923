"""The audit database joins the published tables with what training and evaluation learned; it is whole, linked, and written when needed."""

import json
import sqlite3
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit import database
from pipeline.audit.database import Sources, build_audit, renew_audit
from pipeline.audit.schema import TABLES, VIEWS
from pipeline.common.store.lake import Version
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema
from schemas.tables.training import ChatExample

NAMES = {"ledger": "sample_ledger", "quality": "quality_scores", "pairs": "duplicate_pairs"}
SPLIT = {"split": {"method": "hash", "seed": 7}}


def version(number, dataset_version):
    return Version("d", dataset_version, {"sample_ledger": str(number) * 16}, {"train": 1}, SPLIT, f"run{number}", f"2026-01-0{number}")


@pytest.fixture
def sources(published):
    """Two versions: the first lacks the first kept question."""
    tables, adapters, row = published
    versions = [version(1, row["dataset_version"]), version(2, row["dataset_version"])]
    now = tables["sample_ledger"]
    before = now.filter(pa.array([name != row["record_id"] for name in now["record_id"].to_pylist()]))
    ledgers = dict(zip([v.name for v in versions], [before, now], strict=True))
    held = {name: tables[asset] for name, asset in NAMES.items()}
    return Sources(held, adapters, (), versions, lambda one: ledgers[one.name], {"code": "c1", "version": versions[1].name})


@pytest.fixture
def opened(tmp_path):
    """Builds a database and opens it."""

    def build(sources):
        written = build_audit(tmp_path / "audit.sqlite", sources)
        connection = sqlite3.connect(tmp_path / "audit.sqlite")
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        for name in [*TABLES, *VIEWS]:
            connection.execute(f"select * from {name}").fetchall()
        assert [p.name for p in tmp_path.glob(".*")] == []
        return written, connection

    return build


def test_the_audit_database_joins_ledger_training_and_answers(published, sources, opened):
    row = published[2]
    written, connection = opened(sources)
    held = {"ledger": 10, "quality": 9, "pairs": 1, "trained_samples": 1, "predictions": 2, "runs": 1, "evaluations": 1, "versions": 2}
    assert {name: written.rows[name] for name in held} == held
    assert written.unreadable == []
    gold = row["options"][row["answer_index"]]
    assert connection.execute("select change, gold, adapter_answered from flipped").fetchall() == [("fixed", gold, gold)]
    assert connection.execute("select json_array_length(options) from ledger limit 1").fetchone() == (4,)
    assert connection.execute("select name, is_current from versions order by position").fetchall() == [
        (one.name, number) for number, one in enumerate(sources.versions)
    ]


def test_changes_between_kept_versions_are_told_once_and_remembered(published, sources, opened, monkeypatch):
    row = published[2]
    _, connection = opened(sources)
    newest, before = sources.versions[1].name, sources.versions[0].name
    told = ("entered", row["record_id"], None, row["split"], "a new record", row["record_id"], newest, before)
    columns = "kind, record_id, before, after, why, in_ledger, version, since"
    assert connection.execute(f"select {columns} from changes").fetchall() == [told]
    monkeypatch.setattr(database, "changes_between", lambda *_: pytest.fail("they are known"))
    _, again = opened(sources)
    assert again.execute(f"select {columns} from changes").fetchall() == [told]
    monkeypatch.setattr(database, "changes_between", lambda *_: iter(()))
    _, other = opened(replace(sources, about={"code": "c2"}))
    assert other.execute("select count(*) from changes").fetchone() == (0,), "other code may tell them otherwise"


def test_facts_on_records_of_older_versions_stand_without_a_link(published, sources, opened):
    now = sources.tables["ledger"]
    fewer = now.filter(pa.array([name != published[2]["record_id"] for name in now["record_id"].to_pylist()]))
    tables = {"ledger": fewer}
    _, connection = opened(replace(sources, tables=tables))
    gone = [(published[2]["record_id"], None)]
    assert connection.execute("select record_id, in_ledger from trained_samples").fetchall() == gone
    assert connection.execute("select distinct record_id, in_ledger from predictions").fetchall() == gone


def test_examples_are_those_of_this_version_the_newest_of_each_base_model(published, sources, opened, tmp_path):
    row = published[2]
    told = {"split": "train", "split_group": row["split_group"], "source": "s", "subject": None, "language": "en", "completion": "A"}
    told |= {"prompt_tokens": 3, "completion_tokens": 1, "neutralised_tokens": 0, "status": "ok"}
    for name, dataset_version, record_id, prompt in (
        ("old", row["dataset_version"], row["record_id"], "old"),
        ("strange", "0" * 12, row["record_id"], "strange"),
        ("unwritten", row["dataset_version"], None, None),
        ("xnew", row["dataset_version"], row["record_id"], "<b>hostile</b>'\"\u202e"),
    ):
        folder = tmp_path / "examples" / name
        folder.mkdir(parents=True)
        job = {"dataset_version": dataset_version, "config": {"train": {"base_model": "m", "revision": "r"}}}
        (folder / "render.job.json").write_text(json.dumps(job))
        if record_id:
            rows = [{"record_id": one, "prompt": prompt, **told} for one in (record_id, "f" * 16)]
            pq.write_table(pa.Table.from_pylist(rows, arrow_schema(ChatExample)), folder / "examples.parquet")
    (tmp_path / "examples" / "broken").mkdir()
    (tmp_path / "examples" / "broken" / "render.job.json").write_text("{")
    _, connection = opened(replace(sources, renderings=sorted((tmp_path / "examples").glob("*"))))
    found = connection.execute("select record_id, base_model, base_revision, rendering, prompt, prompt_tokens from examples").fetchall()
    assert found == [(row["record_id"], "m", "r", "xnew", "<b>hostile</b>'\"\u202e", 3)]


def test_an_adapter_that_cannot_be_read_is_named_and_the_rest_is_there(published, tmp_path):
    (tmp_path / "a2").mkdir()
    (tmp_path / "a2" / "manifest.json").write_text("{")
    written = build_audit(tmp_path / "a.sqlite", Sources({"ledger": published[0]["sample_ledger"]}, [tmp_path / "a2"]))
    assert (written.rows["ledger"], written.rows["runs"]) == (10, 0)
    assert "manifest.json is damaged" in written.unreadable[0]


def test_a_published_table_that_is_damaged_leaves_the_last_database(published, tmp_path):
    path = tmp_path / "a.sqlite"
    build_audit(path, Sources({"ledger": published[0]["sample_ledger"]}))
    before = path.read_bytes()
    (tmp_path / "ledger.parquet").write_bytes(b"garbage")
    for name in ("ledger.parquet", "nothing.parquet", "."):
        with pytest.raises(DataError):
            build_audit(path, Sources({"ledger": tmp_path / name}))
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.glob(".*")] == []


def test_nothing_new_writes_nothing(sources, tmp_path):
    path = tmp_path / "a.sqlite"
    first = renew_audit(path, sources)
    inode = path.stat().st_ino
    assert renew_audit(path, sources) == first
    assert path.stat().st_ino == inode
    renew_audit(path, replace(sources, about={**sources.about, "version": "other"}))
    assert path.stat().st_ino != inode
    data = path.read_bytes()
    for damage in (data[: len(data) // 2], b"", b"garbage" * 999):
        path.write_bytes(damage)
        renew_audit(path, sources)
        assert sqlite3.connect(path).execute("select count(*) from ledger").fetchone() == (10,)


def test_a_file_gives_what_a_table_gives_and_so_do_other_processes(sources, opened, tmp_path, monkeypatch):
    files = {name: tmp_path / f"{name}.parquet" for name in sources.tables}
    for name, file in files.items():
        pq.write_table(sources.tables[name], file)

    def content(connection):
        tables = (*TABLES, "search_data", "search_docsize")
        return {name: connection.execute(f"select * from {name} order by 1, 2").fetchall() for name in tables if name != "about"}

    expected = content(opened(sources)[1])
    assert content(opened(replace(sources, tables=files))[1]) == expected
    monkeypatch.setattr("pipeline.common.parallel.ROWS_WORTH_A_PROCESS", 1)
    monkeypatch.setenv("MCQ_WORKERS", "2")
    assert content(opened(replace(sources, tables=files))[1]) == expected
