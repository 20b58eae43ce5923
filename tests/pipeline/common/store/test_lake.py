"""The lake: content names tables, versions are whole, and a failure leaves what was there."""

import contextlib
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.store.lake import Lake, Version, content_hash
from schemas.errors import DataError
from schemas.tables.arrow import to_frame, to_table
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
    file = lake.table_path("splits", first).stat().st_ino
    assert lake.write_table("splits", frame(), SplitRow, {"run_id": "2"}) == first
    assert lake.table_path("splits", first).stat().st_ino == file
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


def flip_a_bit(path):
    """One bit, in a place where the file can still be read, and holds other rows."""
    data, before = path.read_bytes(), pq.read_table(path)
    for place in range(4, len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with contextlib.suppress(OSError, pa.ArrowException, UnicodeDecodeError):
            if not pq.read_table(path).equals(before):
                return
    raise AssertionError("no such place")


def put_a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGE = {
    "garbage": lambda path: path.write_bytes(b"not parquet"),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "flipped": flip_a_bit,
    "folder": put_a_folder,
    "gone": lambda path: path.unlink(),
    "another": lambda path: pq.write_table(to_table(frame(2), SplitRow), path),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_is_told_with_the_cure_and_heals_when_it_is_written_again(damage, tmp_path):
    lake = Lake(tmp_path, "d")
    table = lake.write_table("splits", frame(), SplitRow, {})
    lake.remember("splits", ORIGIN, {"splits": table}, {})
    assert lake.recall("splits", ORIGIN)
    DAMAGE[damage](lake.table_path("splits", table))
    with pytest.raises(DataError, match="mcq run"):
        lake.read_table("splits", table, SplitRow)
    assert lake.recall("splits", ORIGIN) is None
    assert lake.news("splits", ORIGIN) == ("the last one is gone" if damage == "gone" else "the last one is damaged (splits)")
    assert lake.write_table("splits", frame(), SplitRow, {}) == table
    assert lake.recall("splits", ORIGIN)
    assert lake.read_table("splits", table, SplitRow).equals(frame())
    aside = list(lake.root.glob("splits/*aside*"))
    assert len(aside) == (damage == "folder"), "a folder may be someone's: it is moved, not removed"


def test_a_table_that_was_read_once_is_read_again_with_its_checksums(tmp_path):
    lake = Lake(tmp_path, "d")
    table = lake.write_table("splits", frame(), SplitRow, {})
    path = lake.table_path("splits", table)
    lake.arrow("splits", table)
    stamp = path.stat().st_mtime_ns
    flip_a_bit(path)
    os.utime(path, ns=(stamp, stamp))
    with pytest.raises(DataError, match=r"damaged .*CRC"):
        lake.arrow("splits", table)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"tables": {"splits": 1}, "facts": {}}', '{"tables": {"splits": "../../x"}, "facts": {}}']
)
def test_a_damaged_memo_is_no_memory(text, tmp_path):
    lake = Lake(tmp_path, "d")
    lake.remember("splits", ORIGIN, {"splits": lake.write_table("splits", frame(), SplitRow, {})}, {})
    (memo,) = lake.root.glob("memo/splits/*")
    memo.write_text(text)
    assert lake.recall("splits", ORIGIN) is None
    assert lake.news("splits", ORIGIN | {"code": "other"}) == "the note on the last one is damaged"


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"\xff\xfe", b"../../etc/passwd"])
def test_a_damaged_pointer_is_told_with_the_cure_and_heals(content, tmp_path):
    lake = Lake(tmp_path, "d")
    lake.publish(version(lake))
    (lake.root / "CURRENT").write_bytes(content)
    with pytest.raises(DataError, match=r"CURRENT is damaged .* run `mcq run`"):
        lake.current()
    assert lake.publish(version(lake)) is True
    assert lake.current() == version(lake)


def test_a_pointer_that_became_a_folder_heals_and_the_folder_stays(tmp_path):
    lake = Lake(tmp_path, "d")
    lake.publish(version(lake))
    put_a_folder(lake.root / "CURRENT")
    with pytest.raises(DataError, match="mcq run"):
        lake.current()
    assert lake.publish(version(lake)) is True
    assert lake.current() == version(lake)
    assert (lake.root / "CURRENT.aside-1").is_dir()


def test_what_replaced_what_is_recorded_whatever_the_clock_says(tmp_path):
    lake = Lake(tmp_path, "d")
    days = {2: "2026-01-02", 3: "2020-01-01"}
    for count in (2, 3, 2):
        lake.publish(version(lake, count, at=days[count]))
    assert [v.dataset_version for v in lake.versions()] == ["v3", "v2"]
    assert lake.current().replaces == version(lake, 3).name
    assert lake.version("v3").replaces == version(lake, 2).name


@pytest.mark.parametrize("damage", ["empty", "gone"])
def test_what_was_replaced_is_known_without_a_pointer(damage, tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (1, 2):
        lake.publish(version(lake, count))
    DAMAGE[damage](lake.root / "CURRENT")
    assert lake.publish(version(lake, 3)) is True
    assert lake.current().replaces == version(lake, 2).name


def test_only_damaged_tables_are_named(tmp_path):
    lake = Lake(tmp_path, "d")
    tables = {asset: lake.write_table(asset, frame(), SplitRow, {}) for asset in ("whole", "hurt", "gone")}
    lake.remember("whole", ORIGIN, tables, {})
    lake.table_path("hurt", tables["hurt"]).write_bytes(b"")
    lake.table_path("gone", tables["gone"]).unlink()
    assert lake.news("whole", ORIGIN) == "the last one is damaged (hurt)"


def test_what_is_no_version_hides_none_and_is_named(tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (2, 3):
        lake.publish(version(lake, count))
    folder = lake.root / "versions"
    (folder / "notes.json").write_text("{}")
    (folder / f"{version(lake, 2).name}.json").write_text(json.dumps({"dataset": "d"}))
    assert [v.dataset_version for v in lake.versions()] == ["v3"]
    assert {path.name for path in lake.strangers()} == {"notes.json", f"{version(lake, 2).name}.json"}
    assert lake.version_with(version(lake, 3).tables).dataset_version == "v3"
    with pytest.raises(DataError, match="restore it, or move it away"):
        lake.version("v2")
    assert lake.publish(version(lake, 2)) is True
    assert lake.current().dataset_version == "v2"


def test_a_version_file_with_the_tables_of_another_is_damaged(tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (2, 3):
        lake.publish(version(lake, count))
    one, other = (lake.root / "versions" / f"{version(lake, count).name}.json" for count in (2, 3))
    other.write_bytes(one.read_bytes())
    with pytest.raises(DataError, match="it holds version v2"):
        lake.current()


def test_versions_are_found_by_an_unambiguous_beginning(tmp_path):
    lake = Lake(tmp_path, "d")
    for count in (2, 3):
        lake.publish(version(lake, count))
    assert lake.version("v2").dataset_version == "v2"
    for name, problem in (("v", "ambiguous"), ("z", "does not exist"), ("", "does not exist")):
        with pytest.raises(DataError, match=problem):
            lake.version(name)


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
        memo = memo.rename(memo.with_name("0" * 16))
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


def test_a_pinned_version_is_the_newest_with_its_rows_and_whole(tmp_path):
    lake = Lake(tmp_path, "d")
    first, second = version(lake, 2), version(lake, 3)
    lake.publish(first)
    lake.publish(second)
    assert lake.pinned(first.name).name == first.name
    # The same rows under another ledger: the same dataset_version twice.
    again = Version("d", "v2", {**first.tables, "sample_ledger": second.tables["splits"]}, {}, {}, "run", "2026-01-03T00:00:00+00:00")
    lake.write_table("sample_ledger", frame(3), SplitRow, {})
    lake.publish(again)
    assert lake.pinned("v2").name == again.name
    with pytest.raises(DataError, match="'v' of dataset d is ambiguous"):
        lake.pinned("v")
    with pytest.raises(DataError, match=r"'v9' of dataset d does not exist; published versions: .*only from the raw files") as gone:
        lake.pinned("v9")
    assert second.name in str(gone.value)
    lake.table_path("splits", first.tables["splits"]).unlink()
    with pytest.raises(DataError, match=r"can't be used: its table splits is gone or damaged\. Restore it"):
        lake.pinned(first.name)


def test_columns_are_read_alone_and_only_of_a_table_that_is_whole(tmp_path):
    lake = Lake(tmp_path, "d")
    table = lake.write_table("splits", frame(3), SplitRow, {})
    assert lake.columns("splits", table, ["split"]).column_names == ["split"]
    assert lake.columns("splits", table, ["record_id"])["record_id"].to_pylist() == ["r0", "r1", "r2"]
    lake.table_path("splits", table).write_bytes(b"damaged")
    with pytest.raises(DataError, match="can't be read"):
        lake.columns("splits", table, ["split"])


def test_what_a_stage_was_given_and_gave_last_is_known_by_code_and_configuration(tmp_path):
    lake = Lake(tmp_path, "d")
    assert lake.before("splits", ORIGIN) is None
    lake.remember("splits", ORIGIN, {"splits": "0" * 16}, {}, {"questions": "1" * 16})
    assert lake.before("splits", ORIGIN | {"input": "another"}) == {"splits": "0" * 16, "questions": "1" * 16}
    assert lake.before("splits", ORIGIN | {"code": "another"}) is None
    assert lake.before("splits", ORIGIN | {"configuration": "another"}) is None
