"""A batch in parts; whole trainings with halved batches stand in test_probe.py."""

from hypothesis import given, strategies

from pipeline.training.dataset import Sample, collate
from pipeline.training.micro_batches import parts


@given(strategies.integers(1, 9), strategies.integers(1, 9))
def test_parts_of_a_batch_are_its_rows_in_order(rows, size):
    batch = collate([Sample(i, str(i), [1] * (i + 1), [2]) for i in range(rows)])
    found = list(parts(batch, size))
    assert [row for part in found for row in part["sample"].tolist()] == list(range(rows))
    assert max(len(part["labels"]) for part in found) == min(rows, size)


def test_a_batch_that_is_small_enough_is_left_as_it_is():
    batch = collate([Sample(0, "0", [1], [2])])
    assert next(parts(batch, 1)) is batch
