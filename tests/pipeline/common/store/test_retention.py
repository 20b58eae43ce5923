"""What cleaning removes, and what it leaves to versions, to runs at work and to readers of a moment ago."""

import os
import time

import pytest

from pipeline.common.store import retention
from pipeline.common.store.lake import Lake, Version
from pipeline.common.store.retention import LEASE, LEASE_SECONDS, VERSION, clean, kept_versions, lease
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import SplitRow

HOUR = 3600.0
ORIGIN = {"code": "c", "configuration": "k", "input": "i"}


def write(lake, count, asset="splits"):
    rows = [{"record_id": f"r{i}", "content_id": f"c{i}", "split_group": "g", "split": "train"} for i in range(count)]
    return lake.write_table(asset, to_frame(rows, SplitRow), SplitRow, {})


def publish(lake, count):
    lake.publish(Version("d", f"v{count}", {"splits": write(lake, count)}, {"train": count}, {}, "run", f"2026-01-0{count}"))
    return lake.current()


def make_old(path, seconds=2 * HOUR):
    then = time.time() - seconds
    for file in [path, *path.rglob("*")]:
        os.utime(file, (then, then))


def test_kept_are_current_the_last_the_pinned_and_runs_at_work(tmp_path):
    lake = Lake(tmp_path, "d")
    made = [publish(lake, count) for count in (1, 2, 3, 4)]
    at_work, ended = write(lake, 1, "other"), write(lake, 1, "stale")
    lake.note_run("ended", "stale", ended)
    lake.remember("stale", ORIGIN, {"stale": ended}, {})
    with lease(lake, ["at work"]):
        lake.note_run("at work", "other", at_work)
        make_old(lake.root)
        (lake.root / "runs" / "at work" / LEASE).touch()
        clean(lake, keep=1, grace_seconds=HOUR, pinned=["v1"])
    assert {version.dataset_version for version in lake.versions()} == {"v1", "v4"}
    assert {path.stem for path in (lake.root / "splits").glob("*.parquet")} == {made[0].tables["splits"], made[3].tables["splits"]}
    assert lake.table_path("other", at_work).exists()
    assert not lake.table_path("stale", ended).exists()
    assert not list(lake.root.glob("memo/*/*"))
    assert not (lake.root / "runs" / "ended").exists()


def test_a_version_that_was_replaced_a_moment_ago_stays_whole_for_its_readers(tmp_path):
    lake = Lake(tmp_path, "d")
    first = publish(lake, 1)
    make_old(lake.root)
    publish(lake, 2)
    assert clean(lake, keep=1, grace_seconds=HOUR, pinned=[]) == 0
    assert lake.arrow("splits", first.tables["splits"]).num_rows == 1, "an old table, but replaced just now"
    make_old(lake.root)
    assert clean(lake, keep=1, grace_seconds=HOUR, pinned=[]) == 2
    assert not lake.table_path("splits", first.tables["splits"]).exists()


def test_a_table_that_a_run_has_just_recalled_is_left_to_it(tmp_path):
    lake = Lake(tmp_path, "d")
    table = write(lake, 1)
    lake.remember("splits", ORIGIN, {"splits": table}, {})
    publish(lake, 2)
    make_old(lake.root)
    assert lake.recall("splits", ORIGIN)
    clean(lake, keep=1, grace_seconds=HOUR, pinned=[])
    assert lake.table_path("splits", table).exists()


def test_a_lease_beats_while_the_run_is_at_work_and_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(retention, "HEARTBEAT_SECONDS", 0.01)
    lake = Lake(tmp_path, "d")
    mark = lake.root / "runs" / "r" / LEASE
    with lease(lake, ["r"]):
        os.utime(mark, (0, 0))
        deadline = time.monotonic() + 30
        while mark.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert mark.stat().st_mtime > 0
    assert not mark.parent.exists(), "it noted nothing"


def test_a_run_whose_lease_stands_still_is_gone(tmp_path):
    lake = Lake(tmp_path, "d")
    publish(lake, 2)
    with lease(lake, ["r"]):
        table = write(lake, 1)
        lake.note_run("r", "splits", table)
        make_old(lake.root, LEASE_SECONDS / 2)
        clean(lake, keep=1, grace_seconds=0, pinned=[])
        assert lake.table_path("splits", table).exists()
        make_old(lake.root, 2 * LEASE_SECONDS)
        clean(lake, keep=1, grace_seconds=0, pinned=[])
        assert not lake.table_path("splits", table).exists()


def test_a_folder_in_a_files_place_stays_and_keeps_nobody_from_cleaning(tmp_path):
    lake = Lake(tmp_path, "d")
    first = publish(lake, 1)
    lake.remember("splits", ORIGIN, {"splits": first.tables["splits"]}, {})
    publish(lake, 2)
    lake.note_run("r", "splits", first.tables["splits"])
    theirs = [lake.root / "memo" / "splits" / "x.aside-1", lake.root / "splits" / f"{'0' * 16}.parquet"]
    for folder in theirs:
        folder.mkdir()
    make_old(lake.root)
    assert clean(lake, keep=1, grace_seconds=HOUR, pinned=[]) == 2
    assert all(folder.is_dir() for folder in theirs)


def test_nothing_is_removed_while_a_version_file_cannot_be_read(tmp_path):
    lake = Lake(tmp_path, "d")
    first, second = publish(lake, 1), publish(lake, 2)
    make_old(lake.root)
    damaged = lake.root / "versions" / f"{first.name}.json"
    damaged.write_text("{")
    with pytest.raises(DataError, match=f"{first.name}.json in .* can't be read as a version"):
        clean(lake, keep=1, grace_seconds=0, pinned=[])
    assert lake.table_path("splits", first.tables["splits"]).exists()
    damaged.unlink()
    clean(lake, keep=1, grace_seconds=0, pinned=[])
    assert lake.versions() == [second]
    assert not lake.table_path("splits", first.tables["splits"]).exists()


def test_a_version_stays_for_the_run_that_reads_it_and_goes_after(tmp_path):
    lake = Lake(tmp_path, "d")
    first = publish(lake, 1)
    publish(lake, 2)
    with lease(lake, ["reader"]):
        lake.note_run("reader", VERSION, first.name)
        make_old(lake.root)
        (lake.root / "runs" / "reader" / LEASE).touch()
        clean(lake, keep=1, grace_seconds=HOUR, pinned=[])
        assert lake.pinned(first.name).tables == first.tables
    make_old(lake.root)
    clean(lake, keep=1, grace_seconds=HOUR, pinned=[])
    with pytest.raises(DataError, match="does not exist"):
        lake.pinned(first.name)


def test_why_a_version_is_kept_is_said_and_what_an_adapter_names_is_never_removed(tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (1, 2, 3, 4):
        publish(lake, count)
    make_old(lake.root)
    reasons = {version.dataset_version: why for version, why in kept_versions(lake, 2, HOUR, ["v1"])}
    assert reasons == {"v1": ["an adapter names it"], "v2": [], "v3": ["one of the last 2"], "v4": ["CURRENT", "one of the last 2"]}
    for _ in range(3):
        clean(lake, keep=1, grace_seconds=0, pinned=["v1"])
    assert [version.dataset_version for version in lake.versions()] == ["v1", "v4"]
    assert lake.holds(lake.version("v1").tables)
    os.utime(lake.root / "versions" / f"{lake.version('v1').name}.json")
    assert kept_versions(lake, 1, HOUR, [])[0][1] == ["readers may still be at it"]


def test_what_stages_keep_for_their_next_run_is_left_alone(tmp_path):
    lake = Lake(tmp_path, "d")
    publish(lake, 1)
    kept = lake.root / "cache" / "stage" / "things.parquet"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"anything")
    make_old(lake.root)
    clean(lake, keep=1, grace_seconds=0, pinned=[])
    assert kept.exists()
