"""Rows of different lengths as two numpy arrays."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ragged(NamedTuple):
    """Rows of different lengths: row i is values[offsets[i]:offsets[i + 1]]. values (n,) int64, offsets (rows + 1,) int64."""

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of every row."""
        return np.diff(self.offsets)

    @property
    def row_of_value(self) -> NDArray[np.int64]:
        """Row number of every value."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    def sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum of the values of every row; no row may be empty."""
        return np.add.reduceat(values, self.offsets[:-1]) if len(values) else values

    def bits(self, hashes: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
        """A bit for each value of a row, by the value's hash, (rows, size / 64). No row may be empty."""
        places = (hashes >> np.uint64(32)) % np.uint64(size)
        table = np.zeros((len(hashes), size // 64), np.uint64)
        table[np.arange(len(hashes)), places // np.uint64(64)] = np.uint64(1) << (places % np.uint64(64))
        return np.bitwise_or.reduceat(table[self.values], self.offsets[:-1]) if len(self.values) else table[:0]

    def where(self, kept: NDArray[np.bool_]) -> "Ragged":
        """The rows with the values that a mask keeps."""
        return ragged(self.values[kept], np.bincount(self.row_of_value[kept], minlength=len(self.offsets) - 1))

    def beside(self, other: "Ragged") -> "Ragged":
        """Each row followed by the other's."""
        both = np.concatenate([self.row_of_value, other.row_of_value])
        return ragged(np.concatenate([self.values, other.values])[np.argsort(both, kind="stable")], self.lengths + other.lengths)


def ragged(values: NDArray[Any], lengths: NDArray[Any]) -> Ragged:
    """Ragged rows of these lengths, one behind the other."""
    return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
