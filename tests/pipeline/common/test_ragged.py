"""Rows of different lengths: empty ones among them keep their place."""

import numpy as np

from pipeline.common.ragged import ragged


def rows(found):
    return [found.values[a:b].tolist() for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


def of(*given):
    return ragged(np.array([value for row in given for value in row], np.int64), np.array([len(row) for row in given], np.int64))


def test_rows_come_back_with_their_lengths():
    found = of([5, 1], [], [2])
    assert rows(found) == [[5, 1], [], [2]]
    assert found.lengths.tolist() == [2, 0, 1]
    assert found.row_of_value.tolist() == [0, 0, 2]


def test_a_mask_takes_values_and_leaves_every_row():
    found = of([5, 1], [], [2, 9])
    assert rows(found.where(found.values > 4)) == [[5], [], [9]]


def test_rows_beside_each_other_keep_their_order():
    assert rows(of([5, 1], [], [2]).beside(of([], [7], [8, 9]))) == [[5, 1], [7], [2, 8, 9]]


def test_sums_are_by_row():
    found = of([5, 1], [2])
    assert found.sums(found.values).tolist() == [6, 2]
    assert found.sums(found.values * 10).tolist() == [60, 20]


def test_each_value_sets_the_bit_of_its_hash():
    hashes = np.array([1 << 32, 65 << 32, 129 << 32], np.uint64)
    assert of([0, 1], [2]).bits(hashes, 128).tolist() == [[2, 2], [2, 0]], "129 comes round to bit 1"


def test_no_rows_are_no_rows():
    nothing = of()
    assert rows(nothing) == rows(nothing.where(nothing.values > 0)) == rows(nothing.beside(nothing)) == []
    assert nothing.sums(nothing.values).tolist() == []
    assert nothing.bits(np.empty(0, np.uint64), 64).shape == (0, 1)
