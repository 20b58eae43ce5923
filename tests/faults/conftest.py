"""A published project to damage. Faults are many: each day's run takes some of each test in turn; `make faults` takes all."""

import datetime
import json
import os
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.resources.foundry import ledger_of
from assets.resources.lake_io import TABLES
from pipeline.common.files import file_hash
from schemas.tables.arrow import arrow_schema
from schemas.tables.evaluation import Prediction
from schemas.tables.training import TrainedSample
from tests.faults.refresher import curate, open_project

FEW = 5


def pytest_collection_modifyitems(config, items):
    """Keeps the faults whose turn it is today, or every Nth (MCQ_FAULTS=N), unless all (MCQ_FAULTS=all) or single ones are asked for."""
    asked = os.environ.get("MCQ_FAULTS", "")
    if asked == "all" or any("::" in argument for argument in config.args) or config.option.keyword:
        return
    faults = {}
    for item in items:
        if item.get_closest_marker("fault"):
            faults.setdefault(item.originalname, []).append(item)
    resting = {
        item
        for same in faults.values()
        for place, item in enumerate(same)
        if (place % int(asked) if asked.isdigit() else (place - FEW * datetime.date.today().toordinal()) % len(same) >= FEW)
    }
    config.hook.pytest_deselected(items=list(resting))
    items[:] = [item for item in items if item not in resting]


@pytest.fixture(scope="session")
def whole():
    """Gives the version that readers see, each of its tables read and compared with its name."""

    def read(foundry):
        version = foundry.lake.current()
        for asset, table in version.tables.items():
            foundry.lake.read_table(asset, table, TABLES[asset])
        return version

    return read


@pytest.fixture(scope="session")
def write_project():
    """Writes raw rows and a configuration over them into a folder; gives the Foundry, whose data root is there too."""

    def write(folder, rows, **blocks):
        raw = folder / "raw"
        raw.mkdir(exist_ok=True)
        if rows is not None:
            (raw / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        config = {"dataset": "tiny", "root": str(raw), "sources": [{"name": "school", "path": "*.jsonl"}], **blocks}
        (folder / "tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
        return open_project(folder)

    return write


def _add_adapter(foundry):
    """A finished adapter that was trained on one question of the published version, and answered it."""
    version = foundry.lake.current()
    row = next(row for row in ledger_of(foundry, version).to_dict("records") if row["split"] == "train")
    folder = foundry.adapters / "a1"
    evaluation = folder / "evaluations" / "e1"
    evaluation.mkdir(parents=True)
    facts = {"run_id": "run", "base_model": "m", "base_revision": "r", "method": "qlora", "device": "cpu", "steps": 3, "wall_seconds": 1.0}
    losses = {"times_seen": 3, "first_loss": 2.0, "last_loss": 1.0, "losses": [2.0, 1.5, 1.0], "validation_loss": None}
    losses |= {key: [] for key in ("option_orders", "gold_probabilities", "gold_chosen")}
    sample = {"record_id": row["record_id"], "split": "train", "status": "trained", **losses}
    pq.write_table(pa.Table.from_pylist([sample], arrow_schema(TrainedSample)), folder / "samples.parquet")
    facts["files"] = {"samples.parquet": file_hash(folder / "samples.parquet")}
    (folder / "manifest.json").write_text(json.dumps({"dataset_version": version.dataset_version, **facts}))
    answer = {key: row[key] for key in ("record_id", "split", "split_group", "source", "subject", "language", "answer_index")}
    scores = {"predicted_index": 0, "correct": bool(row["answer_index"] == 0), "option_scores": [0.0, -1.0], "gold_nll": 0.5}
    answers = [{**answer, "model": model, "mode": "cloze", **scores} for model in ("base", "adapter")]
    pq.write_table(pa.Table.from_pylist(answers, arrow_schema(Prediction)), evaluation / "predictions.parquet")
    (evaluation / "result.json").write_text(json.dumps({"verdict": "helped"}))
    return row["record_id"]


@pytest.fixture(scope="session")
def original(questions, write_project, tmp_path_factory):
    """Folder of a project with one published version, its report and an adapter, and the record that the adapter saw."""
    folder = tmp_path_factory.mktemp("original")
    foundry = write_project(folder, questions)
    assert curate(foundry).success
    return folder, _add_adapter(foundry)


@pytest.fixture
def published(original, write_project, tmp_path):
    """A copy of it to damage: the Foundry, and the record."""
    folder, record = original
    shutil.copytree(folder, tmp_path / "project")
    return write_project(tmp_path / "project", None), record
