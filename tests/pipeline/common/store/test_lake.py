"""The lake: content names tables, versions are whole, and a failure leaves what was there."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.store.lake import Lake, Version, content_hash
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import SplitRow

ORIGIN = {"code": "c", "configuration": "k", "input": "i"}
ROWS = [{"record_id": f"r{i}", "content_id": f"c{i}", "split_group": "g", "split": "train"} for i in range(4)]


def frame(count=4):
    return to_frame(ROWS[:count], SplitRow)


def version(lake, count=4, at="2026-01-01T00:00:00+00:00", name="v"):
    table = lake.write_table("splits", frame(count), SplitRow, {})
    return Version("d", f"{name}{count}", {"splits": table}, {"train": count}, {}, "run", at)


TABLES = st.lists(
    st.fixed_dictionaries(
        {
            "t": st.none() | st.text(max_size=8),
            "n": st.none() | st.integers(-5, 5),
            "l": st.lists(st.none() | st.text(max_size=3), max_size=3),
        }
    ),
    max_size=8,
)
SCHEMA = pa.schema([("t", pa.string()), ("n", pa.int64()), ("l", pa.list_(pa.string()))])


@given(TABLES, st.integers(0, 8))
def test_a_hash_depends_on_content_and_not_on_chunks(rows, cut):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    chunked = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert content_hash(chunked) == content_hash(table)


@given(TABLES, TABLES)
def test_different_tables_have_different_hashes(one, other):
    tables = [pa.Table.from_pylist(rows, schema=SCHEMA) for rows in (one, other)]
    assert (content_hash(tables[0]) == content_hash(tables[1])) == tables[0].equals(tables[1])


def test_equal_content_is_written_once(tmp_path):
    lake = Lake(tmp_path, "d")
    first = lake.write_table("splits", frame(), SplitRow, {"run_id": "1"})
    stamp = lake.table_path("splits", first).stat().st_mtime_ns
    assert lake.write_table("splits", frame(), SplitRow, {"run_id": "2"}) == first
    assert lake.table_path("splits", first).stat().st_mtime_ns == stamp
    assert lake.read_table("splits", first, SplitRow).equals(frame())


def test_publishing_twice_is_said_to_be_nothing_new(tmp_path):
    lake = Lake(tmp_path, "d")
    assert lake.current() is None
    assert lake.publish(version(lake)) is True
    assert lake.publish(version(lake, at="2027-01-01T00:00:00+00:00")) is False
    assert lake.current() == version(lake)


def test_a_version_without_its_tables_is_refused(tmp_path):
    lake = Lake(tmp_path, "d")
    lake.publish(version(lake))
    with pytest.raises(DataError, match="not in the lake"):
        lake.publish(Version("d", "x", {"splits": "0" * 16}, {}, {}, "run", "now"))
    assert lake.current().dataset_version == "v4"


def test_a_damaged_table_is_named_with_the_cure(tmp_path):
    lake = Lake(tmp_path, "d")
    table = lake.write_table("splits", frame(), SplitRow, {})
    lake.table_path("splits", table).write_bytes(b"not parquet")
    with pytest.raises(DataError, match="mcq run"):
        lake.read_table("splits", table, SplitRow)


def test_versions_are_found_by_an_unambiguous_beginning(tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (2, 3):
        lake.publish(version(lake, count))
    assert lake.version("v2").dataset_version == "v2"
    for name, problem in (("v", "ambiguous"), ("z", "does not exist"), ("", "does not exist")):
        with pytest.raises(DataError, match=problem):
            lake.version(name)


def test_retention_keeps_current_the_last_the_pinned_and_active_runs(tmp_path):
    lake = Lake(tmp_path, "d")
    made = [version(lake, count, at=f"2026-01-0{count}T00:00:00+00:00") for count in (1, 2, 3, 4)]
    for item in made:
        lake.publish(item)
    loose = lake.write_table("other", frame(1), SplitRow, {})
    lake.note_run("running", "other", loose)
    stale = lake.write_table("stale", frame(1), SplitRow, {})
    lake.note_run("finished", "stale", stale)
    lake.remember("stale", ORIGIN, {"stale": stale}, {})
    lake.clean(keep=1, pinned=["v1"], active_runs=["running"])
    assert {item.dataset_version for item in lake.versions()} == {"v1", "v4"}
    assert {path.stem for path in (lake.root / "splits").glob("*.parquet")} == {made[0].tables["splits"], made[3].tables["splits"]}
    assert lake.table_path("other", loose).exists()
    assert not lake.table_path("stale", stale).exists()
    assert lake.recall("stale", ORIGIN) is None
    assert not list(lake.root.glob("memo/*/*"))


def test_memory_of_a_table_that_is_gone_is_no_memory(tmp_path):
    lake = Lake(tmp_path, "d")
    table = lake.write_table("splits", frame(), SplitRow, {})
    lake.remember("splits", ORIGIN, {"splits": table}, {"n": 1})
    assert lake.recall("splits", ORIGIN) == ({"splits": table}, {"n": 1})
    lake.table_path("splits", table).unlink()
    assert lake.recall("splits", ORIGIN) is None


def test_why_a_table_is_computed_anew_is_said_in_words(tmp_path):
    lake = Lake(tmp_path, "d")
    assert lake.news("splits", ORIGIN) == "for the first time"
    table = lake.write_table("splits", frame(), SplitRow, {})
    lake.remember("splits", ORIGIN, {"splits": table}, {})
    assert lake.news("splits", ORIGIN | {"code": "d"}) == "new code"
    assert lake.news("splits", ORIGIN | {"code": "d", "input": "j"}) == "new code and input"
    for memo in lake.root.glob("memo/splits/*"):
        memo.write_text(json.dumps({"tables": {"splits": table}, "facts": {}}))
    assert lake.recall("splits", ORIGIN | {"code": "d"}) is None
    assert lake.news("splits", ORIGIN) == "an earlier version of this program made the last one"


def test_a_runs_own_table_goes_before_the_published_one(tmp_path):
    lake = Lake(tmp_path, "d")
    lake.publish(version(lake))
    assert lake.run_table(["r"], "splits") == version(lake).tables["splits"]
    lake.note_run("r", "splits", "f" * 16)
    assert lake.run_table(["new", "r"], "splits") == "f" * 16
    assert lake.run_table([], "nothing") is None


def test_a_damaged_version_file_is_told(tmp_path):
    lake = Lake(tmp_path, "d")
    lake.publish(version(lake))
    (lake.root / "versions" / f"{version(lake).name}.json").write_text(json.dumps({"dataset": "d"}))
    with pytest.raises(DataError, match="damaged"):
        lake.current()
