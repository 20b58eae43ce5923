"""Two datasets in one code location: nothing of one is ever the other's."""

import json
import os

import dagster as dg
import pytest

from assets import definitions
from assets.definitions import definitions_over
from assets.resources.runs import CONFIG, DATASET, VERSION
from pipeline.common.store.lake import Lake
from schemas.config import load_config

NAMES = ("year-12", "trivia")


@pytest.fixture
def folder(tmp_path, questions, monkeypatch):
    """Raw files and configurations of two datasets, one of which has a name that Dagster doesn't allow in names of jobs."""
    monkeypatch.setenv("MCQ_DATA_ROOT", str(tmp_path / "data"))
    (tmp_path / "configs").mkdir()
    for place, name in enumerate(NAMES):
        raw = tmp_path / name
        raw.mkdir()
        (raw / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions[place : place + 6]))
        refresh = {"cron": "30 3 * * 1", "timezone": "Asia/Ho_Chi_Minh", "on_change": True, "late_hours": 30} if name == "trivia" else {}
        config = {"dataset": name, "root": str(raw), "sources": [{"name": "school", "path": "*.jsonl"}], "refresh": refresh}
        (tmp_path / "configs" / f"{name}.yaml").write_text(json.dumps(config))
    return tmp_path


@pytest.fixture
def defs(folder):
    return definitions_over(sorted((folder / "configs").glob("*.yaml")))


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_each_dataset_has_assets_checks_jobs_schedule_and_sensor_of_its_own(defs):
    dg.Definitions.validate_loadable(defs)
    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    by_dataset = {name: {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == name} for name in NAMES}
    assert by_dataset["year-12"] == by_dataset["trivia"]
    checks = {
        name: {(key.asset_key.path[1], key.name) for key in graph.asset_check_keys if key.asset_key.path[0] == name} for name in NAMES
    }
    assert checks["year-12"] == checks["trivia"]
    assert len(checks["trivia"]) * 2 == len(graph.asset_check_keys)
    for key in graph.get_all_asset_keys():
        assert {parent.path[0] for parent in graph.get(key).parent_keys} <= {key.path[0]}
    assert {"year_12_curate", "trivia_curate"} <= set(repository.job_names)
    assert {schedule.name for schedule in repository.schedule_defs} == {"year_12_refresh", "trivia_refresh"}


def test_a_check_that_needs_another_table_needs_that_of_its_dataset(defs):
    graph = defs.resolve_asset_graph()
    for key in graph.asset_check_keys:
        assert {dep.asset_key.path[0] for dep in graph.get_check_spec(key).additional_deps} <= {key.asset_key.path[0]}


def test_refresh_in_the_configuration_turns_schedule_sensor_and_freshness_on(defs):
    repository, graph = defs.get_repository_def(), defs.resolve_asset_graph()
    schedules = {schedule.name: schedule for schedule in repository.schedule_defs}
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    on, off = schedules["trivia_refresh"], schedules["year_12_refresh"]
    assert (on.cron_schedule, on.execution_timezone, on.default_status.value) == ("30 3 * * 1", "Asia/Ho_Chi_Minh", "RUNNING")
    assert off.default_status.value == "STOPPED"
    assert [sensors[f"{name}_new_raw_files"].default_status.value for name in ("trivia", "year_12")] == ["RUNNING", "STOPPED"]
    for name, asset, expected in (("trivia", "dataset", True), ("trivia", "questions", False), ("year-12", "dataset", False)):
        assert (graph.get(dg.AssetKey([name, asset])).freshness_policy is not None) == expected


def test_runs_of_two_datasets_publish_apart_and_carry_their_own_tags(defs, instance, folder):
    versions = {}
    for name in NAMES:
        job = defs.resolve_job_def(f"{name.replace('-', '_')}_curate")
        assert job.run_tags[DATASET] == name
        result = job.execute_in_process(instance=instance)
        versions[name] = Lake(folder / "data", name).current().dataset_version
        tags = instance.get_run_by_id(result.run_id).tags
        assert {key: tags[key] for key in (DATASET, CONFIG, VERSION)} == {DATASET: name, CONFIG: f"{name}.yaml", VERSION: versions[name]}
        event = instance.get_latest_materialization_event(dg.AssetKey([name, "dataset"]))
        assert event.asset_materialization.metadata["dataset_version"].value == versions[name]
    assert len(set(versions.values())) == 2
    assert not instance.get_latest_materialization_event(dg.AssetKey("dataset"))


def test_single_assets_of_the_ui_carry_the_tags_too(defs, instance):
    asked = [dg.AssetKey([name, "raw_records"]) for name in NAMES]
    for selection in ([asked[0]], [asked[1]]):
        job = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=set(selection))
        result = job.execute_in_process(instance=instance)
        assert instance.get_run_by_id(result.run_id).tags[DATASET] == selection[0].path[0]


def test_schedule_and_sensor_ask_for_runs_with_the_tags_of_their_dataset(defs, instance, folder):
    repository = defs.get_repository_def()
    schedule = next(found for found in repository.schedule_defs if found.name == "trivia_refresh")
    (asked,) = schedule.evaluate_tick(dg.build_schedule_context(instance=instance)).run_requests
    assert (asked.tags[DATASET], asked.tags[CONFIG]) == ("trivia", "trivia.yaml")
    sensor = next(found for found in repository.sensor_defs if found.name == "year_12_new_raw_files")
    cursor = None
    for _ in range(4):
        with dg.build_sensor_context(instance=instance, cursor=cursor, resources=dict(defs.resources)) as context:
            tick = sensor.evaluate_tick(context)
        cursor = tick.cursor
        if tick.run_requests:
            break
        os.utime(folder / "year-12" / "school.jsonl", ns=(1, 1))
    (asked,) = tick.run_requests
    assert (asked.job_name or "year_12_curate", asked.tags[DATASET], asked.tags[CONFIG]) == ("year_12_curate", "year-12", "year-12.yaml")


def test_a_broken_configuration_stops_its_own_dataset_alone(defs, instance, folder):
    (folder / "configs" / "year-12.yaml").write_text("dataset: year-12\nsources: 3\n")
    broken = defs.resolve_job_def("year_12_curate").execute_in_process(instance=instance, raise_on_error=False)
    assert not broken.success
    assert defs.resolve_job_def("trivia_curate").execute_in_process(instance=instance).success


def test_a_configuration_is_read_again_by_every_run(defs, instance, folder):
    file = folder / "configs" / "trivia.yaml"
    job = defs.resolve_job_def("trivia_curate")
    job.execute_in_process(instance=instance)
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "quality": {"min_score": 0.99}}))
    job.execute_in_process(instance=instance)
    assert Lake(folder / "data", "trivia").current().config["quality"]["min_score"] == 0.99 == load_config(file).quality.min_score
    file.write_text(json.dumps({**config, "dataset": "renamed"}))
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    error = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    while error.cause:
        error = error.cause
    assert "reload the code location" in error.message


def test_what_dagster_refuses_in_its_own_way_leaves_out_one_dataset_too(folder, monkeypatch):
    def refuse(foundry, spec, real=definitions.with_freshness):
        if foundry.config.dataset == "trivia":
            raise AssertionError("an invariant of Dagster")
        return real(foundry, spec)

    monkeypatch.setattr(definitions, "with_freshness", refuse)
    defs = definitions_over(sorted((folder / "configs").glob("*.yaml")))
    assert {key.path[0] for key in defs.resolve_asset_graph().get_all_asset_keys()} == {"year-12"}


def test_a_cron_that_dagster_refuses_leaves_its_dataset_out_and_no_other(folder):
    file = folder / "configs" / "trivia.yaml"
    file.write_text(json.dumps({**json.loads(file.read_text()), "refresh": {"cron": "99 99 * * *"}}))
    defs = definitions_over(sorted((folder / "configs").glob("*.yaml")))
    assert {key.path[0] for key in defs.resolve_asset_graph().get_all_asset_keys()} == {"year-12"}
    watch = next(sensor for sensor in defs.get_repository_def().sensor_defs if sensor.name == "configurations")
    with dg.build_sensor_context() as context, pytest.raises(Exception, match=r"trivia\.yaml.*99 99"):
        watch(context)
