"""What a layout is."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Cells = dict[str, Any]
Reshape = Callable[[Cells], Cells]


class Layout(NamedTuple):
    """A shape of rows that headers alone don't explain.

    `fit` gets the file's headers (plain name -> header, see `columns.plain_name`) and its rows, flattened, and decides for the file:
    None, or what turns one row into cells that `columns.SYNONYMS` knows. A row that it can't read stays as it is.
    `text_keys`: the keys that it gives are always texts of options, also where they are numbers.
    """

    name: str
    fit: Callable[[Mapping[str, str], list[Cells]], Reshape | None]
    text_keys: bool = False
