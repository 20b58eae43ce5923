"""What a stage keeps for its next run: found again whole, or not at all."""

import pyarrow as pa
import pytest

from pipeline.common.store.memory import Memory

SCHEMA = pa.schema([("key", pa.string()), ("n", pa.int64())])
TABLE = pa.table({"key": ["a", "b"], "n": [1, 2]}, schema=SCHEMA)


@pytest.fixture
def memory(tmp_path):
    found = Memory(tmp_path / "stage", "code 1")
    found.remember("things", TABLE)
    return found


def test_what_was_remembered_is_recalled(memory):
    assert memory.recall("things", SCHEMA).equals(TABLE)
    memory.remember("things", TABLE.slice(1))
    assert memory.recall("things", SCHEMA).equals(TABLE.slice(1)), "the newest takes the place of what was there"
    assert len(list(memory.folder.iterdir())) == 1


def test_nothing_is_recalled_of_other_code_or_of_another_form(memory, tmp_path):
    assert Memory(tmp_path / "stage", "code 2").recall("things", SCHEMA).num_rows == 0
    assert memory.recall("others", SCHEMA).num_rows == 0
    assert memory.recall("things", pa.schema([("key", pa.string())])).schema.names == ["key"]


def test_what_can_not_be_written_is_not_remembered(tmp_path):
    (tmp_path / "stage").write_text("in the folder's place")
    Memory(tmp_path / "stage", "code").remember("things", TABLE)
    assert Memory(tmp_path / "stage", "code").recall("things", SCHEMA).num_rows == 0


def test_a_damaged_file_counts_as_absent(memory):
    file = memory.folder / "things.parquet"
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:20] + bytes([whole[20] ^ 1]) + whole[21:]):
        file.write_bytes(damaged)
        assert memory.recall("things", SCHEMA).num_rows == 0
    file.unlink()
    file.mkdir()
    assert memory.recall("things", SCHEMA).num_rows == 0
