"""The code location: complete, connected, documented, and light to load."""

import subprocess
import sys

import dagster as dg
import pytest
import yaml

import pipeline
from assets.definitions import defs
from assets.resources.configurations import load_foundry
from assets.resources.lake_io import TABLES, LakeIOManager
from assets.resources.names import job_name
from schemas.config.base import PROJECT_ROOT

GRAPH = defs.resolve_asset_graph()
SAMPLE = "sample"


def key(name):
    return dg.AssetKey([SAMPLE, name])


def plain(keys):
    """Names of assets; all of them are the sample's."""
    paths = [found.path for found in keys]
    assert {dataset for dataset, _ in paths} <= {SAMPLE}
    return {name for _, name in paths}


STAGES = {
    "ingest": ["raw_records"],
    "normalize": ["questions", "rejected_records", "source_files", "matched_decisions"],
    "deduplicate": ["duplicate_clusters", "duplicate_pairs"],
    "assess": ["quality_scores"],
    "select": ["curated_questions", "review_decisions"],
    "split": ["splits"],
    "ledger": ["sample_ledger"],
    "publish": ["dataset"],
    "render": ["chat_examples"],
    "training": ["vram_plan", "qlora_adapter"],
    "evaluation": ["evaluation"],
    "audit": ["audit_database"],
    "report": ["data_quality_report"],
}
# Beside the stages.
STUDY, EVIDENCE = "lora_study", "key_evidence"
NAMES = [*(name for names in STAGES.values() for name in names), STUDY, EVIDENCE]
CURATE = {*TABLES, "dataset"}
REPORT = {"data_quality_report", "audit_database"}
WARNINGS = {
    "decisions_found",
    "reject_share_is_no_higher",
    "no_source_shrank",
    "no_unknown_layout",
    "adapter_is_better",
    "report_is_of_the_published_version",
}
JOBS = {
    "curate": CURATE | REPORT,
    "render": CURATE | REPORT | {"chat_examples"},
    "train": CURATE | REPORT | {"chat_examples", "vram_plan", "qlora_adapter"},
    "train_and_evaluate": {"chat_examples", "vram_plan", "qlora_adapter", "evaluation"},
    "everything": set(NAMES) - {STUDY, EVIDENCE},
    "study": {"chat_examples", STUDY},
    "evidence": {"chat_examples", EVIDENCE},
    "render_published": {"chat_examples"},
    "train_published": {"chat_examples", "vram_plan", "qlora_adapter"},
}


def test_definitions_load_and_hold_every_asset_once():
    dg.Definitions.validate_loadable(defs)
    assert plain(GRAPH.get_all_asset_keys()) == set(NAMES)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_holds_its_groups_assets_and_all_of_their_checks(name):
    layer = defs.resolve_job_def(job_name(SAMPLE, name)).asset_layer
    assert plain(layer.executable_asset_keys) == JOBS[name]
    checks = {check for check in GRAPH.asset_check_keys if check.asset_key.path[1] in JOBS[name]}
    assert layer.asset_graph.asset_check_keys == checks


def test_importing_the_code_location_loads_neither_models_nor_what_draws_the_report():
    code = "import sys, assets.definitions; print([m for m in ('torch', 'transformers', 'datasets', 'peft', 'matplotlib', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_every_asset_says_what_it_is(name):
    node = GRAPH.get(key(name))
    assert node.description
    assert node.owners == ["team:mcq-foundry"]
    assert node.kinds
    assert node.code_version
    assert node.group_name in {f"{SAMPLE}_{group}" for group in ("ingest", "curate", "train", "evaluate", "study", "evidence")}
    if name in TABLES or name in ("chat_examples", EVIDENCE):
        columns = node.metadata["dagster/column_schema"].columns
        assert columns


def test_edges_follow_the_way_of_a_question():
    def parents(name):
        return plain(GRAPH.get(key(name)).parent_keys)

    assert parents("raw_records") == set()
    assert parents("questions") == parents("rejected_records") == {"raw_records"}
    chosen_by = {"questions", "matched_decisions", "duplicate_clusters", "duplicate_pairs", "quality_scores"}
    assert parents("curated_questions") == parents("review_decisions") == chosen_by
    assert parents("dataset") == CURATE - {"dataset"}
    assert parents("data_quality_report") == {"dataset", "sample_ledger", "quality_scores", "duplicate_pairs", "source_files"}
    assert not GRAPH.get(key("data_quality_report")).child_keys, "nothing waits for the report"
    assert parents("qlora_adapter") == {"chat_examples", "vram_plan"}
    assert parents("evaluation") == {"qlora_adapter"}
    assert parents(STUDY) == parents(EVIDENCE) == {"chat_examples"}
    assert not GRAPH.get(key(STUDY)).child_keys, "nothing waits for a study"
    assert not GRAPH.get(key(EVIDENCE)).child_keys, "evidence removes nothing"


def test_the_ui_tells_what_each_resource_is_and_assets_get_plain_objects():
    shown = defs.get_repository_def().get_top_level_resources()
    assert shown["foundries"].description.startswith("The configurations")
    assert shown["io_manager"].description.startswith("Tables by the hash")
    fields = shown["foundries"].config_schema.config_type.fields
    assert set(fields) == {"configurations", "data_root"}
    assert all(field.description for field in fields.values())
    with dg.build_resources(defs.resources) as resources:
        assert resources.foundries.of_key(key("questions")) == load_foundry()
        assert isinstance(resources.io_manager, LakeIOManager)
        assert resources.io_manager.foundries is resources.foundries


def test_every_curation_table_has_a_blocking_check():
    told = [GRAPH.get_check_spec(key) for key in GRAPH.asset_check_keys]
    assert all(check.description for check in told)
    assert {check.name for check in told if not check.blocking} == WARNINGS
    checks = [check for check in told if check.blocking]
    checked = plain(check.asset_key for check in checks)
    assert checked >= CURATE - {"matched_decisions", "duplicate_pairs"} | {"chat_examples", "vram_plan", "evaluation", "audit_database"}


def test_automation_is_there_and_off():
    repository = defs.get_repository_def()
    (schedule,) = repository.schedule_defs
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    sensor = sensors.pop("sample_new_raw_files")
    assert {name: watch.default_status.value for name, watch in sensors.items()} == {
        "configurations": "RUNNING",
        "failures": "RUNNING",
        "recoveries": "STOPPED",
    }, "none of these starts a run"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "sample_curate"
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert {job_name(SAMPLE, job) for job in JOBS} <= set(repository.job_names)


def test_one_training_at_a_time_and_no_telemetry():
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    assert settings["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert settings["telemetry"] == {"enabled": False}
    for name in ("qlora_adapter", "evaluation", STUDY, EVIDENCE):
        assert GRAPH.get(key(name)).pools == {"gpu"}


def test_the_stage_order_is_told_the_same_in_readme_package_and_definitions():
    told = [line.partition(". ")[2].partition(":")[0] for line in pipeline.__doc__.splitlines() if line[:1].isdigit()]
    assert told == list(STAGES)
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    table = [line.split("|")[2].strip() for line in readme.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert [cell.strip("`") for cell in table] == list(STAGES)
    order = [name for asset in defs.assets for name in sorted(plain(asset.keys), key=NAMES.index)]
    assert order == NAMES


def test_no_column_is_without_a_description():
    for name in [*TABLES, "chat_examples"]:
        for column in GRAPH.get(key(name)).metadata["dagster/column_schema"].columns:
            assert column.description, f"{name}.{column.name}"


def test_columns_and_tables_show_their_bounds():
    schema = GRAPH.get(key("duplicate_pairs")).metadata["dagster/column_schema"]
    (similarity,) = (column for column in schema.columns if column.name == "similarity")
    assert similarity.constraints == dg.TableColumnConstraints(nullable=False, other=["0 or more", "1 or less"])
    assert schema.constraints.other == ["left_id is smaller than right_id"]
