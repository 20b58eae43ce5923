"""Lists of the audit database: each is asked for by name or by facets, sorted the same way each time, and leads on from row to row."""

import pytest

from pipeline.audit import lists
from pipeline.audit.lists import Filters, beside, facets_of, filters_of, funnel, listed, rejections


def walked(database, filters):
    """Record ids of a list from its first row, one by one."""
    place, found = 0, []
    if rows := listed(database, filters, 1).rows:
        found = [rows[0]["record_id"]]
        while (after := beside(database, filters, place).after) is not None:
            found.append(after)
            place += 1
    return found


@pytest.mark.parametrize("name", ["", *lists.READY])
def test_a_list_its_count_and_the_way_through_it_agree(database, name):
    found = listed(database, Filters(name=name), 1)
    assert found.total == len(found.rows)
    assert walked(database, Filters(name=name)) == [row["record_id"] for row in found.rows]


@pytest.mark.parametrize("filters", [Filters(), Filters(disposition="rejected"), Filters(q="capital"), Filters(q="capital", language="en")])
def test_the_facets_of_a_list_count_its_rows(database, filters):
    found = listed(database, filters, 1)
    assert found.total > 0
    for name, values in found.facets.items():
        if name in lists.PLAIN:
            assert sum(number for _, number in values) <= found.total
            for value, number in values:
                assert listed(database, Filters(**{**vars(filters), name: value}), 1).total == number, (name, value)


def test_the_facets_of_a_named_list_are_those_of_its_rows(database):
    rejected = Filters(name="rejected")
    assert facets_of(database, rejected)["disposition"] == [("rejected", 1)]
    assert facets_of(database, rejected)["reason"] == [("empty_stem", 1)]


def test_rows_hold_their_question_and_lists_are_lists(database):
    row = listed(database, Filters(name="conflicts", ids=None), 1).rows
    assert row == []
    (row,) = listed(database, Filters(name="rejected"), 1).rows
    assert row["reason_codes"] == ["empty_stem"]
    assert "payload" in row


@pytest.mark.parametrize("filters", [Filters(), Filters(name="rejected"), Filters(name="conflicts")])
def test_beyond_a_lists_end_nothing_stands_beside(database, filters):
    total = listed(database, filters, 1).total
    assert beside(database, filters, total + 1) == (None, None)
    assert beside(database, filters, 10**9) == (None, None)
    assert beside(database, filters, total - 1).after is None


def test_a_list_of_ids_holds_those_that_are_there(database):
    ids = tuple(walked(database, Filters())[:3])
    found = listed(database, Filters(name="pending", ids=(*ids, "0" * 16)), 1)
    assert [row["record_id"] for row in found.rows] == list(ids)
    assert listed(database, Filters(name="pending", ids=()), 1).total == 0


def test_the_figures_of_the_first_page_add_up(database):
    assert sum(funnel(database).values()) == 10
    assert rejections(database)["reason"] == [("empty_stem", 1)]
    assert rejections(database)["file"] == [("school.jsonl", 1)]


def test_an_address_and_its_filters_are_the_same():
    told = {"list": "conflicts", "q": "thủ đô & '", "source": "s"}
    assert filters_of(told).arguments() == told
    assert filters_of({"page": "3", "ids": "x", "name": "y", "reason": " "}) == Filters()
    assert filters_of(told).without("q").arguments() == {"list": "conflicts", "source": "s"}


def test_what_changed_stands_with_its_kind_and_why_in_the_order_in_which_it_is_told(database):
    one, two = (row["record_id"] for row in listed(database, Filters(), 1).rows[:2])
    with database:
        database.execute("insert into versions values ('v1', 'v1', '', '', null, '{}', 1, 1)")
        for number, record_id, kind in ((2, one, "moved"), (1, two, "entered")):
            database.execute(
                "insert into changes values (?, 'v1', 'v0', ?, ?, 'l', 's', 'train', 'test', 'because', ?)",
                (number, kind, record_id, record_id),
            )
    rows = listed(database, Filters(name="changed"), 1).rows
    assert [(row["record_id"], row["change"]["kind"], row["change"]["why"]) for row in rows] == [
        (two, "entered", "because"),
        (one, "moved", "because"),
    ]
