"""Many adapters, one after the other, on one base model in memory: each is trained as the only one, asked, and let go.

What stands here decides the numbers of those who use it, and so the names of their folders.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import transformers
from transformers.trainer_utils import SaveStrategy

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.job import Job
from pipeline.training import lora
from pipeline.training.borrowed import borrowed
from pipeline.training.dataset import Sample, encode
from pipeline.training.engine import prepare
from pipeline.training.first_step import first_step_change
from pipeline.training.history import History
from pipeline.training.loop import LabelTrainer, arguments
from pipeline.training.permutation import Permutations, permuted_epochs
from pipeline.training.policy import Resolution
from pipeline.training.validation import Asked, asked_as
from schemas.config.evaluate import EvaluateConfig
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


@dataclass(frozen=True)
class Trained:
    """One training: the model in eval mode, which is gone when its context ends; `diverged` says why its numbers are none.

    `first_step_nats` is what a first step changes, `train_losses` means by epoch (nats), `computed` what was fused and packed.
    """

    model: Any
    first_step_nats: float
    train_losses: list[float | None]
    steps: int
    computed: Any
    diverged: str | None


class Trainings:
    """What all of them share: examples, questions by record_id, tokenizer, device, and the base model once it is loaded."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.rows: list[dict[str, Any]] = pq.read_table(job.examples).to_pylist()
        self.questions: dict[str, dict[str, Any]] = {row["record_id"]: row for row in pq.read_table(job.questions).to_pylist()}
        self.device = base_model.device_of(job.train)
        self.chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))

    def samples(self, *splits: str) -> list[Sample]:
        """The samples of these splits that can be trained on, split by split."""
        return [sample for split in splits for sample in encode(self.rows, self.chat, split)]

    def asked(self, rows: Sequence[dict[str, Any]], evaluate: EvaluateConfig) -> tuple[list[Asked], list[dict[str, Any]]]:
        """Questions as evaluation asks them in its primary mode, numbered in order, and their rows; what is too long is left out."""
        asked: list[Asked] = []
        places: list[dict[str, Any]] = []
        for row in rows:
            if (one := asked_as(len(places), row, self.chat, self.job.render, evaluate)) is not None:
                asked.append(one)
                places.append(row)
        return asked, places

    def load(self) -> Any:
        """The base model of the job."""
        return base_model.load_model(self.job.train, self.job.models, self.device, self.job.train.quantised)

    @contextmanager
    def trained(self, loaded: Any, config: TrainConfig, resolution: Resolution, samples: Sequence[Sample]) -> Iterator[Trained]:
        """An adapter by these settings on these samples (at least one), after all its epochs; afterwards the base is as before."""
        with borrowed(loaded) as base, TemporaryDirectory() as scratch:
            transformers.set_seed(config.seed)
            model = lora.attach(base, config, self.device, resolution)
            computed = prepare(model, max(map(len, samples)))
            epochs = math.ceil(config.epochs)
            permuted = permuted_epochs(config, self.job.render)
            ordered = Permutations(list(samples), self.questions, self.chat, self.job.render, config.seed, permuted)
            history = History(len(self.rows))
            settings = arguments(config, Path(scratch), len(samples), self.device, base_model.compute_dtype(self.device))
            settings.save_strategy = SaveStrategy.NO
            trainer = LabelTrainer(history, ordered, model=model, args=settings)
            change = first_step_change(model, samples[: config.batch_size], config.learning_rate)
            diverged = None
            try:
                trainer.train()
            except TrainingError as error:
                diverged = str(error)
            losses = [history.train_loss([sample.index for sample in samples], epoch + 1) for epoch in range(epochs)]
            yield Trained(model.eval(), change, losses, trainer.state.global_step, computed, diverged)
