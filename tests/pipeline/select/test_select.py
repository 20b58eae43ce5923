"""Verdicts and splits: which disposition wins, who decided, and where groups go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import select as select_module
from pipeline.select import contamination_counts, select
from schemas.config import Config
from schemas.errors import DataError
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, Pair, Quality, Question, Selection


def config(**blocks):
    return Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*"}], **blocks})


def verdicts(rows, pairs=(), stems=None, **blocks):
    """`rows`: (record_id, content_id, cluster or None, role, score); `pairs`: (left, right, relation); `stems`: by record_id."""
    questions = [
        {
            **{
                "record_id": r,
                "source": "s",
                "role": role,
                "file": "f",
                "locator": f"f#item:{r}",
                "content_id": c,
                "stem": (stems or {}).get(r, "?"),
                "context": None,
            },
            **{"options": ["a", "b"], "answer_index": 0, "explanation": None, "subject": None, "language": "en", "original_id": None},
            **{"repairs": [], "fixed_order": False},
        }
        for r, c, _, role, _ in rows
    ]
    members = [
        {
            "record_id": r,
            "content_id": c,
            "role": role,
            "cluster_id": cluster,
            "split_group": cluster or c,
            "best_relation": None,
            "neighbours": [],
            "cut_from": None,
        }
        for r, c, cluster, role, _ in rows
    ]
    quality = [{"record_id": r, "quality_score": score, "flags": [], "explanations": [], "signals": "{}"} for r, *_, score in rows]
    edges = [{"left_id": a, "right_id": b, "relation": kind, "similarity": 1.0, "why": ""} for a, b, kind in pairs]
    frames = (to_frame(questions, Question), to_frame(members, ClusterMember), to_frame(edges, Pair), to_frame(quality, Quality))
    settings = config(**blocks)
    found = to_rows(select(*frames, settings.dedup.drop_variants, settings.quality.min_score), Selection)
    assert [row["record_id"] for row in found] == [row[0] for row in rows], "one verdict a question, in order"
    return {row["record_id"]: row for row in found}


def test_the_best_of_a_cluster_stays_and_the_others_name_it():
    found = verdicts(
        [("r1", "c1", "c1", "train", 0.8), ("r2", "c2", "c1", "train", 0.9), ("r3", "c1", "c1", "train", 0.8)],
        [("r1", "r2", "same"), ("r1", "r3", "exact")],
    )
    assert found["r2"]["kept"]
    for loser in ("r1", "r3"):
        assert (found[loser]["disposition"], found[loser]["representative_id"]) == ("duplicate", "r2")
    assert found["r1"]["reason_codes"] == ["duplicate_same"]


def test_equal_scores_are_decided_by_content_id_then_record_id():
    found = verdicts(
        [("r2", "c1", "c1", "train", 1.0), ("r1", "c1", "c1", "train", 1.0), ("r0", "c2", "c1", "train", 1.0)],
        [("r1", "r2", "exact"), ("r0", "r1", "same")],
    )
    assert [name for name, row in found.items() if row["kept"]] == ["r1"]


def test_both_sides_of_a_conflict_are_held_back_with_their_duplicates():
    found = verdicts(
        [("r1", "c1", "c1", "train", 1.0), ("r2", "c1", "c1", "train", 1.0), ("r3", "c3", None, "train", 1.0)],
        [("r1", "r2", "exact"), ("r1", "r3", "conflict"), ("r2", "r3", "conflict")],
    )
    assert {row["disposition"] for row in found.values()} == {"conflict"}
    assert found["r1"]["representative_id"] == "r3"


def test_a_conflict_names_both_keys_and_the_place_of_the_other():
    found = verdicts([("r1", "c1", None, "train", 1.0), ("r2", "c2", None, "train", 1.0)], [("r1", "r2", "conflict")])
    assert found["r1"]["detail"] == "its key 'a' is contradicted by 'a', the key of record r2 (f#item:r2)"


@pytest.mark.parametrize("relation", ["exact", "same", "variant", "conflict"])
def test_what_a_benchmark_holds_is_contaminated(relation):
    cluster = "c1" if relation in ("exact", "same") else None
    found = verdicts([("r1", "c1", cluster, "train", 1.0), ("b1", "c2", cluster, "benchmark", 1.0)], [("b1", "r1", relation)])
    assert found["b1"]["disposition"] == "benchmark"
    assert (found["r1"]["disposition"], found["r1"]["reason_codes"], found["r1"]["representative_id"]) == (
        "contaminated",
        [f"contaminated_{relation}"],
        "b1",
    )


def test_a_related_question_is_not_contaminated():
    assert verdicts([("r1", "c1", None, "train", 1.0), ("b1", "c2", None, "benchmark", 1.0)], [("b1", "r1", "related")])["r1"]["kept"]


def test_duplicates_of_a_contaminated_question_go_with_it():
    rows = [("r1", "c1", "c1", "train", 1.0), ("r2", "c2", "c1", "train", 1.0), ("b1", "c3", None, "benchmark", 1.0)]
    found = verdicts(rows, [("r1", "r2", "same"), ("b1", "r1", "variant")])
    assert found["r2"]["reason_codes"] == ["contaminated_cluster"]
    assert found["r2"]["representative_id"] == "b1"


@pytest.mark.parametrize(
    ("rows", "pairs", "expected"),
    [
        # the variant edge is that of another member of the cluster, and the score keeps that one from being its representative
        (
            [("r1", "c1", "c1", "train", 1.0), ("r2", "c2", "c1", "train", 0.2), ("b1", "c3", None, "benchmark", 1.0)],
            [("r1", "r2", "same"), ("b1", "r2", "variant")],
            {"r1": "contaminated_cluster", "r2": "contaminated_variant"},
        ),
        # the benchmark holds a question twice, and only the copy was judged
        (
            [("r1", "c1", None, "train", 1.0), ("b1", "c2", "c2", "benchmark", 1.0), ("b2", "c3", "c2", "benchmark", 1.0)],
            [("b1", "b2", "same"), ("b2", "r1", "variant")],
            {"r1": "contaminated_variant"},
        ),
        # a benchmark question in the cluster, judged against another member alone
        (
            [("r1", "c1", "c1", "train", 1.0), ("r2", "c2", "c1", "train", 1.0), ("b1", "c3", "c1", "benchmark", 1.0)],
            [("r1", "r2", "same"), ("b1", "r1", "same")],
            {"r1": "contaminated_same", "r2": "contaminated_cluster"},
        ),
        # copies of one training question: pairs name the first alone
        (
            [("r1", "c1", "c1", "train", 1.0), ("r2", "c1", "c1", "train", 1.0), ("b1", "c3", None, "benchmark", 1.0)],
            [("r1", "r2", "exact"), ("b1", "r1", "conflict")],
            {"r1": "contaminated_conflict", "r2": "contaminated_conflict"},
        ),
        # a variant of a variant shares nothing with the benchmark
        (
            [("r1", "c1", None, "train", 1.0), ("r2", "c2", None, "train", 1.0), ("b1", "c3", None, "benchmark", 1.0)],
            [("r1", "r2", "variant"), ("b1", "r1", "variant")],
            {"r1": "contaminated_variant", "r2": None},
        ),
    ],
)
def test_the_whole_cluster_of_what_a_benchmark_holds_goes(rows, pairs, expected):
    found = verdicts(rows, pairs)
    assert {name: next(iter(found[name]["reason_codes"]), None) for name in expected} == expected
    assert all(found[name]["representative_id"] in ("b1", "b2") for name, reason in expected.items() if reason)
    assert all(row["disposition"] == "benchmark" for name, row in found.items() if name.startswith("b"))


def test_a_shared_13gram_flags_and_removes_nothing():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    rows = [("r1", "c1", None, "train", 1.0), ("r2", "c2", None, "train", 1.0), ("b1", "c3", None, "benchmark", 1.0)]
    found = verdicts(rows, stems={"r1": f"{text} or more?", "r2": "one two three?", "b1": f"Is {text}?"})
    assert (found["r1"]["kept"], found["r1"]["shared_13gram"]) == (True, "b1")
    assert found["r2"]["shared_13gram"] is None
    assert contamination_counts(to_frame(list(found.values()), Selection)) == {"removed": 0, "shared_13gram_only": 1}


def test_contaminated_rows_are_counted_by_relation_and_flagged_ones_apart():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    rows = [(f"r{i}", f"c{i}", None, "train", 1.0) for i in range(3)] + [("b1", "c9", None, "benchmark", 1.0)]
    found = verdicts(rows, [("b1", "r0", "variant"), ("b1", "r1", "same")], stems=dict.fromkeys(("r0", "r2", "b1"), text))
    counts = contamination_counts(to_frame(list(found.values()), Selection))
    assert counts == {"contaminated_variant": 1, "contaminated_same": 1, "removed": 2, "shared_13gram_only": 1}


def test_contamination_goes_before_conflict_and_conflict_before_duplicate():
    rows = [("r1", "c1", None, "train", 1.0), ("r2", "c2", None, "train", 1.0), ("b1", "c3", None, "benchmark", 1.0)]
    found = verdicts(rows, [("r1", "r2", "conflict"), ("b1", "r1", "variant")])
    assert found["r1"]["disposition"] == "contaminated"


@pytest.mark.parametrize(("score", "kept"), [(0.49, False), (0.5, True), (0.51, True)])
def test_the_threshold_keeps_what_reaches_it(score, kept):
    found = verdicts([("r1", "c1", None, "train", score)])["r1"]
    assert found["kept"] is kept
    if not kept:
        assert found["reason_codes"] == ["below_min_score"]
        assert "0.49" in found["detail"]


def test_a_threshold_that_would_empty_the_set_is_refused_with_counts():
    rows = [("r1", "c1", None, "train", 0.97), ("r2", "c2", None, "train", 0.85), ("r3", "c3", "c3", "train", 0.2)]
    with pytest.raises(DataError, match=r"min_score 1 would remove all 3 questions.*scores 0.97.*1 at 0.95, 1 at 0.9, 2 at 0.8"):
        verdicts(rows, quality={"min_score": 1.0})
    assert [row["kept"] for row in verdicts(rows, quality={"min_score": 0.97}).values()] == [True, False, False]
    assert not verdicts(rows[:1], quality={"min_score": 1.0})["r1"]["kept"], "one question may be weak"
    assert verdicts([], quality={"min_score": 1.0}) == {}


def test_variants_stay_unless_the_configuration_drops_them():
    rows = [("r1", "c1", None, "train", 0.9), ("r2", "c2", None, "train", 1.0)]
    assert all(row["kept"] for row in verdicts(rows, [("r1", "r2", "variant")]).values())
    found = verdicts(rows, [("r1", "r2", "variant")], dedup={"drop_variants": True})
    assert (found["r1"]["reason_codes"], found["r1"]["representative_id"]) == (["duplicate_variant"], "r2")


@st.composite
def sets(draw):
    """Questions, some of them in clusters, and pairs between them."""
    count = draw(st.integers(1, 8))
    contents = [draw(st.sampled_from([f"c{number}", "c0", "c1"])) for number in range(count)]
    clusters = {content: draw(st.sampled_from([None, None, "c0", "c1"])) for content in contents}
    roles, scores = st.sampled_from(["train", "train", "train", "benchmark"]), st.sampled_from([0.1, 0.5, 0.9])
    rows = [(f"r{number}", name, clusters[name], draw(roles), draw(scores)) for number, name in enumerate(contents)]
    names = st.sampled_from([row[0] for row in rows])
    relations = st.sampled_from(["exact", "same", "variant", "conflict", "related"])
    pairs = draw(st.lists(st.tuples(names, names, relations), max_size=4))
    return rows, [pair for pair in pairs if pair[0] != pair[1]]


@settings(max_examples=60, deadline=None)
@given(sets(), st.booleans())
def test_the_questions_that_are_passed_by_would_get_the_same_verdicts(whole, drop_variants):
    blocks = {"dedup": {"drop_variants": drop_variants}, "quality": {"min_score": 0.5}}

    def found():
        try:
            return verdicts(*whole, **blocks)
        except DataError as error:
            return str(error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(select_module, "_entangled", lambda asked, *_: np.ones(asked.num_rows, bool))
        every = found()
    assert found() == every
