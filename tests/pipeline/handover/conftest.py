"""Adapters of a tiny model that were really trained, each with the data that it was trained on."""

import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.model.job import Job
from pipeline.evaluation.job import EvaluationJob
from pipeline.handover.job import PredictJob, open_adapter
from pipeline.render import render
from schemas.config import Config

GOODS = "apples pears plums cod tuna carp silk wool lace".split()
PLACES = ["the tower", "the chapel by the old northern gate", "the shed"]


def question(i, split, stem=None):
    named = dict.fromkeys(("record_id", "content_id", "split_group"), f"{i:016x}")
    text = {"context": None, "stem": stem or f"Where are {GOODS[i % 9]} number {i} kept{' now' * (i % 7)}?", "options": PLACES}
    rest = {"source": "s", "subject": None, "language": "en", "fixed_order": False, "answer_index": (i % 9) // 3}
    return {**named, "split": split, **text, **rest}


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny_model):
    """Trains a tiny model by a method, once a session: its adapter's folder, its questions, and the jobs that hand it over."""
    from pipeline.training.run import train

    made = {}

    def make(method="qlora"):
        if method in made:
            return made[method]
        root = tmp_path_factory.mktemp(method)
        rows = [question(i, "train") for i in range(6)] + [question(i, "validation") for i in range(6, 9)]
        rows += [question(i, "test") for i in range(9, 40)]
        train_block = {"base_model": str(tiny_model), "device": "cpu", "method": method, "epochs": 4, "batch_size": 2, "rank": 4}
        config = Config.model_validate(
            {
                "dataset": "d",
                "sources": [{"name": "s", "path": "*", "licence": "CC0-1.0"}],
                "render": {"style": "cloze", "max_seq_tokens": 128},
                "train": train_block | {"learning_rate": 1e-2 if method != "full" else 1e-3},
                "evaluate": {"modes": ["cloze", "letter"], "primary": "cloze", "batch_tokens": 512},
            }
        ).model_dump(mode="json")
        examples, folder = root / "models" / "d" / "examples" / "e", root / "models" / "d" / "adapters" / f"{method}0123"
        examples.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), examples / "questions.parquet")
        facts = {"config": config, "models": root / "models", "dataset_version": "0123456789ab", "run_id": "run"}
        facts |= {name: examples / f"{name}.parquet" for name in ("questions", "examples")}
        render(Job(output=examples / "examples.parquet", **facts))
        train(Job(output=folder, **facts))
        (folder / "training.job.json").write_text(json.dumps({"questions": str(facts["questions"])}), encoding="utf-8")

        def evaluation(output):
            return EvaluationJob(output=output, adapter=folder, **facts)

        made[method] = SimpleNamespace(folder=folder, root=root, rows=rows, config=config, evaluation=evaluation)
        return made[method]

    return make


@pytest.fixture
def asked(tmp_path):
    """A file of question rows, as someone could hand it in."""

    def write(rows, name="asked.jsonl"):
        file = tmp_path / name
        lines = [{"question": row["stem"], "options": row["options"], "answer": "ABC"[row["answer_index"]]} for row in rows]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return file

    return write


@pytest.fixture
def predicted(tmp_path):
    """Answers a file with an adapter, in this process, and gives the rows that were written."""
    from pipeline.handover.asked_file import source_of
    from pipeline.handover.predict import predict
    from pipeline.handover.prediction import Prediction

    def run(adapter, file, models=None, mode="cloze", out="out.jsonl", before=None):
        found = open_adapter(adapter.folder)
        this = Prediction(file, source_of(file), found, found.under(device="cpu"), mode, tmp_path / out)
        if this.is_done():
            return None
        with this.open("told") as working:
            facts = found.facts(this.config, this.folder, working.path, models or tmp_path / "no_cache")
            if before:
                before(working)
            predict(PredictJob.model_validate(facts | {"mode": mode}))
            this.end(working)
        return [json.loads(line) for line in this.target.read_text(encoding="utf-8").splitlines()] if out.endswith("jsonl") else this.target

    return run
