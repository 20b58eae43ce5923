"""What trainings left behind."""

import json

from pipeline.common.store.runs import read_metrics, twins


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
