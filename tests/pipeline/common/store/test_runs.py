"""What trainings left behind."""

import json

import pytest

from pipeline.common.files import file_hash
from pipeline.common.store.runs import (
    adapter_damage,
    damaged_manifests,
    discard,
    finished_adapters,
    finished_evaluations,
    read_manifest,
    read_metrics,
    twins,
)


def test_twins_share_dataset_version_and_settings_and_an_unfinished_adapter_is_none(tmp_path):
    config = {"train": {"rank": 8}, "render": {"style": "letter"}}
    manifests = {
        "same": {"dataset_version": "v1", "config": {**config, "split": {}}},
        "other_data": {"dataset_version": "v2", "config": config},
        "other_rank": {"dataset_version": "v1", "config": {**config, "train": {"rank": 16}}},
        "of_old": {"dataset_version": "v1"},
    }
    for name, manifest in manifests.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "unfinished").mkdir()
    assert twins(tmp_path.glob("*"), "v1", config) == ["same"]
    assert read_metrics(tmp_path / "unfinished") == []


@pytest.fixture
def adapter(tmp_path):
    """A finished adapter with weights, and an evaluation of it."""
    folder = tmp_path / "a1"
    (folder / "evaluations" / "e1").mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    files = {"adapter_model.safetensors": file_hash(folder / "adapter_model.safetensors")}
    (folder / "manifest.json").write_text(json.dumps({"dataset_version": "v1", "files": files}))
    (folder / "evaluations" / "e1" / "result.json").write_text('{"verdict": "helped"}')
    return folder


def test_an_adapter_is_whole_while_its_files_are_those_that_were_saved(adapter):
    assert adapter_damage(adapter) is None
    (adapter / "adapter_model.safetensors").write_bytes(b"weighty")
    assert "isn't the file that was saved" in adapter_damage(adapter)
    (adapter / "adapter_model.safetensors").unlink()
    assert "can't be read" in adapter_damage(adapter)
    assert len(list(finished_evaluations(adapter))) == 1
    discard(adapter)
    assert adapter_damage(adapter) is None
    assert read_manifest(adapter) is None, "it counts as unfinished, and is trained again"
    assert list(finished_evaluations(adapter)) == [], "what was found tells of weights that are gone"
    discard(adapter)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"run_id": "r"}', "\udcff"])
def test_a_damaged_manifest_or_result_is_no_run_and_is_named(text, adapter, tmp_path):
    for file in (adapter / "manifest.json", adapter / "evaluations" / "e1" / "result.json"):
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert list(finished_adapters([adapter])) == []
    assert list(finished_evaluations(adapter)) == []
    (said,) = damaged_manifests([adapter])
    assert "manifest.json is damaged" in said
    assert "move the folder away" in said


def test_a_line_of_metrics_that_was_cut_is_left_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n[1]\n{"step": 2, "lo')
    assert read_metrics(tmp_path) == [{"step": 1}]


def test_a_file_among_the_adapters_is_no_damaged_adapter(tmp_path):
    (tmp_path / ".training.lock").touch()
    assert damaged_manifests(tmp_path.glob("*")) == []
    assert list(finished_adapters(tmp_path.glob("*"))) == []
