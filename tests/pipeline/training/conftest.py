"""A training job of a tiny model."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.job import Job
from pipeline.render import render
from schemas.config import Config

GOODS = "apples pears plums cod tuna carp silk wool lace".split()


PLACES = ["the tower", "the chapel", "the shed"]


def row(i, split="train", **more):
    cells = {
        "record_id": f"{i:016x}",
        "content_id": f"{i:016x}",
        "split": split,
        "split_group": f"{i:016x}",
        "source": "s",
        "subject": None,
    }
    cells |= {
        "language": "en",
        "context": None,
        "stem": f"Where are {GOODS[i % 9]} number {i} kept?",
        "options": PLACES,
        "fixed_order": False,
    }
    return cells | {"answer_index": (i % 9) // 3} | more


@pytest.fixture
def fp32(monkeypatch):
    """Models compute in fp32 on CPUs with bf16 too: what is compared closely isn't lost in rounding."""
    monkeypatch.setattr(base_model, "compute_dtype", lambda _: torch.float32)


@pytest.fixture
def question():
    """Makes the row of a question by its number, with a split and other columns where they are named."""
    return row


@pytest.fixture
def make_job(tmp_path, tiny_model, models):
    """A training job over rendered examples; call it again for the same job."""

    def make(questions=None, output="adapter", style="cloze", **settings):
        rows = questions if questions is not None else [row(i, "validation" if i % 5 == 4 else "train") for i in range(20)]
        config = {
            "base_model": str(tiny_model),
            "device": "cpu",
            "epochs": 2,
            "batch_size": 4,
            "rank": 4,
            "save_steps": 2,
            "learning_rate": 1e-3,
        }
        full = Config.model_validate(
            {
                "dataset": "d",
                "sources": [{"name": "s", "path": "*"}],
                "render": {"style": style, "max_seq_tokens": 128},
                "train": config | settings,
                "evaluate": {"primary": style},
            }
        )
        files = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples")}
        pq.write_table(pa.Table.from_pylist(rows), files["questions"])
        facts = {"config": full.model_dump(mode="json"), "models": models, "dataset_version": "v1", "run_id": "run-1", **files}
        render(Job(output=files["examples"], **facts))
        return Job(output=tmp_path / output, **facts)

    return make
