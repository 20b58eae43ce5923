"""Single rows of a table equal those of the whole table, from memory and from a file of several pieces."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.store.lookup import Lookup
from schemas.errors import DataError

TABLE = pa.table({"id": [f"{n:02}" for n in range(25)], "other": [f"{n % 5}" if n % 3 else None for n in range(25)], "n": list(range(25))})


@pytest.fixture(params=["table", "file"])
def lookup(request, tmp_path):
    """The table in memory, or as a file of three pieces."""
    if request.param == "table":
        return Lookup(TABLE)
    pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=10, write_page_checksum=True)
    return Lookup(tmp_path / "t.parquet")


def test_rows_come_in_the_tables_order(lookup):
    rows = TABLE.to_pylist()
    assert lookup.equal("id", ["21", "03", "99"]) == [rows[3], rows[21]]
    assert lookup.equal("other", ["4"]) == [row for row in rows if row["other"] == "4"]
    assert lookup.equal(("id", "other"), ["2", "09"]) == [row for row in rows if row["other"] == "2" or row["id"] == "09"]
    assert lookup.equal("id", ["07"], ["n"]) == [{"n": 7}]
    assert lookup.equal("id", []) == lookup.equal("id", ["đ"]) == []
    assert lookup.beginning("id", "2") == rows[20:]
    assert lookup.beginning("other", "x") == []


def test_damage_of_what_is_read_is_told_with_the_cure(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE, path, row_group_size=10, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    column = pq.read_metadata(path).row_group(1).column(2)
    data[column.data_page_offset + column.total_compressed_size - 5] ^= 1
    path.write_bytes(data)
    assert Lookup(path).equal("id", ["01"]) == [TABLE.to_pylist()[1]], "another piece"
    for damage, said in (
        (bytes(data), "damaged"),
        (b"", "damaged"),
        (b"garbage" * 9, "damaged"),
        (bytes(data[:-9]), "damaged"),
        (None, "gone"),
    ):
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
        with pytest.raises(DataError, match=rf"{said}.*; run it again"):
            Lookup(path, "; run it again").equal("id", ["11"])
    path.mkdir()
    with pytest.raises(DataError, match="damaged"):
        Lookup(path).equal("id", ["11"])
