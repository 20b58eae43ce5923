"""The bundled sample does what its README says: the files are intact, and the pipeline finds exactly what sample/planted.yaml plants."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import yaml

from pipeline.ingest import ingest
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.reasons import SPLITS, Reason
from schemas.tables.arrow import to_rows
from schemas.tables.curation import RawRecord

SAMPLE = PROJECT_ROOT / "sample"
CONFIG = PROJECT_ROOT / "configs" / "sample.yaml"
PLANTED = yaml.safe_load((SAMPLE / "planted.yaml").read_text(encoding="utf-8"))
BENCHMARK = "benchmark"


def load_script():
    spec = spec_from_file_location("make_handbook", SAMPLE / "make_handbook.py")
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def name_of(row):
    return f"{row['source']}:{row['locator']}"


def fate_of(row):
    return "kept" if row["disposition"] in SPLITS else row["disposition"]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory, make_dagster_home):
    """Rows of the published ledger by SOURCE:LOCATOR, from the command line as a user calls it."""
    where = ["--config", str(CONFIG), "--data-root", str(tmp_path_factory.mktemp("data"))]
    environment = {**os.environ, "DAGSTER_HOME": str(make_dagster_home())}

    def mcq(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments, *where],
            cwd=PROJECT_ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            env=environment,
        )
        assert done.returncode == 0, f"mcq {' '.join(arguments)} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    mcq("run", "--until", "curated")
    rows = [json.loads(line) for line in mcq("ledger", "--format", "jsonl").splitlines()]
    by_name = {name_of(row): row for row in rows}
    assert len(by_name) == len(rows) == sum(PLANTED["counts"].values())
    return by_name


def test_the_handbook_is_what_its_script_writes(tmp_path):
    load_script().write_handbook(tmp_path)
    committed = sorted((SAMPLE / "raw" / "handbook").iterdir())
    assert [path.name for path in committed] == sorted(path.name for path in tmp_path.iterdir())
    for path in committed:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), f"{path.name} differs: run python sample/make_handbook.py"


def test_every_handbook_noun_is_asked_once_about_its_own_place():
    script = load_script()
    place_of = {noun: place for place, nouns in script.GOODS.items() for noun in nouns.split()}
    patterns = [re.compile(re.escape(wording).replace(r"\{noun\}", "(.+)")) for group in script.WORDINGS.values() for wording in group]
    entries = [entry for chapter in script.make_entries().values() for entry in chapter]
    asked = Counter()
    for entry in entries:
        noun = next(match[1] for pattern in patterns if (match := pattern.fullmatch(entry.stem)))
        asked[noun] += 1
        assert entry.options[entry.answer_index] == place_of[noun]
        assert len(set(entry.options)) == 4
    assert len(place_of) >= 220
    assert asked == dict.fromkeys(place_of, 1)


def test_handbook_answers_stand_equally_often_in_each_position():
    for entries in load_script().make_entries().values():
        counts = Counter(entry.answer_index for entry in entries)
        assert max(counts.values()) - min(counts.values()) <= 1, counts


def test_sources_hold_the_stated_number_of_records():
    rows = to_rows(ingest(load_config(CONFIG)), RawRecord)
    assert Counter(row["source"] for row in rows) == PLANTED["counts"]
    assert 400 <= len(rows) <= 700
    assert {row["reader"] for row in rows} >= {"json", "jsonl", "csv", "xlsx", "blocks"}


def test_the_sample_stays_small():
    files = [path for path in SAMPLE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 600_000


def test_every_reason_that_the_sample_can_reach_is_planted():
    planted = {reason for section in ("rejected", "contaminated") for item in PLANTED[section] for reason in item["reasons"]}
    planted |= {f"duplicate_{group['relation']}" for group in PLANTED["duplicates"]}
    planted |= {"conflicting_answers"} if PLANTED["conflicts"] else set()
    planted |= {"below_min_score"} if PLANTED["filtered"] else set()
    # A text of 200,000 characters would bloat the repository; variants are only dropped where drop_variants is on;
    # nobody has reviewed the sample.
    assert set(Reason) - planted == {Reason.TOO_LARGE, Reason.DUPLICATE_VARIANT, Reason.REJECTED_BY_REVIEWER}


def test_every_record_ends_where_the_plan_says(ledger):
    expected = {name: BENCHMARK if row["source"] == BENCHMARK else "kept" for name, row in ledger.items()}
    for section in ("rejected", "filtered", "contaminated"):
        expected |= {item["at"]: section for item in PLANTED[section]}
    for group in PLANTED["conflicts"]:
        expected |= dict.fromkeys(group["members"], "conflict")
    for group in PLANTED["duplicates"]:
        losers = [name for name in group["members"] if fate_of(ledger[name]) == "duplicate"]
        assert len(losers) == len(group["members"]) - 1, group["what"]
        expected |= dict.fromkeys(losers, "duplicate")
    assert expected.keys() == ledger.keys(), "planted.yaml names records that don't exist"
    wrong = {name: (fate_of(row), row["reason_codes"]) for name, row in ledger.items() if fate_of(row) != expected[name]}
    assert not wrong


def test_rejected_records_have_exactly_the_planted_reasons(ledger):
    found = {item["at"]: ledger[item["at"]]["reason_codes"] for item in PLANTED["rejected"]}
    assert found == {item["at"]: item["reasons"] for item in PLANTED["rejected"]}


def test_filtered_questions_score_low_for_the_planted_flags(ledger):
    for item in PLANTED["filtered"]:
        row = ledger[item["at"]]
        assert row["reason_codes"] == [Reason.BELOW_MIN_SCORE], item
        assert row["quality_score"] < 0.5, item
        assert set(item["flags"]) <= set(row["flags"]), item


def test_duplicates_point_at_the_member_that_was_kept(ledger):
    for group in PLANTED["duplicates"]:
        rows = [ledger[name] for name in group["members"]]
        (winner,) = [row for row in rows if row["disposition"] in SPLITS]
        for row in rows:
            assert row["cluster_id"] == winner["cluster_id"] is not None
            if row is not winner:
                assert row["reason_codes"] == [f"duplicate_{group['relation']}"], group["what"]
                assert (row["relation"], row["representative_id"]) == (group["relation"], winner["record_id"]), group["what"]


def test_both_sides_of_a_conflict_are_held_back_and_name_each_other(ledger):
    for group in PLANTED["conflicts"]:
        left, right = (ledger[name] for name in group["members"])
        assert left["reason_codes"] == right["reason_codes"] == [Reason.CONFLICTING_ANSWERS], group["what"]
        assert (left["representative_id"], right["representative_id"]) == (right["record_id"], left["record_id"]), group["what"]


def test_contaminated_questions_name_their_benchmark_record(ledger):
    for item in PLANTED["contaminated"]:
        row = ledger[item["at"]]
        assert row["reason_codes"] == item["reasons"], item
        assert (row["relation"], row["representative_id"]) == (item["relation"], ledger[item["benchmark"]]["record_id"]), item


def test_what_belongs_together_shares_a_split(ledger):
    for group in PLANTED["same_split"]:
        rows = [ledger[name] for name in group["members"]]
        assert len({row["split"] for row in rows}) == 1, group["what"]
        assert len({row["split_group"] for row in rows}) == 1, group["what"]


def test_look_alikes_are_not_merged(ledger):
    for group in PLANTED["look_alikes"]:
        rows = [ledger[name] for name in group["members"]]
        assert all(fate_of(row) == "kept" for row in rows), group
        clusters = [row["cluster_id"] or row["record_id"] for row in rows]
        assert len(set(clusters)) == len(rows), group


def test_dirty_questions_are_read_right(ledger):
    for item in PLANTED["repaired"]:
        row = ledger[item["at"]]
        assert row["options"][row["answer_index"]] == item["answer"], item
        assert set(item["repairs"]) <= set(row["repairs"]), item


def test_the_demo_has_enough_to_learn_from_and_to_judge_by(ledger):
    splits = Counter((row["source"] == "handbook", row["split"]) for row in ledger.values() if row["split"])
    assert splits[True, "test"] >= 60
    train = splits[True, "train"] + splits[False, "train"]
    assert train <= 290
    # In half as many optimiser steps an epoch the handbook is hardly learnt.
    settings = load_config(CONFIG).train
    assert train / (settings.batch_size * settings.gradient_accumulation) >= 100
    assert all(splits[True, name] and splits[False, name] for name in SPLITS)
