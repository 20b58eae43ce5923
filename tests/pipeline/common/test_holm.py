"""Holm's adjustment against a worked example."""

import pytest

from pipeline.common.holm import holm


def test_holm_is_that_of_a_worked_example():
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, none under the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_what_has_no_p_value_takes_none_of_the_others():
    assert holm([None, 0.04]) == [None, 0.04]
