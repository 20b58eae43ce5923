"""Which questions meet: what is left out before judging is what judging would call different."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deduplicate.candidates import STEM_LIMIT, Fingerprints, fingerprints, shared_stems, worth_judging
from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import judge_pair
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation


def prints_of(*questions):
    stems, options, keys = zip(*questions, strict=True) if questions else ((), (), ())
    table = pa.table([list(stems), list(options), list(keys)], schema=SCHEMA)
    return fingerprints(table, DedupConfig())


SCHEMA = pa.schema([("stem", pa.string()), ("options", pa.list_(pa.string())), ("answer_index", pa.int64())])
WORDS = "river flows through old town Huế nước sông lớn nhất không which is the of bridge 1954 1975 không anh M chị K".split()
QUESTION = st.tuples(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join),
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), min_size=2, max_size=4, unique=True),
).map(lambda parts: (*parts, 0))


@given(QUESTION, QUESTION)
def test_what_is_not_worth_judging_is_different(left, right):
    pair = np.array([[0, 1]])
    if not worth_judging(pair, prints_of(left, right), np.zeros(2, np.int64))[0]:
        pair = [ComparableQuestion({"stem": stem, "options": options, "answer_index": key}) for stem, options, key in (left, right)]
        assert judge_pair(*pair).relation == Relation.DIFFERENT


def test_many_pairs_are_left_out_and_those_on_one_passage_are_not():
    prints = prints_of(
        ("Which river flows through Huế?", ["Hương", "Hồng"], 0), ("Who painted the old bridge in Hội An?", ["Ann", "Bob"], 0)
    )
    pair = np.array([[0, 1]])
    assert not worth_judging(pair, prints, np.zeros(2, np.int64))[0]
    assert worth_judging(pair, prints, np.ones(2, np.int64))[0]


def test_a_row_has_the_same_fingerprint_in_any_company():
    one, two = ("Which river flows through Huế?", ["Hương", "Hồng"], 0), ("Anh M gặp chị K ở đâu?", ["chợ", "cầu"], 1)
    alone, together = prints_of(two), prints_of(one, two)
    for a, b in zip(alone, together, strict=True):
        assert np.array_equal(a[0], b[1])


def test_no_question_has_no_fingerprint():
    empty = prints_of()
    assert all(len(part) == 0 for part in empty)
    assert isinstance(empty, Fingerprints)


@pytest.mark.parametrize(("count", "groups"), [(1, []), (2, [2]), (STEM_LIMIT, [STEM_LIMIT]), (STEM_LIMIT + 1, [])])
def test_a_stem_is_shared_by_two_and_up_to_the_limit(count, groups):
    same = [("Which of these rivers is long?", [f"a{i}", f"b{i}"], 0) for i in range(count)]
    other = ("Rivers of these, which is long?", ["c", "d"], 0)
    found = shared_stems(prints_of(*same, other), np.zeros(count + 1, np.int64))
    assert [group.size for groups_of_size in found for group in groups_of_size] == groups


def test_one_stem_under_two_passages_is_two_stems():
    same = [("Which of these rivers is long?", [f"a{i}", "b"], 0) for i in range(2)]
    assert shared_stems(prints_of(*same), np.array([1, 2])) == []
