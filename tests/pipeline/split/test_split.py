"""Splits: no group is torn, hash splits stay when others come and go, quota shares are exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.split import split
from schemas.config.split import SplitConfig
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import Selection, SplitRow


def selection(groups, sources=None):
    return to_frame(
        [
            {
                **{
                    "record_id": f"r{i}",
                    "content_id": f"c{i}",
                    "split_group": group,
                    "kept": True,
                    "disposition": None,
                    "reason_codes": [],
                },
                **{
                    "detail": None,
                    "cluster_id": None,
                    "representative_id": None,
                    "relation": None,
                    "shared_13gram": None,
                    "quality_score": 1.0,
                },
                **{"source": sources[i] if sources else "s", "subject": None, "language": "en", "answer_index": 0, "option_count": 4},
            }
            for i, group in enumerate(groups)
        ],
        Selection,
    )


def splits_of(groups, settings_=None, sources=None):
    return {row["record_id"]: row["split"] for row in to_rows(split(selection(groups, sources), settings_ or SplitConfig()), SplitRow)}


GROUPS = st.lists(st.integers(0, 30).map(str), max_size=60)


@given(GROUPS, st.sampled_from(["hash", "quota"]))
def test_no_group_is_torn_and_nothing_is_lost(groups, method):
    found = splits_of(groups, SplitConfig(method=method))
    assert len(found) == len(groups)
    for group in set(groups):
        assert len({found[f"r{i}"] for i, other in enumerate(groups) if other == group}) == 1


@settings(max_examples=50)
@given(st.lists(st.integers(0, 10**6).map(str), unique=True, min_size=2, max_size=40), st.data())
def test_hash_splits_stay_when_others_come_and_go(groups, data):
    before = splits_of(groups)
    kept = data.draw(st.lists(st.sampled_from(groups), unique=True, min_size=1))
    after = splits_of(kept)
    assert [after[f"r{i}"] for i in range(len(kept))] == [before[f"r{groups.index(group)}"] for group in kept]


def test_hash_shares_hold_in_expectation_and_depend_on_the_seed():
    groups = [f"{i:016x}" for i in range(5000)]
    found = list(splits_of(groups).values())
    assert found.count("train") / 5000 == pytest.approx(0.8, abs=0.02)
    assert found.count("test") / 5000 == pytest.approx(0.1, abs=0.02)
    assert found != list(splits_of(groups, SplitConfig(seed=8)).values())


@pytest.mark.parametrize("size", [10, 30, 100])
def test_quota_shares_are_exact_in_every_source(size):
    sources = ["a"] * size + ["b"] * size
    found = splits_of([str(i) for i in range(2 * size)], SplitConfig(method="quota", train=0.6, validation=0.1, test=0.3), sources)
    for start in (0, size):
        part = [found[f"r{i}"] for i in range(start, start + size)]
        assert [part.count(name) for name in ("train", "validation", "test")] == [round(size * share) for share in (0.6, 0.1, 0.3)]
