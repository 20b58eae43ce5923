"""The `mcq` command as people and scripts call it: outputs, exit codes, and runs that the UI knows."""

import csv
import io
import json
import os
import subprocess
import sys

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.ledger import select
from cli.trace import losses
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError
from schemas.tables.curation import LedgerRow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A configuration over nine small records, and a data root of their own."""
    folder = tmp_path_factory.mktemp("project")
    rows = [
        {"question": f"Which number comes after {n} when you count?", "options": [str(n + 1), str(n + 2), str(n + 30)], "answer": "A"}
        for n in range(7)
    ]
    rows += [rows[0], {"question": "=1+1 is what, in a sheet?", "options": ["2", "3"], "answer": ""}]
    (folder / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "c.yaml").write_text(f"dataset: cli\nroot: {folder}\nsources: [{{name: s, path: raw.jsonl, answer_format: letter}}]\n")
    return folder


@pytest.fixture(scope="module")
def home(make_dagster_home):
    """A run history of these tests alone."""
    return make_dagster_home()


@pytest.fixture(scope="module")
def mcq(project, home):
    """Calls the command in a process of its own, from another folder, as a user would."""

    def call(*arguments, config=project / "c.yaml", expect=0):
        command = [
            sys.executable,
            "-m",
            "cli.main",
            *arguments,
            *(["--config", str(config)] if config else []),
            "--data-root",
            str(project / "data"),
        ]
        environment = {
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": str(PROJECT_ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": str(project),
        }
        done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", env=environment, timeout=200)
        assert done.returncode == expect, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done

    return call


@pytest.fixture(scope="module")
def curated(mcq):
    return mcq("run", "--until", "curated")


def test_a_run_ends_with_the_funnel_and_where_things_lie(curated, project):
    assert "read" in curated.stdout
    assert "duplicate" in curated.stdout
    assert str(project / "data" / "lake" / "cli") in curated.stdout
    assert "✓ dataset" in curated.stderr


def test_the_run_stands_in_the_history_with_its_job_and_code_location(curated, home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        assert (run.job_name, run.status) == ("cli_curate", dg.DagsterRunStatus.SUCCESS)
        assert run.tags[".dagster/repository"] == "__repository__@mcq_foundry"
        assert run.remote_job_origin.job_name == "cli_curate"
        event = instance.get_latest_materialization_event(dg.AssetKey(["cli", "dataset"]))
        assert event.run_id == run.run_id
        version = event.asset_materialization.metadata["dataset_version"].value
        told = {name: value for name, value in run.tags.items() if name in ("mcq/dataset", "mcq/config", "mcq/dataset_version")}
        assert told == {"mcq/dataset": "cli", "mcq/config": "c.yaml", "mcq/dataset_version": version}


def test_the_ledger_has_every_column_and_null_instead_of_nan(curated, mcq):
    rows = [json.loads(line) for line in mcq("ledger", "--format", "jsonl").stdout.splitlines()]
    assert len(rows) == 9
    assert all(list(row) == list(LedgerRow.model_fields) for row in rows)
    assert {row["disposition"] for row in rows} >= {"duplicate", "rejected"}
    assert all((row["split"] is None) == (row["disposition"] not in ("train", "validation", "test")) for row in rows)


def test_a_condition_filters_and_a_bad_one_is_told(curated, mcq):
    rows = mcq("ledger", "--format", "jsonl", "--where", "disposition = 'duplicate'").stdout.splitlines()
    assert len(rows) == 1
    assert "can't be evaluated" in mcq("ledger", "--where", "nope = 1", expect=1).stderr
    assert "one condition" in mcq("ledger", "--where", "true union select 99", expect=1).stderr
    assert "can't be evaluated" in mcq("ledger", "--where", "stem in (select * from read_text('c.yaml'))", expect=1).stderr


def test_a_condition_without_a_hit_gives_no_rows_in_every_format(curated, mcq, project):
    none = ["--where", "disposition = 'nowhere'"]
    assert mcq("ledger", "--format", "jsonl", *none).stdout == ""
    assert mcq("ledger", "--format", "csv", *none).stdout == ",".join(LedgerRow.model_fields) + "\n"
    assert mcq("ledger", "--format", "table", *none).stdout.split() == ["record_id", "locator", "disposition", "reason_codes", "stem"]
    for condition, count in ((none, 0), ([], 9)):
        assert f"{count} rows written" in mcq("ledger", "--format", "parquet", "--out", f"{count}.parquet", *condition).stderr
    assert pq.read_table(project / "0.parquet").num_rows == 0
    assert pq.read_schema(project / "0.parquet") == pq.read_schema(project / "9.parquet")


@pytest.mark.parametrize(
    "query", ["", "select 99", "select -1", "select null", "select 'x'", "select 1.5", "select [1]", "select stem from ledger"]
)
def test_a_condition_that_goes_on_as_another_query_is_told(query):
    with pytest.raises(ConfigError, match="--where"):
        select(pa.table({"stem": ["a", "b"]}), f"true union {query}")


def test_csv_defuses_formulas_and_files_are_written(curated, mcq, project):
    rows = list(csv.DictReader(io.StringIO(mcq("ledger", "--format", "csv").stdout)))
    assert [row["stem"] for row in rows if "1+1" in row["stem"]] == ["'=1+1 is what, in a sheet?"]
    mcq("ledger", "--format", "parquet", "--out", "ledger.parquet")
    assert pq.read_table(project / "ledger.parquet").num_rows == 9
    assert "--out" in mcq("ledger", "--format", "parquet", expect=1).stderr


def test_trace_tells_losses_by_epoch_or_why_there_are_none():
    seen = {"status": "trained", "losses": [2.0, 1.25], "option_orders": [], "gold_chosen": [], "kept_epoch": 2}
    assert losses(seen) == ["by epoch 2.000, 1.250 kept"]
    assert losses({**seen, "option_orders": ["BA", "AB"]})[1] == "options in the order BA, AB"
    asked = {**seen, "status": "validation", "gold_chosen": [True, False], "kept_epoch": 1}
    assert losses(asked) == ["by epoch 2.000 (right) kept, 1.250 (wrong)"]
    assert "longer than" in losses({"status": "not_trained: too_long"})[0]


def test_trace_tells_the_same_by_place_and_by_id(curated, mcq):
    by_place = json.loads(mcq("trace", "s:raw.jsonl#line:1", "--json").stdout)
    by_id = json.loads(mcq("trace", by_place["record"]["record_id"][:10], "--json").stdout)
    assert by_place == by_id
    text = mcq("trace", "s:raw.jsonl#line:9").stdout
    assert "missing_answer" in text
    assert "no record is named" in mcq("trace", "s:raw.jsonl#line:99", expect=1).stderr


def test_commands_before_the_first_run_say_what_to_do(mcq, project, tmp_path):
    (tmp_path / "new.yaml").write_text(f"dataset: new\nroot: {project}\nsources: [{{name: s, path: raw.jsonl}}]\n")
    for command in (["ledger"], ["trace", "abcd"], ["audit"]):
        assert "mcq run" in mcq(*command, config=tmp_path / "new.yaml", expect=1).stderr


def test_inspect_shows_what_would_be_read(mcq):
    text = mcq("inspect", "raw.jsonl").stdout
    assert "9: 8 questions, 1 rejected" in text
    assert "stem <- question" in text
    assert "missing_answer" in text


def test_pairs_judges_in_order(mcq, project):
    block = "#Q What colour is snow in winter?\nA white\nB green"
    rows = [{"a": {"text": block, "key": "white"}, "b": {"text": block, "key": other}} for other in ("white", "green", "blue")]
    (project / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = [json.loads(line) for line in mcq("pairs", "pairs.jsonl").stdout.splitlines()]
    assert [row["relation"] for row in found] == ["exact", "conflict", "different"]
    assert all({"relation", "similarity", "why"} == set(row) for row in found)
    assert [row["why"].partition(": ")[0] for row in found] == ["same_content", "keys_contradict", "no_usable_question"]
    (project / "bad.jsonl").write_text('{"a": 1}\n')
    assert "line 1" in mcq("pairs", "bad.jsonl", expect=1).stderr


def test_plan_and_doctor_answer_without_data(mcq):
    assert "fits" in mcq("plan", "--gpu", "t4").stdout
    assert "sqrt_hidden" in mcq("plan").stdout
    assert "known: t4" in mcq("plan", "--gpu", "abacus", expect=1).stderr
    assert "torch" in mcq("doctor").stdout


def test_a_bad_configuration_is_refused_before_anything_is_written(mcq, tmp_path):
    (tmp_path / "bad.yaml").write_text("dataset: bad\nsources: [{name: S, path: x}]\nextra: 1\n")
    text = mcq("run", config=tmp_path / "bad.yaml", expect=1).stderr
    assert "2 errors" in text
    (tmp_path / "empty.yaml").write_text(f"dataset: empty\nroot: {tmp_path}\nsources: [{{name: s, path: '*.xyz'}}]\n")
    assert "no file matches" in mcq("run", config=tmp_path / "empty.yaml", expect=1).stderr


def test_a_gpu_configuration_without_a_gpu_is_refused_early(mcq, project, tmp_path):
    (tmp_path / "gpu.yaml").write_text(f"dataset: gpu\nroot: {project}\nsources: [{{name: s, path: raw.jsonl}}]\ntrain: {{device: cuda}}\n")
    assert "no NVIDIA GPU" in mcq("run", config=tmp_path / "gpu.yaml", expect=1).stderr
    assert not (project / "data" / "lake" / "gpu").exists()


def test_inspect_of_broken_and_unknown_files_says_what_to_do(mcq, project):
    (project / "de.json").write_text('[{"frage": "Was ist das?", "wahl": ["x", "y"], "loesung": "x"}]')
    text = mcq("inspect", "de.json").stdout
    assert "fields: {stem: frage, options: wahl, answer: loesung}" in text
    (project / "empty[1].csv").write_text("")
    assert "the file is empty" in mcq("inspect", "empty[1].csv").stdout
    (project / "no.xlsx").write_bytes(b"PK no workbook")
    assert "unreadable_file" in mcq("inspect", "no.xlsx").stdout
    (project / os.fsdecode(b"k\xe9.csv")).write_text("question,A,B,answer\nWhich?,x,y,A\n")
    assert r"k\xe9.csv#row:1" in mcq("inspect", os.fsdecode(b"k\xe9.csv")).stdout
    (project / "base.csv").write_text("question,A,B,C,answer,error_type\nWhich?,x1,y1,z1,2,ok\n")
    text = mcq("inspect", "base.csv").stdout
    assert "answer_format: index0" in text
    assert "not used      error_type" in text
    assert "1 questions" in mcq("inspect", "base.csv", "--answer-format", "index1").stdout
    assert "--answer-format" in mcq("inspect", "base.csv", "--answer-format", "nope", expect=1).stderr
