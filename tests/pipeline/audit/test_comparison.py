"""Runs side by side: which can be compared, what differs between two, and which training samples lie near an answer that flipped."""

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit.comparison import Side, _pairs, data_apart, results_apart
from pipeline.audit.flips import nearest
from pipeline.audit.leaderboard import leaderboard, shown
from pipeline.audit.runs import find_run, finished_runs
from pipeline.audit.settings_apart import settings_apart
from pipeline.common.store.lake import Lake, Version
from pipeline.evaluation.statistics import compare
from schemas.errors import DataError
from schemas.tables.arrow import arrow_schema, to_rows
from schemas.tables.curation import LedgerRow
from schemas.tables.evaluation import Prediction
from schemas.tables.training import TrainedSample


@pytest.fixture
def lake(tmp_path, curated):
    """A lake with one version, v1."""
    made = Lake(tmp_path, "tiny")
    tables = {"sample_ledger": made.write_table("sample_ledger", curated["sample_ledger"], LedgerRow, {})}
    made.publish(Version("tiny", "v1", tables, {}, {"split": {"method": "hash", "seed": 7}}, "run", "2026-01-01"))
    return made


@pytest.fixture
def kept(curated):
    """The eight questions that are in a split."""
    return [row for row in to_rows(curated["sample_ledger"], LedgerRow) if row["split"]]


@pytest.fixture
def adapters(tmp_path):
    """Where runs lie."""
    return tmp_path / "models" / "tiny" / "adapters"


@pytest.fixture
def make_run(adapters):
    """Writes an adapter that was trained on some rows, with an evaluation of which it answered some right."""

    def answer(row, model, right):
        place = row["answer_index"] if right else (row["answer_index"] + 1) % len(row["options"])
        return {
            **{key: row[key] for key in ("record_id", "split_group", "source", "subject", "language", "answer_index")},
            "split": "test",
            "model": model,
            "mode": "cloze",
            "predicted_index": place,
            "correct": right,
            "option_scores": [0.0] * len(row["options"]),
            "option_log_likelihoods": [0.0] * len(row["options"]),
            "gold_nll": 0.25 if right else 2.0,
        }

    def make(name, asked, right, trained=(), number=1, base="m", **evaluate):
        folder = adapters / name / "evaluations" / f"e{name}"
        folder.mkdir(parents=True)
        config = {"train": {"seed": 7, "learning_rate": number / 1000, "epochs": 3.0}, "evaluate": {"min_groups": 2, **evaluate}}
        facts = {
            "dataset_version": "v1",
            "base_model": base,
            "base_revision": "r",
            "method": "qlora",
            "wall_seconds": 60.0,
            "config": config,
        }
        (folder.parents[1] / "manifest.json").write_text(json.dumps(facts))
        seen = {"split": "train", "status": "trained", "times_seen": 1, "first_loss": 1.0, "last_loss": 1.0, "losses": [1.0]}
        seen |= {"option_orders": [], "gold_probabilities": [], "gold_chosen": [], "validation_loss": None}
        samples = [{"record_id": row["record_id"], **seen} for row in trained]
        pq.write_table(pa.Table.from_pylist(samples, schema=arrow_schema(TrainedSample)), folder.parents[1] / "samples.parquet")
        answers = {
            "base": [answer(row, "base", False) for row in asked],
            "adapter": [answer(row, "adapter", row in right) for row in asked],
        }
        rows = [row for side in answers.values() for row in side]
        pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(Prediction)), folder / "predictions.parquet")
        modes = {"cloze": compare(answers["base"], answers["adapter"], 7)}
        result = {"verdict": "said", "primary": "cloze", "split": "test", "cloze_normalisation": "byte", "others": None, "modes": modes}
        result |= {"headline": {"sources": "all", "modes": modes}, "benchmark": {}, "wall_seconds": 30.0}
        (folder / "result.json").write_text(json.dumps(result))
        os.utime(folder / "result.json", (number, number))
        return folder

    return make


@pytest.fixture
def sides(adapters, lake):
    """The two runs of these names, each with its data."""

    def make(*names):
        runs = finished_runs(adapters)
        version = lake.current()
        ledger = lake.arrow("sample_ledger", version.tables["sample_ledger"])
        return [Side(find_run(name, runs, adapters), version, ledger) for name in names]

    return make


def test_the_leaderboard_puts_what_was_asked_the_same_first_and_marks_the_rest(make_run, adapters, lake, kept):
    make_run("a1", kept[:4], kept[:1], number=3)
    make_run("a2", kept[:4], kept[:3], number=2)
    make_run("a3", kept[4:], kept[4:], number=1)
    rows = leaderboard(finished_runs(adapters), lake)
    assert [row["adapter"] for row in rows] == ["a1", "a2", "a3"]
    assert [row["comparable"] for row in rows] == [True, True, False]
    assert rows[1]["accuracy"] == 0.75
    assert rows[1]["wall_seconds"] == 90.0
    best = leaderboard(finished_runs(adapters), lake, by_accuracy=True)
    assert [(row["adapter"], row["set"]) for row in shown(best)] == [("a2", "1"), ("a1", "1"), ("a3", "2")]


def test_other_units_are_other_question_sets_and_what_cannot_be_read_is_in_none(make_run, adapters, lake, kept):
    make_run("a1", kept[:4], kept[:1], number=3)
    told = make_run("a2", kept[:4], kept[:1], number=2) / "result.json"
    told.write_text(told.read_text().replace('"byte"', '"token"'))
    (make_run("a3", kept[:4], kept[:1], number=1) / "predictions.parquet").write_bytes(b"")
    rows = {row["adapter"]: row for row in leaderboard(finished_runs(adapters), lake)}
    assert rows["a1"]["question_set"] != rows["a2"]["question_set"]
    assert rows["a3"]["question_set"] is None
    assert not rows["a3"]["comparable"]


def test_a_result_of_an_older_form_stands_with_what_it_tells(make_run, adapters, lake, kept):
    (make_run("a1", kept[:4], kept[:1]) / "result.json").write_text(json.dumps({"verdict": "helped"}))
    (row,) = leaderboard(finished_runs(adapters), lake)
    assert (row["verdict"], row["accuracy"], row["comparable"]) == ("helped", None, False)
    assert shown([row])[0]["accuracy"] == "–"


def test_two_runs_are_compared_on_what_both_were_asked(make_run, sides, kept):
    make_run("a", kept[:4], kept[:2], trained=kept[5:])
    make_run("b", kept[1:5], kept[2:5], trained=[kept[0], *kept[6:]])
    found = results_apart(*sides("a", "b"), limit=5)
    assert found["common"] == 3
    assert found["only"] == {"a": {"questions": 1, "other_trained_on": 1}, "b": {"questions": 1, "other_trained_on": 0}}
    assert found["verdict"].startswith("Of the 3 test questions that both were asked, B answers 2 right, A 1 (67% against 33%")
    assert "no difference shown" in found["verdict"]
    assert found["verdict"].endswith("Left out: 1 that only A was asked, of which B was trained on 1; 1 that only B was asked.")
    assert found["by_source"] == [{"source": "school", "n": 3, "a": 1, "b": 2}]


def test_answers_that_flipped_are_told_with_both_answers_and_the_nearest_training_samples(make_run, sides, kept):
    make_run("a", kept[:4], kept[:1], trained=kept[4:6])
    make_run("b", kept[:4], kept[1:3], trained=kept[5:])
    flipped = results_apart(*sides("a", "b"), limit=1)["flipped"]
    assert (flipped["to_wrong"], flipped["to_right"]) == (1, 2)
    wrong, right = flipped["items"]
    assert (wrong["change"], right["change"]) == ("right -> wrong", "wrong -> right")
    assert wrong["stem"] == kept[0]["stem"]
    assert wrong["a"] == wrong["gold"] == kept[0]["options"][kept[0]["answer_index"]]
    assert wrong["b"] != wrong["gold"]
    by = {one["record_id"]: one["trained_by"] for one in wrong["nearest"]}
    assert by[kept[4]["record_id"]] == ["a"]
    assert by[kept[5]["record_id"]] == ["a", "b"]
    assert all(0 < one["similarity"] < 1 for one in wrong["nearest"])


def test_under_the_wanted_groups_there_is_no_verdict(make_run, sides, kept):
    make_run("a", kept[:4], kept[:1], min_groups=2)
    make_run("b", kept[:4], kept[:2], min_groups=5)
    assert "no verdict: 4 independent groups" in results_apart(*sides("a", "b"), limit=0)["verdict"]


def test_runs_without_a_common_question_are_refused(make_run, sides, kept):
    make_run("a", kept[:4], [])
    make_run("b", kept[4:], [])
    with pytest.raises(DataError, match="no question in common: 4 and 4 were asked"):
        results_apart(*sides("a", "b"), limit=1)


def test_a_result_of_an_older_form_and_answers_that_are_gone_are_refused(make_run, sides, kept):
    make_run("a", kept[:4], [])
    (make_run("b", kept[:4], []) / "result.json").write_text(json.dumps({"verdict": "helped"}))
    (make_run("c", kept[:4], []) / "predictions.parquet").unlink()
    with pytest.raises(DataError, match="the result of b/eb is of an older form"):
        results_apart(*sides("a", "b"), limit=1)
    with pytest.raises(DataError, match=r"predictions\.parquet"):
        results_apart(*sides("a", "c"), limit=1)


def test_another_base_model_and_another_headline_are_said(make_run, sides, kept):
    make_run("a", kept[:4], kept[:1])
    told = make_run("b", kept[:4], kept[:2], base="other") / "result.json"
    told.write_text(told.read_text().replace('"sources": "all"', '"sources": ["school"]'))
    notes = results_apart(*sides("a", "b"), limit=0)["notes"]
    assert any("the base models differ (m @ r; other @ r)" in note for note in notes)
    assert any("the headlines differ (all sources; school)" in note for note in notes)


def test_what_goes_together_in_either_version_is_one_group():
    one = {"x": {"split_group": "g1"}, "y": {"split_group": "g1"}, "z": {"split_group": "g2"}, "w": {"split_group": "g3"}}
    two = {"x": {"split_group": "h1"}, "y": {"split_group": "h2"}, "z": {"split_group": "h2"}, "w": {"split_group": "h3"}}
    groups = {content: first["split_group"] for content, (first, _) in _pairs(list(one), one, two).items()}
    assert groups["x"] == groups["y"] == groups["z"] != groups["w"]


def test_a_run_is_found_by_its_beginning_and_what_a_name_is_instead_is_said(make_run, adapters, kept):
    make_run("abc1", kept[:4], [])
    make_run("abd2", kept[:4], [])
    (adapters / "begun").mkdir()
    (adapters / "alone").mkdir()
    (adapters / "alone" / "manifest.json").write_text(json.dumps({"dataset_version": "v1"}))
    (adapters.parents[1] / "other" / "adapters" / "far").mkdir(parents=True)
    runs = finished_runs(adapters)
    for name in ("abc", "eabc", "abc1/e", "data/models/tiny/adapters/abc1", "data/models/tiny/adapters/abc1/evaluations/eabc1"):
        assert find_run(name, runs, adapters).adapter.name == "abc1"
    refused = {
        "ab": "is the beginning of 2 runs",
        "begun": "isn't finished",
        "alone": "has no finished evaluation",
        "far": "is a run of dataset 'other', not of 'tiny'",
        "zzz": "there is no run 'zzz'; finished: ab",
        "a/b/c": "names no run",
        "[": "there is no run",
    }
    for name, why in refused.items():
        with pytest.raises(DataError) as error:
            find_run(name, runs, adapters)
        assert why in str(error.value), name


def test_settings_that_differ_are_told_by_their_dotted_names(make_run, adapters, kept):
    make_run("a", kept[:4], [], number=1)
    make_run("b", kept[:4], [], number=2, headline="all")
    first, second = (find_run(name, finished_runs(adapters), adapters) for name in "ab")
    assert settings_apart(first, second) == [
        {"setting": "train.learning_rate", "a": 0.001, "b": 0.002},
        {"setting": "evaluate.headline", "b": "all"},
    ]
    assert settings_apart(first, first) == []


def test_data_of_one_version_is_the_same_and_what_left_is_told(make_run, sides, lake, kept):
    make_run("a", kept[:4], [])
    (side,) = sides("a")
    assert data_apart(side, side, 5)["changes"] == []
    smaller = side.ledger.filter(pa.array([row != kept[0]["record_id"] for row in side.ledger["record_id"].to_pylist()]))
    later = Version("tiny", "v2", side.version.tables, {}, side.version.config, "run", "2026-01-02")
    found = data_apart(side, Side(side.run, later, smaller), 5)
    # Its copy was a duplicate; nothing takes its place.
    assert found["counts"] == {"entered": 0, "left": 1, "changed": 0, "moved": 0}
    assert [change["record_id"] for change in found["changes"]] == [kept[0]["record_id"]]
    assert data_apart(side, Side(side.run, later, smaller), 0)["changes"] == []


def test_the_nearest_samples_share_most_telling_words():
    def question(stem, answer):
        return {"stem": stem, "options": [answer, "none"], "answer_index": 0}

    samples = [
        question("Which metal melts in hot water?", "gallium"),
        question("Which metal floats on water?", "sodium"),
        question("Who ruled Rome?", "Nero"),
    ]
    (found,) = nearest([question("Which metal floats on cold water?", "sodium")], samples, 2)
    assert [near.sample["options"][0] for near in found] == ["sodium", "gallium"]
    assert found[0].similarity > found[1].similarity
    assert nearest([question("Qzx?", "vbn")], samples, 2) == [[]]
    assert nearest([], samples, 2) == []
