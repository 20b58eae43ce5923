import os

import pyarrow as pa
import pytest

from pipeline.common.files import write_parquet
from pipeline.common.store.evidence import SUMMARY, TABLE, newest_evidence, read_evidence, read_summary
from schemas.errors import DataError


def test_the_newest_that_is_whole_counts(tmp_path):
    assert newest_evidence([]) is None
    for age, name in ((5, "old"), (1, "new"), (0, "begun")):
        (tmp_path / name).mkdir()
        if age:
            (tmp_path / name / SUMMARY).write_text('{"scored": 2}')
            os.utime(tmp_path / name / SUMMARY, (1e9 - age, 1e9 - age))
    assert newest_evidence(tmp_path.glob("*")) == tmp_path / "new"
    assert read_summary(tmp_path / "new") == {"scored": 2}


def test_rows_are_read_in_order_and_damage_is_said(tmp_path):
    write_parquet(tmp_path / TABLE, pa.table({"record_id": ["b", "a", "c"]}))
    assert [row["record_id"] for row in read_evidence(tmp_path)] == ["b", "a", "c"]
    assert [row["record_id"] for row in read_evidence(tmp_path, ["c", "x"])] == ["c"]
    (tmp_path / TABLE).write_bytes(b"PAR1")
    with pytest.raises(DataError, match="is damaged"):
        read_evidence(tmp_path)
