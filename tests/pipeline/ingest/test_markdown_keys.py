"""Markdown: keys."""

import pytest

from pipeline.ingest.markdown_keys import key_lists, keyed_options
from pipeline.ingest.markdown_lines import markdown_lines


@pytest.mark.parametrize(
    ("value", "places"), [("b", [1]), ("B) dog", [1]), ("dog", [1]), ("A and B", [0, 1]), ("A) is wrong", None), ("ox", None)]
)
def test_a_key_means_options_or_none(value, places):
    assert keyed_options(value, ["A", "B"], ["cat", "dog"]) == places


def test_a_list_of_keys_stands_below_its_heading():
    (found,) = key_lists(markdown_lines("## Answers\n\n1. B\n2. A\n"))
    assert found.keys == {1: "B", 2: "A"}
