"""Evidence of a tiny model: thirty questions in groups of two, some of a benchmark."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.model.job import Job
from pipeline.evidence.job import EvidenceJob
from pipeline.render import render
from schemas.config import Config

NOUNS = "apples pears plums cod tuna carp silk wool lace".split()
PLACES = ["the tower", "the chapel", "the shed"]
SPLITS = ["train", "train", "validation", "test", "benchmark"]


def question(i, key=None):
    """Questions 2n and 2n + 1 share a split group; every fifth group is a benchmark's."""
    name, split = f"{i:016x}", SPLITS[i // 2 % len(SPLITS)]
    cells = {"record_id": name, "content_id": name, "split": split, "split_group": f"{i // 2:016x}"}
    cells |= {"source": "pub" if split == "benchmark" else "s", "subject": None, "language": "en", "context": None}
    cells |= {"stem": f"Where are {NOUNS[i % 9]} kept, number {i}?", "options": PLACES, "fixed_order": False}
    return cells | {"answer_index": (i % 9) // 3 if key is None else key}


@pytest.fixture
def row():
    """Makes the question of a number, with its own key or another."""
    return question


@pytest.fixture
def make_job(tmp_path, tiny_model, models):
    """A job over rendered examples; call it again for the same folder."""

    def make(output="evidence", limits=None, train=None, rows=None, render_block=None, **evidence):
        settings = {"base_model": str(tiny_model), "device": "cpu", "epochs": 1, "batch_size": 4, "rank": 2}
        full = Config.model_validate(
            {
                "dataset": "d",
                "sources": [{"name": "s", "path": "*"}, {"name": "pub", "path": "x", "role": "benchmark"}],
                "render": {"style": "cloze", "max_seq_tokens": 128} | (render_block or {}),
                "train": settings | (train or {}),
                "evaluate": {"primary": "cloze"},
                "evidence": {"folds": 3} | evidence,
            }
        )
        files = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples")}
        pq.write_table(pa.Table.from_pylist(rows or [question(i) for i in range(30)]), files["questions"])
        facts = {"config": full.model_dump(mode="json"), "models": models, "dataset_version": "v1", "run_id": "run-1", **files}
        render(Job(output=files["examples"], **facts))
        return EvidenceJob(output=tmp_path / output, **facts, **(limits or {}))

    return make
