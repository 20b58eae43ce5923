"""A study of a tiny model: two policies, two ranks, three seeds."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.model.job import Job
from pipeline.render import render
from pipeline.study.job import StudyJob
from schemas.config import Config

NOUNS = "apples pears plums cod tuna carp silk wool lace".split()
PLACES = ["the tower", "the chapel", "the shed"]
SPLITS = ["train", "train", "validation", "test", "train", "test", "benchmark"]


def row(i):
    name, split = f"{i:016x}", SPLITS[i % len(SPLITS)]
    cells = {"record_id": name, "content_id": name, "split": split, "split_group": name, "source": "pub" if split == "benchmark" else "s"}
    cells |= {"subject": None, "language": "en", "context": None, "stem": f"Where are {NOUNS[i % 9]} number {i} kept?"}
    return cells | {"options": PLACES, "fixed_order": False, "answer_index": (i % 9) // 3}


@pytest.fixture
def make_job(tmp_path, tiny_model, models):
    """A study's job over rendered examples; call it again for the same folder."""

    def make(output="study", limits=None, train=None, **study):
        block = {
            "policies": [{"name": "twice_rank"}, {"name": "fixed", "alpha": 8}],
            "ranks": [2, 4],
            "learning_rates": [1e-3],
            "seeds": [1, 2, 3],
            "layers": {"attention": ["q_proj", "k_proj", "v_proj", "o_proj"]},
            "reference": {"policy": "twice_rank", "rank": 2, "learning_rate": 1e-3},
        }
        settings = {"base_model": str(tiny_model), "device": "cpu", "epochs": 1, "batch_size": 4}
        full = Config.model_validate(
            {
                "dataset": "d",
                "sources": [{"name": "s", "path": "*"}, {"name": "pub", "path": "x", "role": "benchmark"}],
                "render": {"style": "cloze", "max_seq_tokens": 128},
                "train": settings | (train or {}),
                "evaluate": {"primary": "cloze"},
                "study": block | study,
            }
        )
        files = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples")}
        pq.write_table(pa.Table.from_pylist([row(i) for i in range(35)]), files["questions"])
        facts = {"config": full.model_dump(mode="json"), "models": models, "dataset_version": "v1", "run_id": "run-1", **files}
        render(Job(output=files["examples"], **facts))
        return StudyJob(output=tmp_path / output, **facts, **(limits or {}))

    return make
