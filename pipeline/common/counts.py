"""Counts and fractions of a table's rows."""

import pandas as pd


def count_values(column: pd.Series) -> dict[str, int]:
    """Number of rows by value, most first; a row with a list counts for each of its values, one without a value for none.

    >>> count_values(pd.Series([["a", "b"], [], ["b"]]))
    {'b': 2, 'a': 1}
    """
    return {str(value): int(count) for value, count in column.explode().dropna().value_counts().items()}


def ratio(part: float, whole: float) -> float | None:
    """part / whole; None, for undefined, of an empty whole."""
    return part / whole if whole else None
