"""One fold: an adapter trained on the other parts, by the training's own settings, and asked the questions that it never saw.

What stands here and is imported decides a fold's numbers, and so the name of its folder: nothing of the ranking belongs here.
"""

import math
import time
from collections.abc import Sequence
from typing import Any

from pipeline.common.model import base_model
from pipeline.common.model.scoring import scored_batches
from pipeline.evidence.folds import Fold, assign
from pipeline.evidence.job import EvidenceJob
from pipeline.training.many import Trainings
from pipeline.training.policy import resolve
from pipeline.training.validation import Asked
from schemas.errors import TrainingError

BENCHMARK = "benchmark"


class Bench(Trainings):
    """What all folds share: the base model, every curated question as a sample and as it is asked. Benchmarks are left out."""

    def __init__(self, job: EvidenceJob) -> None:
        super().__init__(job)
        if job.train.method == "full":
            raise TrainingError(
                "evidence trains many adapters on one base model, and train.method: full trains every weight of it; set train.method to "
                "lora or qlora in the configuration for this command"
            )
        self.evidence = job
        self.curated = sorted((row for row in self.questions.values() if row["split"] != BENCHMARK), key=lambda row: row["record_id"])
        self.trainable = self.samples("train", "validation", "test")
        self.asked_of, self.places = self.asked(self.curated, job.evaluate)
        if not self.trainable or not self.places:
            raise TrainingError(
                f"of {len(self.curated)} curated questions {len(self.trainable)} can be trained on and {len(self.places)} asked; raise "
                "render.max_seq_tokens, or take another base model"
            )
        self.resolution = resolve(job.train.policy, job.train.rank, base_model.hidden_size(job.train, job.models))
        self.base = self.load()

    def facts(self) -> dict[str, Any]:
        """What the answers of every fold are about: the questions in their order, what each option's log-likelihood is divided by before
        the best is chosen, the base model's log-likelihoods, and the questions that can't be asked."""
        kept = ("record_id", "content_id", "split_group", "source", "split", "answer_index")
        asked = {row["record_id"] for row in self.places}
        return {
            "questions": [{name: row[name] for name in kept} for row in self.places],
            "too_long": [{name: row[name] for name in kept} for row in self.curated if row["record_id"] not in asked],
            "over": [one.over for one in self.asked_of],
            "log_likelihoods": self.sums(self.base, self.asked_of),
            "base_model": self.job.train.base_model,
            "base_revision": base_model.revision_of(self.base),
            "dataset_version": self.job.dataset_version,
            "mode": self.evidence.evaluate.primary,
            "compute_dtype": str(base_model.compute_dtype(self.device)).removeprefix("torch."),
        }

    def run(self, fold: Fold) -> dict[str, Any]:
        """Trains on all groups but the fold's, and gives the summed log-likelihoods of the fold's questions.

        All epochs are trained and the last is kept: questions that would choose an epoch would be lost to training or to the evidence.
        Raises TrainingError where the training leaves the range of numbers.
        """
        began = time.monotonic()
        config = self.evidence.train.model_copy(update={"seed": self.evidence.train.seed + fold.repeat})
        groups = {row["record_id"]: row["split_group"] for row in self.curated}
        part = assign(groups.values(), self.evidence.evidence.folds, fold.repeat, self.evidence.train.seed)
        held = {name for name, group in groups.items() if part[group] == fold.number}
        samples = [sample for sample in self.trainable if sample.record_id not in held]
        asked = [(one, row) for one, row in zip(self.asked_of, self.places, strict=True) if row["record_id"] in held]
        if not samples:
            raise TrainingError(f"fold {fold.name} leaves no question to train on; lower evidence.folds or raise render.max_seq_tokens")
        with self.trained(self.base, config, self.resolution, samples) as done:
            if done.diverged is not None:
                raise TrainingError(f"fold {fold.name}: {done.diverged}")
            trained_s = time.monotonic() - began
            sums = self.sums(done.model, [one for one, _ in asked])
        return {
            "repeat": fold.repeat,
            "fold": fold.number,
            "seed": config.seed,
            "steps": done.steps,
            "train_losses": done.train_losses,
            "trained_on": [sample.record_id for sample in samples],
            "train_seconds": round(trained_s, 2),
            "seconds": round(time.monotonic() - began, 2),
            "record_id": [row["record_id"] for _, row in asked],
            "log_likelihoods": sums,
        }

    def sums(self, model: Any, asked: Sequence[Asked]) -> list[list[float]]:
        """Summed log-likelihoods (nats) of the options of each question, in order. Raises TrainingError for one that is no number."""
        found: list[list[float]] = [[] for _ in asked]
        for batch, scores, _ in scored_batches(model, [one.item for one in asked], self.evidence.evaluate.batch_tokens, "evidence"):
            for place, sums in zip(batch, scores, strict=True):
                if not all(map(math.isfinite, sums)):
                    raise TrainingError(
                        f"the scores of question {self.places[asked[place].index]['record_id']} are no numbers: {list(sums)}"
                    )
                found[place] = [round(value, 6) for value in sums]
        return found
