"""A sample is the same questions whatever stands beside them."""

from pipeline.common.drawn import drawn


def test_a_sample_keeps_the_order_and_what_was_in_it_when_other_rows_come():
    rows = [{"content_id": f"{number}"} for number in range(40)]
    few = drawn(rows, 10)
    assert len(few) == 10
    assert few == [row for row in rows if row in few]
    assert drawn(rows[::-1], 10) == few[::-1]
    assert {row["content_id"] for row in drawn(rows[:30], 10)} >= {row["content_id"] for row in few if row in rows[:30]}


def test_without_a_limit_or_below_it_all_are_taken():
    rows = [{"content_id": "b"}, {"content_id": "a"}]
    assert drawn(rows, None) == drawn(rows, 2) == drawn(rows, 9) == rows
