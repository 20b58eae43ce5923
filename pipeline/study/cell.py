"""One training of a study: an adapter on the loaded base, trained as any, asked the held-out questions, and let go.

What stands here and is imported decides a cell's numbers, and so the name of a study's folder: nothing of the analysis belongs here.
"""

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import torch
import transformers
from transformers.trainer_utils import SaveStrategy

from pipeline.common.model import base_model
from pipeline.common.model.asked import Answer, encode_question, fits, lengths
from pipeline.common.model.chat import ChatFormat
from pipeline.study.grid import Cell
from pipeline.study.job import StudyJob
from pipeline.training import lora
from pipeline.training.borrowed import borrowed
from pipeline.training.cautions import require_samples
from pipeline.training.dataset import encode
from pipeline.training.engine import prepare
from pipeline.training.first_step import first_step_change
from pipeline.training.history import History
from pipeline.training.loop import LabelTrainer, arguments
from pipeline.training.permutation import Permutations
from pipeline.training.validation import Asked, ask
from schemas.errors import TrainingError

VALIDATION, LEARNING, OTHERS = "validation", "learning", "others"


class Bench:
    """What all cells share: the base model, the samples, and the questions that are asked after each training."""

    def __init__(self, job: StudyJob) -> None:
        self.job = job
        self.rows = pq.read_table(job.examples).to_pylist()
        require_samples(self.rows)
        self.questions = {row["record_id"]: row for row in pq.read_table(job.questions).to_pylist()}
        self.device = base_model.device_of(job.train)
        self.chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
        self.samples = encode(self.rows, self.chat, "train")
        self.chosen = choose(list(self.questions.values()), job)
        self.asked: list[Asked] = []
        self.places: list[dict[str, Any]] = []
        for row in self.chosen:
            item = encode_question(row, self.chat, job.render, job.evaluate.primary)
            if fits(item[0], job.render) and all(item[0].option_ids):
                over = lengths(item, job.evaluate.cloze_normalisation, job.evaluate.primary)
                self.asked.append(Asked(len(self.places), row["answer_index"], item[0], over))
                self.places.append(row)
        self.base = base_model.load_model(job.train, job.models, self.device, job.train.quantised)

    def facts(self) -> dict[str, Any]:
        """What the numbers of every cell are about: the questions in their order with the base model's answers, and the budget."""
        kept = ("record_id", "split_group", "source", "answer_index", "part")
        return {
            "questions": {name: [row[name] for row in self.places] for name in kept},
            "options": [len(row["options"]) for row in self.places],
            "base": answers(ask(self.base, self.asked, self.job.evaluate)),
            "samples": len(self.samples),
            "too_long": len(self.chosen) - len(self.places),
            "base_model": self.job.train.base_model,
            "base_revision": base_model.revision_of(self.base),
            "dataset_version": self.job.dataset_version,
            "compute_dtype": str(base_model.compute_dtype(self.device)).removeprefix("torch."),
        }

    def run(self, cell: Cell) -> dict[str, Any]:
        """Trains a cell and asks it all questions. One that leaves the range of numbers says `diverged` and has no answers."""
        began = time.monotonic()
        config = cell.train(self.job.train)
        with borrowed(self.base) as base, TemporaryDirectory() as scratch:
            transformers.set_seed(cell.seed)
            model = lora.attach(base, config, self.device, cell.resolution)
            computed = prepare(model, max(map(len, self.samples)))
            epochs = math.ceil(config.epochs)
            permuted = epochs if self.job.render.style == "letter" and config.permute_options else 0
            samples = Permutations(self.samples, self.questions, self.chat, self.job.render, cell.seed, permuted)
            history = History(len(self.rows))
            settings = arguments(config, Path(scratch), len(self.samples), self.device, base_model.compute_dtype(self.device))
            settings.save_strategy = SaveStrategy.NO
            trainer = LabelTrainer(history, samples, model=model, args=settings)
            change = first_step_change(model, self.samples[: config.batch_size], config.learning_rate)
            found: dict[str, Any] = {}
            try:
                trainer.train()
                trained_s = time.monotonic() - began
                found = {"train_seconds": round(trained_s, 2), **answers(ask(model.eval(), self.asked, self.job.evaluate))}
            except TrainingError as error:
                found["diverged"] = str(error)
            losses = [history.train_loss([sample.index for sample in self.samples], epoch + 1) for epoch in range(epochs)]
            return {
                "rank": cell.rank,
                "scale": cell.scale,
                "modules": list(cell.modules),
                "learning_rate": cell.learning_rate,
                "seed": cell.seed,
                "first_step_nats": change if math.isfinite(change) else None,
                "train_losses": losses,
                "steps": trainer.state.global_step,
                "trainable_parameters": lora.trainable_parameters(model),
                "computed": computed,
                "threads": torch.get_num_threads(),
                "seconds": round(time.monotonic() - began, 2),
                "record_id": [row["record_id"] for row in self.places],
                **found,
            }


def answers(found: Mapping[int, Answer]) -> dict[str, Any]:
    """The answers in the order of their questions. Raises TrainingError for scores that are no numbers."""
    ordered = [found[place] for place in sorted(found)]
    if not all(map(math.isfinite, (one.gold_nll for one in ordered))):
        raise TrainingError("the scores of its answers are no numbers")
    return {"gold_nll": [round(one.gold_nll, 6) for one in ordered], "best": [one.best for one in ordered]}


def choose(questions: Sequence[Mapping[str, Any]], job: StudyJob) -> list[dict[str, Any]]:
    """The questions to ask, each with its `part`: validation (of the headline's sources), learning (the test split's of the headline's
    sources) or others (the test split's of other sources, and benchmarks). `study.max_questions` takes those whose hashes are smallest."""
    named = job.evaluate.headline

    def part(row: Mapping[str, Any]) -> str | None:
        if row["split"] == "benchmark":
            return OTHERS
        headline = named == "all" or row["source"] in named
        if row["split"] == VALIDATION:
            return VALIDATION if headline else None
        return (LEARNING if headline else OTHERS) if row["split"] == "test" else None

    chosen = []
    for name in (VALIDATION, LEARNING, OTHERS):
        drawn = sorted((row for row in questions if part(row) == name), key=lambda row: hashlib.sha256(row["content_id"].encode()).digest())
        chosen += [{**row, "part": name} for row in drawn[: job.study.max_questions]]
    return chosen
