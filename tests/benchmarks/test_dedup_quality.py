"""What labelled pairs say about a threshold."""

import pytest

from benchmarks.dedup_quality import bears
from pipeline.deduplicate import comparison, rules


@pytest.mark.parametrize(
    ("module", "name", "right", "expected"),
    [
        (rules, "CASE_COMMON", lambda value: 24 <= value <= 26, "24 to 26"),
        (rules, "CASE_COMMON", lambda value: value <= 27, "up to 27"),
        (comparison, "KEY_SHARE", lambda value: value > 0.39, "from 0.4"),
        (comparison, "KEY_SHARE", lambda value: True, ""),
    ],
)
def test_a_threshold_is_moved_until_more_is_wrong_and_put_back(module, name, right, expected):
    before = vars(module)[name]
    assert bears(name, lambda: not right(vars(module)[name])) == expected
    assert vars(module)[name] is before
