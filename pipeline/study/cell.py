"""One training of a study: an adapter on the loaded base, trained as any, asked the held-out questions, and let go.

What stands here and is imported decides a cell's numbers, and so the name of a study's folder: nothing of the analysis belongs here.
"""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pipeline.common.drawn import drawn
from pipeline.common.model import base_model
from pipeline.common.model.asked import Answer
from pipeline.common.model.job import log
from pipeline.study.grid import Cell
from pipeline.study.job import StudyJob
from pipeline.training import lora
from pipeline.training.cautions import require_samples
from pipeline.training.many import Trainings
from pipeline.training.validation import ask
from schemas.errors import TrainingError

VALIDATION, LEARNING, OTHERS = "validation", "learning", "others"


class Bench(Trainings):
    """What all cells share: the base model, the samples, and the questions that are asked after each training."""

    def __init__(self, job: StudyJob) -> None:
        super().__init__(job)
        self.study = job
        require_samples(self.rows)
        self.trained_on = self.samples("train")
        self.chosen = choose(list(self.questions.values()), job)
        self.asked_of, self.places = self.asked(self.chosen, job.evaluate)
        self.base = self.load()

    def facts(self) -> dict[str, Any]:
        """What the numbers of every cell are about: the questions in their order with the base model's answers, and the budget."""
        kept = ("record_id", "split_group", "source", "answer_index", "part")
        return {
            "questions": {name: [row[name] for row in self.places] for name in kept},
            "options": [len(row["options"]) for row in self.places],
            "base": answers(ask(self.base, self.asked_of, self.study.evaluate)),
            "samples": len(self.trained_on),
            "too_long": len(self.chosen) - len(self.places),
            "base_model": self.job.train.base_model,
            "base_revision": base_model.revision_of(self.base),
            "dataset_version": self.job.dataset_version,
            "compute_dtype": str(base_model.compute_dtype(self.device)).removeprefix("torch."),
        }

    def run(self, cell: Cell) -> dict[str, Any]:
        """Trains a cell and asks it all questions. One that leaves the range of numbers says `diverged` and has no answers."""
        began = time.monotonic()
        with self.trained(self.base, cell.train(self.job.train), cell.resolution, self.trained_on) as done:
            found: dict[str, Any] = {"diverged": done.diverged}
            if done.diverged is None:
                trained_s = time.monotonic() - began
                try:
                    found = {"train_seconds": round(trained_s, 2), **answers(ask(done.model, self.asked_of, self.study.evaluate))}
                except TrainingError as error:
                    found = {"diverged": str(error)}
            if "diverged" in found:
                log.warning("rank %d, scale %g, learning rate %g: %s", cell.rank, cell.scale, cell.learning_rate, found["diverged"])
            return {
                "rank": cell.rank,
                "scale": cell.scale,
                "modules": list(cell.modules),
                "learning_rate": cell.learning_rate,
                "seed": cell.seed,
                "first_step_nats": done.first_step_nats if math.isfinite(done.first_step_nats) else None,
                "train_losses": done.train_losses,
                "steps": done.steps,
                "trainable_parameters": lora.trainable_parameters(done.model),
                "computed": done.computed,
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
        chosen += [{**row, "part": name} for row in drawn([row for row in questions if part(row) == name], job.study.max_questions)]
    return chosen
