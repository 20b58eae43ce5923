"""What labelled pairs say about a threshold."""

import pytest

from benchmarks.dedup_quality import bears
from pipeline.deduplicate import rules


@pytest.mark.parametrize(
    ("name", "right", "expected"),
    [
        ("CASE_COMMON", lambda value: 24 <= value <= 26, "24 to 26"),
        ("CASE_COMMON", lambda value: value <= 27, "up to 27"),
        ("KEY_SHARE", lambda value: value > 0.39, "from 0.4"),
        ("KEY_SHARE", lambda value: True, ""),
    ],
)
def test_a_threshold_is_moved_until_more_is_wrong_and_put_back(name, right, expected):
    before = vars(rules)[name]
    assert bears(name, lambda: not right(vars(rules)[name])) == expected
    assert vars(rules)[name] is before
