"""What is remembered and what is never written."""

import pytest

from assets.resources.memo import unwritten
from pipeline.common.store.lake import Lake
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import SplitRow


def test_a_row_beyond_a_bound_of_its_table_is_never_written(tmp_path):
    row = {"record_id": "0" * 16, "content_id": "0" * 16, "split_group": "0" * 16, "split": "exam"}
    with pytest.raises(DataError, match="table splits: record 0000000000000000 has split 'exam'"):
        unwritten(Lake(tmp_path, "d"), "splits", to_frame([row], SplitRow))
