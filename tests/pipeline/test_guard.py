"""The shrink guard: thresholds at, under and over; what is accepted is one ledger in the place of one version."""

import pyarrow as pa
import pytest

from pipeline.common.store.lake import Lake, Version
from pipeline.guard import Tally, examine, find_alarms, note_blocked, read_blocked
from schemas.config.guard import GuardConfig
from schemas.tables.arrow import arrow_schema, to_frame
from schemas.tables.curation import LedgerRow

GUARD = GuardConfig()


def alarms(before, now, **config):
    return find_alarms({"s": Tally(*before)}, {"s": Tally(*now)}, ["s"], GUARD.model_copy(update=config))


@pytest.mark.parametrize(
    ("before", "now", "blocks"),
    [
        ((1000, 0), (901, 0), False),
        ((1000, 0), (900, 0), False),  # at 10%
        ((1000, 0), (899, 0), True),
        ((20, 0), (10, 0), False),  # a handful: 10 records
        ((20, 0), (9, 0), True),
        ((1000, 0), (0, 0), True),
        ((1000, 0), (5000, 0), False),
    ],
)
def test_a_source_that_loses_more_than_a_tenth_and_a_handful_blocks(before, now, blocks):
    assert bool(alarms(before, now)) == blocks


@pytest.mark.parametrize(
    ("before", "now", "blocks"),
    [
        ((1000, 50), (1000, 99), False),
        ((1000, 50), (1000, 100), True),  # doubled
        ((1000, 50), (2000, 199), False),
        ((1000, 50), (2000, 200), True),
        ((1000, 5), (1000, 15), False),  # ten more, the floor
        ((1000, 5), (1000, 16), True),
        ((1000, 0), (1000, 10), False),
        ((1000, 0), (1000, 11), True),
        ((3, 1), (3, 1), False),
        ((300, 100), (330, 110), False),
    ],
)
def test_a_share_of_rejected_records_that_doubles_blocks(before, now, blocks):
    assert bool(alarms(before, now)) == blocks


def test_thresholds_are_those_of_the_configuration():
    assert not alarms((1000, 0), (500, 0), max_source_loss_fraction=0.5)
    assert alarms((1000, 0), (499, 0), max_source_loss_fraction=0.5)
    assert not alarms((1000, 50), (1000, 149), max_reject_growth=3.0)
    assert alarms((1000, 50), (1000, 150), max_reject_growth=3.0)
    assert alarms((10, 0), (8, 0), min_records=1)
    assert not alarms((10, 0), (9, 0), min_records=1)


def test_both_are_said_with_numbers():
    (alarm,) = alarms((1000, 10), (800, 100))
    assert alarm.says == (
        "source s lost 200 of 1,000 records (20.0%; at most 10.0% go unasked) and has 100 rejected of 800 (12.5%), 1.0% before "
        "(2 times as many ask for a look)"
    )


def test_new_sources_and_those_that_the_configuration_dropped_are_no_accident():
    assert find_alarms({"old": Tally(1000, 0)}, {"new": Tally(5, 5)}, ["new"], GUARD) == []


def ledger(lake, **sources):
    """Writes a ledger of these sources, name=(records, rejected), and gives its hash."""
    schema, rows = arrow_schema(LedgerRow), []
    filled = {"string": "x", "int64": 0, "double": 0.0, "bool": False}
    blank = {field.name: None if field.nullable else filled.get(str(field.type), []) for field in schema}
    for name, (records, rejected) in sources.items():
        rows += [
            {**blank, "record_id": f"{name}{n}", "source": name, "disposition": "rejected" if n < rejected else "train"}
            for n in range(records)
        ]
    return lake.write_table("sample_ledger", to_frame(pa.Table.from_pylist(rows, schema), LedgerRow), LedgerRow, {})


def publish(lake, table):
    lake.publish(Version("d", "0" * 12, {"sample_ledger": table}, {}, {}, "run", "2026-01-01T00:00:00"))


@pytest.fixture
def lake(tmp_path):
    """A lake with a published ledger of 100 records."""
    found = Lake(tmp_path, "d")
    publish(found, ledger(found, s=(100, 0)))
    return found


def test_a_key_names_one_ledger_in_the_place_of_one_version(lake):
    small, smaller = ledger(lake, s=(80, 0)), ledger(lake, s=(70, 0))
    first = examine(lake, small, ["s"], GUARD)
    assert [alarm.source for alarm in first.alarms] == ["s"]
    assert examine(lake, small, ["s"], GUARD) == first
    assert examine(lake, smaller, ["s"], GUARD).key != first.key
    publish(lake, smaller)
    again = examine(lake, small, ["s"], GUARD)
    assert again.key != first.key
    assert again.alarms == []


def test_the_first_version_and_one_after_damage_have_nothing_to_be_compared_with(lake, tmp_path):
    empty = Lake(tmp_path, "e")
    assert examine(empty, ledger(empty, s=(3, 0)), ["s"], GUARD).alarms == []
    (lake.root / "CURRENT").write_text("nothing")
    assert examine(lake, ledger(lake, s=(10, 0)), ["s"], GUARD).alarms, "the newest version is what readers saw"
    for file in (lake.root / "sample_ledger").glob("*.parquet"):
        file.write_bytes(b"damaged")
    assert examine(lake, ledger(lake, s=(10, 0)), ["s"], GUARD).alarms == []


def test_what_waits_is_noted_and_forgotten(lake):
    blocked = examine(lake, ledger(lake, s=(80, 0)), ["s"], GUARD)
    assert read_blocked(lake) is None
    note_blocked(lake, blocked)
    assert read_blocked(lake) == blocked
    (lake.root / "cache" / "blocked.json").write_text("{")
    assert read_blocked(lake) is None
    note_blocked(lake, None)
    note_blocked(lake, None)
    assert read_blocked(lake) is None
