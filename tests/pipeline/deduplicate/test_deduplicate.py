"""Duplicates as a careful reader sees them: what is one question, what only looks like one, and what becomes of clusters and groups."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deduplicate import deduplicate
from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import judge_pair
from pipeline.judge_pairs import judge_pairs
from pipeline.normalize import content_id
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, Pair, Question

CAPITAL = ("What is the capital city of Australia?", ["Sydney", "Canberra", "Perth", "Hobart"], 1)


def question(stem, options, answer_index, context=None, number=0, role="train"):
    return {
        "record_id": f"{number:016x}",
        "source": "s",
        "role": role,
        "file": "f",
        "locator": f"f#item:{number}",
        "content_id": content_id(context, stem, options, answer_index),
        "stem": stem,
        "context": context,
        "options": options,
        "answer_index": answer_index,
        "explanation": None,
        "subject": None,
        "language": "en",
        "original_id": None,
        "repairs": [],
        "fixed_order": False,
    }


def relation(a, b):
    left, right = ComparableQuestion(question(*a)), ComparableQuestion(question(*b))
    verdict, turned = judge_pair(left, right), judge_pair(right, left)
    assert verdict.relation == turned.relation, "judging is symmetric"
    assert verdict.why
    return verdict.relation


def run(*rows, **config):
    frame = to_frame([question(*row, number=i) if isinstance(row, tuple) else row for i, row in enumerate(rows)], Question)
    result = deduplicate(frame, DedupConfig(**config))
    return to_rows(result.members, ClusterMember), to_rows(result.pairs, Pair)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (("What is the capital city of Australia?", ["Hobart", "Perth", "Canberra", "Sydney"], 2), Relation.EXACT),
        (("what is the capital city of australia", ["Sydney.", "Canberra.", "Perth.", "Hobart."], 1), Relation.SAME),
        (("What is the capital city of Australia?", ["Sydney", "Canberra", "Darwin", "Brisbane"], 1), Relation.VARIANT),
        (("What is the capital city of Australia?", ["Sydney", "Canberra", "Perth", "Hobart"], 0), Relation.CONFLICT),
        (("What is the capital city of Austria?", ["Vienna", "Graz", "Linz", "Wels"], 0), Relation.DIFFERENT),
        (("What is the capital city of Mongolia?", ["Sydney", "Canberra", "Perth", "Ulaanbaatar"], 3), Relation.DIFFERENT),
        (("Which of these is not the capital city of Australia?", ["Sydney", "Canberra", "Perth", "Hobart"], 0), Relation.DIFFERENT),
    ],
)
def test_relations_of_one_question_with_others(other, expected):
    assert relation(CAPITAL, other) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("In which year did the First World War begin?", "In which year did the Second World War begin?"),
        ("What is 12 times 12, as the table says?", "What is 13 times 12, as the table says?"),
        ("Cơ quan nào được ban hành luật?", "Cơ quan nào không được ban hành luật?"),
        ("What is it called when a liquid turns into a gas?", "What is it called when a gas turns into a liquid?"),
        ("Thiết bị nào sau đây là thiết bị vào của máy tính?", "Thiết bị nào sau đây là thiết bị ra của máy tính?"),
    ],
)
def test_look_alikes_with_other_answers_stay_apart(a, b):
    options = ["một", "hai", "ba", "bốn"]
    assert relation((a, options, 0), (b, options, 1)) in (Relation.DIFFERENT, Relation.RELATED)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("What is the city?", "What is the place?", Relation.DIFFERENT), ("___", "____", Relation.SAME)],
)
def test_stems_without_a_telling_word_are_judged(a, b, expected):
    options = ["Leeds by the Aire", "York by the Ouse", "Hull by the Humber"]
    assert relation((a, options, 0), (b, options, 0)) == expected


def test_following_here_and_below_are_one_rubric():
    options = ["Hà Nội", "Huế", "Vinh"]
    assert relation(("Thành phố nào sau đây là thủ đô?", options, 0), ("Thành phố nào dưới đây là thủ đô?", options, 0)) == Relation.SAME


def test_exact_and_same_make_a_cluster_that_variants_do_not_join():
    members, pairs = run(
        CAPITAL,
        (CAPITAL[0], CAPITAL[1][::-1], 2),
        (CAPITAL[0].lower(), CAPITAL[1], 1),
        (CAPITAL[0], ["Sydney", "Canberra", "Darwin", "Cairns"], 1),
        ("How many legs does a spider have?", ["six", "eight", "ten"], 1),
    )
    clusters = [row["cluster_id"] for row in members]
    assert clusters[0] == clusters[1] == clusters[2] is not None
    assert clusters[3] is clusters[4] is None
    groups = [row["split_group"] for row in members]
    assert len(set(groups[:4])) == 1, "a variant shares the split"
    assert groups[4] != groups[0]
    assert {pair["relation"] for pair in pairs} >= {"exact", "same", "variant"}
    assert all(pair["left_id"] < pair["right_id"] for pair in pairs)
    assert {pair["why"].partition(": ")[0] for pair in pairs} == {"same_content", "all_equal", "same_stem_and_answer"}


def test_questions_on_one_passage_share_a_group_and_a_template_does_not():
    passage = " ".join(f"word{i}" for i in range(80))
    members, _ = run(
        ("What does the author think of rivers?", ["good", "bad"], 0, passage),
        ("Who is the hero of the story told here?", ["Ann", "Bob"], 1, passage),
        ("What is the capital of Peru?", ["Lima", "Quito"], 0),
        ("What is the capital of Cuba?", ["Havana", "Berne"], 0),
    )
    groups = [row["split_group"] for row in members]
    assert groups[0] == groups[1]
    assert len({groups[0], groups[2], groups[3]}) == 3


def test_a_split_group_is_named_by_its_smallest_content_id():
    members, _ = run(CAPITAL, (CAPITAL[0], ["Sydney", "Canberra", "Darwin", "Cairns"], 1))
    assert {row["split_group"] for row in members} == {min(row["content_id"] for row in members)}


def test_a_chain_of_small_changes_never_joins_unlike_ends():
    words = "river mountain valley forest desert island harbour village castle bridge meadow canyon".split()
    rows = [
        (f"Which of these places named {' '.join(words[i : i + 7])} is the oldest of all?", ["one", "two", "three"], 0) for i in range(6)
    ]
    members, pairs = run(*rows)
    like = {(pair["left_id"], pair["right_id"]) for pair in pairs if pair["relation"] in ("exact", "same")}
    clusters = {}
    for row in members:
        clusters.setdefault(row["cluster_id"] or row["record_id"], []).append(row["record_id"])
    assert len(clusters) > 1, "six steps of one word each don't make one question"
    for ids in clusters.values():
        assert any(all(other == centre or (min(centre, other), max(centre, other)) in like for other in ids) for centre in ids)


def test_a_cut_chain_names_the_rows_that_it_parted():
    words = "river mountain valley forest desert island harbour village castle bridge meadow canyon".split()
    options = ["beside the old mill", "under the stone arch", "behind the tall tower"]
    # Each row has one word more than the one before it, or one less, at the other end.
    rows = [
        (f"Which of these {' and '.join(words[i // 2 : i // 2 + 7 + i % 2])} is where the fair was held?", options, 0) for i in range(8)
    ]
    members, pairs = run(*rows)
    same = {(pair["left_id"], pair["right_id"]) for pair in pairs if pair["relation"] in ("exact", "same")}
    cluster = {row["record_id"]: row["cluster_id"] or row["record_id"] for row in members}
    parted = {pair for pair in same if cluster[pair[0]] != cluster[pair[1]]}
    assert parted, "the chain is cut somewhere"
    assert {row["record_id"] for row in members if row["cut_from"]} == {name for pair in parted for name in pair}
    for row in members:
        if row["cut_from"]:
            assert tuple(sorted((row["record_id"], row["cut_from"]))) in parted


def test_one_stem_with_other_options_shares_a_group_and_no_cluster():
    members, pairs = run(
        ("Which of these cities lies on the river Rhine?", ["Basel", "Hanover", "Leipzig"], 0),
        ("Which of these cities lies on the river Rhine?", ["Cologne", "Munich", "Rostock"], 0),
    )
    assert {pair["relation"] for pair in pairs} == {"related"}
    assert len({row["split_group"] for row in members}) == 1
    assert {row["cluster_id"] for row in members} == {None}


def test_a_template_makes_no_group_however_often_it_stands():
    rows = [
        (f"What is the capital city of {name}?", [f"{name} Town", f"New {name}", f"Port {name}"], 0)
        for name in map("Land{}ia".format, "abcdefghij")
    ]
    members, _ = run(*rows)
    assert len({row["split_group"] for row in members}) == len(rows)


@pytest.mark.parametrize("rows", [[], [CAPITAL], [CAPITAL] * 50])
def test_no_one_and_only_duplicates(rows):
    members, _ = run(*rows)
    assert len(members) == len(rows)
    assert len({row["cluster_id"] for row in members}) <= 1


@settings(max_examples=25)
@given(st.permutations(range(6)))
def test_order_of_the_rows_changes_nothing(order):
    rows = [
        question(*CAPITAL, number=0),
        question(CAPITAL[0], CAPITAL[1][::-1], 2, number=1),
        question(*CAPITAL[:2], 0, number=2),
        question(CAPITAL[0], ["Sydney", "Canberra", "Darwin", "Cairns"], 1, number=3),
        question("How many legs does a spider have?", ["six", "eight", "ten"], 1, number=4),
        question("how many legs does a spider have", ["six", "eight", "ten"], 1, number=5),
    ]
    expected, expected_pairs = run(*rows)
    members, pairs = run(*(rows[i] for i in order))
    assert sorted(members, key=lambda row: row["record_id"]) == expected
    assert pairs == expected_pairs


def test_gold_pairs_are_judged_as_people_did(shared, tmp_path):
    gold = shared / "gold" / "duplicate_pairs.jsonl"
    pairs = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    judged = tmp_path / "judged.jsonl"
    judged.write_text("".join(json.dumps(row) + "\n" for row in judge_pairs(pairs)), encoding="utf-8")
    scorer = [sys.executable, str(shared / "gold" / "score_pairs.py"), str(gold), str(judged), "--boot", "100"]
    done = subprocess.run(scorer, capture_output=True, text=True, check=True)
    score = json.loads(done.stdout[: done.stdout.index("\n}") + 2])
    assert score["f1"] >= 0.95
    assert score["precision"] >= 0.97
    assert score["conflicts_found"] == "1/1"
