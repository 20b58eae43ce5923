"""What makes two trainings the same, and what a finished one leaves behind."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.model.job import Job
from pipeline.common.store.runs import read_manifest
from pipeline.training.history import History
from pipeline.training.manifest import folder_fingerprint, write_manifest, write_samples


@pytest.fixture
def job(tmp_path):
    """A job over one example; its fields and its prompt can be changed."""

    def make(prompt="Q", **fields):
        pq.write_table(pa.Table.from_pylist([{"record_id": "r", "prompt": prompt}]), tmp_path / "examples.parquet")
        config = {"train": {"rank": 4}, "render": {"style": "letter"}, "evaluate": {"modes": ["letter"]}}
        places = dict.fromkeys(("questions", "output", "models"), tmp_path)
        return Job(
            **{"config": config, "examples": tmp_path / "examples.parquet", "dataset_version": "v", "run_id": "r", **places, **fields}
        )

    return make


def test_a_training_is_the_same_whatever_it_is_called_and_however_it_is_evaluated(job, tmp_path):
    mark = folder_fingerprint(job())
    config = job().config
    assert folder_fingerprint(job(run_id="other", output=tmp_path / "x", config={**config, "evaluate": {}})) == mark
    assert folder_fingerprint(job(config={**config, "train": {"rank": 4, "tracker": "mlflow"}})) == mark
    others = [job(dataset_version="w"), job(config={**config, "train": {"rank": 8}}), job(config={**config, "render": {"style": "cloze"}})]
    assert mark not in map(folder_fingerprint, others)
    assert folder_fingerprint(job(prompt="Q?")) != mark


def test_samples_stand_in_their_order_with_what_was_seen_of_them(tmp_path):
    ids = [f"{i:016x}" for i in range(4)]
    rows = [
        {"record_id": ids[0], "split": "validation", "status": "ok"},
        {"record_id": ids[1], "split": "test", "status": "ok"},
        {"record_id": ids[2], "split": "train", "status": "ok"},
        {"record_id": ids[3], "split": "train", "status": "not_trained: too_long"},
    ]
    history = History(4)
    history.losses = [[0.75, 0.875], [], [1.5, 0.5], []]
    history.gold_probabilities[0], history.gold_chosen[0] = [0.5, 0.25], [True, False]
    status = {0: "validation", 2: "trained", 3: "not_trained: too_long"}
    write_samples(tmp_path / "samples.parquet", rows, status, history, {2: ["BA", "AB", "BA"]}, kept_epoch=1)
    found = pq.read_table(tmp_path / "samples.parquet").to_pylist()
    assert [(row["record_id"], row["status"], row["times_seen"], row["losses"], row["validation_loss"]) for row in found] == [
        (ids[0], "validation", 0, [0.75, 0.875], 0.75),
        (ids[2], "trained", 2, [1.5, 0.5], None),
        (ids[3], "not_trained: too_long", 0, [], None),
    ]
    assert [(row["first_loss"], row["last_loss"], row["option_orders"]) for row in found][1] == (1.5, 0.5, ["BA", "AB"])
    assert found[0]["gold_chosen"] == [True, False]


def test_a_run_is_whole_once_its_manifest_is_there(tmp_path):
    assert read_manifest(tmp_path) is None
    write_manifest(tmp_path, {"dataset_version": "Huế"})
    assert read_manifest(tmp_path) == {"dataset_version": "Huế", "files": {}}
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
