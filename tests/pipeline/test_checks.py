"""Every check finds the rows that break it, and none on good tables."""

import pandas as pd
import pytest

from pipeline import checks

BAD = {
    "ids_unique": (checks.repeated_ids, lambda t: [pd.concat([t["raw_records"], t["raw_records"].head(1)])]),
    "answers_valid": (checks.invalid_answers, lambda t: [t["questions"].assign(answer_index=9)]),
    "every_rejection_has_a_reason": (
        checks.unexplained,
        lambda t: [t["rejected_records"].assign(reason_codes=[[]] * len(t["rejected_records"]))],
    ),
    "rows_consistent": (checks.broken_ledger_rows, lambda t: [t["sample_ledger"].assign(split=None)]),
    "no_group_across_splits": (checks.groups_across_splits, lambda t: [t["splits"].assign(split_group="one", split=["train", "test"] * 4)]),
    "no_cluster_across_splits": (
        checks.clusters_across_splits,
        lambda t: [t["sample_ledger"].assign(cluster_id="one", split=["train", "test"] * (len(t["sample_ledger"]) // 2))],
    ),
    "nothing_lost": (checks.unaccounted, lambda t: [t["raw_records"], t["questions"]]),
}


GOOD = {
    "ids_unique": ["raw_records"],
    "answers_valid": ["questions"],
    "every_rejection_has_a_reason": ["rejected_records"],
    "rows_consistent": ["sample_ledger"],
    "no_group_across_splits": ["splits"],
    "no_cluster_across_splits": ["sample_ledger"],
    "nothing_lost": ["raw_records", "questions", "rejected_records"],
}


@pytest.mark.parametrize("name", BAD)
def test_each_check_finds_bad_rows_and_passes_good_ones(name, curated):
    find, spoil = BAD[name]
    assert len(find(*spoil(curated))) > 0
    assert find(*(curated[asset] for asset in GOOD[name])).empty


def test_what_a_stage_loses_invents_or_doubles_is_told_with_its_counts():
    def frame(*ids):
        return pd.DataFrame({"record_id": list(ids)})

    found = checks.unaccounted(frame("a", "b", "c"), frame("a", "c"), frame("c", "d"))
    assert found.to_dict("records") == [
        {"record_id": "b", "times_in": 1, "times_out": 0},
        {"record_id": "c", "times_in": 1, "times_out": 2},
        {"record_id": "d", "times_in": 0, "times_out": 1},
    ]
    assert checks.unaccounted(frame(), frame()).empty


END = "<|im_end|>"


@pytest.mark.parametrize(
    ("completion", "neutralised", "right"),
    [
        (f"B{END}", 0, True),
        (f"A{END}", 0, False),
        ("B", 0, False),
        (f"Be careful{END}", 0, False),
        (f"B {END}", 0, False),
        (f"B {END}", 1, True),
    ],
)
def test_a_completion_is_the_answer_and_the_end_that_all_others_have(completion, neutralised, right):
    rows = [(str(i), f"B{END}", 0) for i in range(3)] + [("r", completion, neutralised)]
    examples = pd.DataFrame(rows, columns=["record_id", "completion", "neutralised_tokens"])
    wrong = checks.wrong_completions(examples, dict.fromkeys(["0", "1", "2", "r"], "B"))
    assert wrong.to_dict("records") == (
        [] if right else [{"record_id": "r", "completion": completion, "neutralised_tokens": neutralised, "expected": f"B{END}"}]
    )


def test_an_example_of_no_question_is_wrong_and_no_examples_are_right():
    examples = pd.DataFrame([("r", f"B{END}", 0)], columns=["record_id", "completion", "neutralised_tokens"])
    assert checks.wrong_completions(examples, {})["expected"].tolist() == [f"(no such question)B{END}"]
    assert checks.wrong_completions(examples.head(0), {}).empty


def test_files_that_count_other_records_than_there_are_are_found():
    raw = pd.DataFrame({"source": ["s"] * 3, "file": ["a", "a", "b"], "part": ["", "", "x"]})
    files = pd.DataFrame({"source": ["s"] * 2, "file": ["a", "b"], "part": ["", "x"], "records": [2, 1]})
    assert checks.files_uncounted(files, raw).empty
    found = checks.files_uncounted(files.assign(records=[3, 1]), raw.head(2))
    assert found[["file", "records", "counted"]].to_numpy().tolist() == [["a", 2, 3], ["b", 0, 1]]


@pytest.mark.parametrize(
    ("before", "now", "rose"),
    [
        ((10, 90), (13, 87), True),  # 13% is more than 12.5%
        ((10, 90), (12, 88), False),
        ((1, 999), (9, 991), False),  # nine times as many, and yet no hundredth of all
        ((0, 100), (2, 98), True),
        ((0, 0), (0, 0), False),
        ((50, 50), (10, 90), False),
    ],
)
def test_the_reject_share_rose_by_more_than_a_quarter_and_a_hundredth(before, now, rose):
    said = checks.reject_share_rose(*({"rejected": rejected, "train": kept} for rejected, kept in (before, now)))
    assert (said is not None) == rose


def test_a_source_that_shrank_or_is_gone_is_named_with_both_counts():
    before = pd.DataFrame({"source": ["a", "a", "b", "c"], "records": [5, 5, 3, 2]})
    now = pd.DataFrame({"source": ["a", "b", "d"], "records": [9, 4, 7]})
    assert checks.shrunk_sources(before, now).to_dict("records") == [
        {"source": "a", "records before": 10, "records": 9},
        {"source": "c", "records before": 2, "records": 0},
    ]
    assert checks.shrunk_sources(now, now).empty


@pytest.mark.parametrize(
    ("delta", "interval", "shown", "said"),
    [
        (0.1, (0.01, 0.2), "better", None),
        (0.1, (0.0, 0.2), None, "not shown to be better"),
        (-0.1, (-0.2, -0.01), "worse", "-10.0% on 40 questions, 95% interval -20.0% to -1.0%"),
        (0.1, None, None, "not shown to be better"),
        (None, None, None, "nothing was measured"),
    ],
)
def test_an_adapter_is_better_when_the_test_shows_it(delta, interval, shown, said):
    found = checks.no_better({"delta": delta, "delta_interval": interval, "shown": shown, "n": 40})
    assert found is None if said is None else said in found
