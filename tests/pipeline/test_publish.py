"""Publishing: all tables of one run, or nothing."""

from datetime import UTC, datetime

import pytest

from pipeline.common.store.lake import Lake
from pipeline.ledger import dataset_version
from pipeline.publish import publish
from schemas.config import Config
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow, SplitRow

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def publish_run(tmp_path):
    """Publishes the two tables of a run, which hold `groups` as questions; the run has noted those of `noted`."""
    lake = Lake(tmp_path, "tiny")
    config = Config.model_validate({"dataset": "tiny", "root": str(tmp_path), "sources": [{"name": "s", "path": "*"}]})
    ledger = to_frame([], LedgerRow)

    def run(run_id, groups, noted=("sample_ledger", "splits")):
        rows = [{"record_id": name, "content_id": name, "split_group": name, "split": "train"} for name in groups]
        splits = to_frame(rows, SplitRow)
        tables = {
            "sample_ledger": lake.write_table("sample_ledger", ledger, LedgerRow, {}),
            "splits": lake.write_table("splits", splits, SplitRow, {}),
        }
        for asset in noted:
            lake.note_run(run_id, asset, tables[asset])
        return publish(lake, config, tables, ledger, splits, [run_id], NOW)

    return lake, config, run


def test_a_version_tells_its_tables_counts_run_and_time_and_is_published_once(publish_run):
    lake, config, run = publish_run
    first = run("one", "ab")
    assert first.published
    assert first.replaced is None
    version = lake.current()
    assert version == first.version
    assert (version.run_id, version.published_at) == ("one", "2026-01-02T03:04:05.678+00:00")
    assert version.dataset_version == dataset_version(lake.read_table("splits", version.tables["splits"], SplitRow), config.curation())
    assert set(version.counts.values()) == {0}
    again = run("two", "ab")
    assert (again.published, again.replaced, lake.current()) == (False, None, version)
    assert run("three", "abc").replaced == version.name
    assert lake.current().replaces == version.name


def test_a_mix_of_two_runs_is_refused_and_readers_keep_their_version(publish_run):
    lake, _, run = publish_run
    before = run("one", "ab").version
    with pytest.raises(DataError, match="didn't compute sample_ledger"):
        run("two", "abc", noted=["splits"])
    assert lake.current() == before


def test_the_version_that_holds_some_tables_is_found_by_them(publish_run):
    lake, _, run = publish_run
    first, second = run("one", "a").version, run("two", "ab").version
    assert lake.version_with({"splits": first.tables["splits"]}).name == first.name
    assert lake.version_with({"sample_ledger": first.tables["sample_ledger"]}).name == second.name
    with pytest.raises(DataError, match="no published version"):
        lake.version_with({"splits": "0" * 16})


def test_a_pointer_that_is_damaged_is_mended_and_said(publish_run):
    lake, _, run = publish_run
    version = run("one", "ab").version
    assert run("two", "ab").damage is None
    (lake.root / "CURRENT").write_text("")
    again = run("three", "ab")
    assert again.published
    assert "CURRENT is damaged" in again.damage
    assert lake.current().name == version.name
