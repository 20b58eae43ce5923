"""From the published dataset to the ranks of its keys: the real child process, on a tiny random model."""

import json
import os
import subprocess
import sys

import dagster as dg
import pytest

from assets import curation, evidence, training
from assets.resources.cache_keys import evidence_folder, places
from assets.resources.configured import resources_over
from assets.resources.foundry import Foundry
from pipeline.audit.trace import trace_record
from pipeline.common.store.evidence import read_evidence
from pipeline.evidence.folds import done, planned
from pipeline.review.published import load_published
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT

ASSETS = dg.load_assets_from_modules([curation, training, evidence])


@pytest.fixture
def foundry(questions, tmp_path, tiny_model):
    """Eight questions, and evidence in two parts."""
    (tmp_path / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")
    config = {"dataset": "tiny", "root": str(tmp_path), "sources": [{"name": "school", "path": "*.jsonl"}]}
    train = {"device": "cpu", "rank": 2, "epochs": 1, "batch_size": 4, "base_model": str(tiny_model)}
    config |= {"render": {"max_seq_tokens": 128}, "train": train, "evidence": {"folds": 2}}
    (tmp_path / "tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
    return Foundry(tmp_path / "tiny.yaml", load_config(tmp_path / "tiny.yaml"), tmp_path / "data")


@pytest.fixture
def gather(foundry):
    """Materializes the curation and `key_evidence`, under tags; gives the metadata."""

    def run(**tags):
        chosen = dg.AssetSelection.assets("key_evidence").upstream() - dg.AssetSelection.assets("vram_plan", "qlora_adapter")
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize(ASSETS, instance=instance, resources=resources_over(foundry), selection=chosen, tags=tags)
        (event,) = result.asset_materializations_for_node("key_evidence")
        return event.metadata

    return run


def test_a_part_is_measured_then_all_are_asked_and_every_question_has_its_row(foundry, gather):
    metadata = gather(**{evidence.MOST_TAG: "1"})
    folder, folds = evidence_folder(foundry, places(foundry)), planned(foundry.config.evidence)
    assert done(folder, folds) == folds[:1]
    assert "wait for a fold" in metadata["said"].value
    metadata = gather()
    assert done(folder, folds) == folds
    assert metadata["dagster/row_count"].value == 8
    published = load_published(foundry.lake)
    kept = {row["record_id"]: row for row in published.ledger.to_pylist() if row["split"]}
    rows = read_evidence(folder)
    assert {row["record_id"] for row in rows} == set(kept)
    assert {row["status"] for row in rows} == {"scored"}


def test_the_record_tells_what_was_said_of_its_key_while_it_is_the_same_question(foundry, gather):
    gather()
    version = foundry.version()
    names = ("sample_ledger", "quality_scores", "duplicate_pairs", "review_decisions")
    tables = {name: foundry.lake.lookup(name, version.tables[name]) for name in names}
    first = read_evidence(evidence_folder(foundry, places(foundry)))[0]
    (row,) = tables["sample_ledger"].equal("record_id", [first["record_id"]])
    told = [trace_record(one, tables, [], foundry.evidence.glob("*"))["key_evidence"] for one in (row, {**row, "content_id": "0" * 16})]
    assert told == [first, None]


def test_the_command_measures_one_part_says_the_cost_asks_and_goes_on(foundry, make_dagster_home):
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "DAGSTER_HOME": str(make_dagster_home())}
    folder = foundry.config_file.parent

    def mcq(*arguments, answer=None):
        command = [sys.executable, "-m", "cli.main", "evidence", *arguments, "--config", "tiny.yaml", "--data-root", str(foundry.data_root)]
        return subprocess.run(command, cwd=folder, env=environment, input=answer, capture_output=True, encoding="utf-8")

    refused = mcq(answer="n\n")
    assert refused.returncode == 1, refused.stderr
    assert "2 trainings: 2 parts held out in turn" in refused.stderr
    assert "0 minutes on this machine" in " ".join(refused.stderr.split())
    (kept,) = foundry.evidence.glob("*/folds/*.json")
    written = kept.stat().st_mtime_ns
    done = mcq("--yes")
    assert done.returncode == 0, done.stderr
    assert "8 of 8 curated questions were asked" in " ".join(done.stdout.split())
    assert len(list(foundry.evidence.glob("*/folds/*.json"))) == 2
    assert kept.stat().st_mtime_ns == written
