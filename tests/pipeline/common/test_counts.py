"""Counts by value, and fractions that can be undefined."""

import pandas as pd
import pyarrow as pa

from pipeline.common.counts import count_values, ratio


def test_a_list_counts_for_each_of_its_values_and_an_empty_one_for_none():
    column = pd.Series([["a", "b"], [], ["b"]], dtype=pd.ArrowDtype(pa.list_(pa.string())))
    assert list(count_values(column).items()) == [("b", 2), ("a", 1)]
    assert count_values(column.head(0)) == {}
    assert count_values(pd.Series(["x", None, "x"], dtype=pd.ArrowDtype(pa.string()))) == {"x": 2}


def test_a_fraction_of_nothing_is_undefined():
    assert ratio(1, 4) == 0.25
    assert ratio(0, 0) is None
