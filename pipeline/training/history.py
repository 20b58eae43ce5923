"""What a training saw, by sample and by epoch, and which epoch's weights are kept. It goes along with each checkpoint.

The lowest validation loss decides, of equal ones the earliest: the loss is what training minimises, and it moves with every question,
where the count of right ones moves by whole questions and is mostly noise on a few dozen. The count is told beside it.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

from pipeline.common.files import write_atomically


@dataclass(frozen=True)
class Epoch:
    """An epoch's end. Losses are means over questions of each one's mean over labelled tokens, nats; `epoch` 0 is before training.

    `right` of `asked` validation questions had the gold option scored best, `gold_nll` (nats) is the mean over them.
    """

    epoch: int
    step: int
    train_loss: float | None = None
    validation_loss: float | None = None
    mode: str | None = None
    right: int | None = None
    asked: int | None = None
    gold_nll: float | None = None


class History:
    """What was seen of each of so many rows of the examples: lists by row, an item an epoch; and the epochs that have ended."""

    def __init__(self, rows: int) -> None:
        self.losses: list[list[float]] = [[] for _ in range(rows)]
        self.gold_probabilities: list[list[float]] = [[] for _ in range(rows)]
        self.gold_chosen: list[list[bool]] = [[] for _ in range(rows)]
        self.samples_seen = 0
        self.epochs: list[Epoch] = []
        self.elapsed_s = 0.0

    def saw(self, indices: Sequence[int], losses: Sequence[float]) -> None:
        """Notes one batch that is trained on."""
        for index, loss in zip(indices, losses, strict=True):
            self.losses[index].append(loss)
        self.samples_seen += len(indices)

    def of(self, indices: Sequence[int]) -> list[tuple[int, int]]:
        """How much is noted of these rows, for `put_back`."""
        return [(index, len(self.losses[index])) for index in indices]

    def put_back(self, noted: Sequence[tuple[int, int]]) -> None:
        """Forgets the losses that came since `of`: a step that ran out of memory is taken again."""
        for index, count in noted:
            self.samples_seen -= len(self.losses[index]) - count
            del self.losses[index][count:]

    def train_loss(self, indices: Sequence[int], epoch: int) -> float | None:
        """Mean loss of these rows in an epoch (from 1), of those that it has seen; None where it saw none."""
        seen = [self.losses[index][epoch - 1] for index in indices if len(self.losses[index]) >= epoch]
        return mean(seen) if seen else None

    def best(self) -> Epoch | None:
        """The epoch with the lowest validation loss, of equal ones the earliest; None without validation."""
        measured = [one for one in self.epochs if one.epoch and one.validation_loss is not None]
        return min(measured, key=lambda one: (one.validation_loss, one.epoch), default=None)

    def is_over(self, planned_epochs: int, patience: int | None) -> bool:
        """Whether all epochs have ended, or patience has."""
        return bool(self.epochs) and (self.epochs[-1].epoch >= planned_epochs or self.is_exhausted(patience))

    def is_exhausted(self, patience: int | None) -> bool:
        """Whether so many epochs have passed since the best one."""
        best = self.best()
        return patience is not None and best is not None and self.epochs[-1].epoch - best.epoch >= patience

    def kept(self, keep: str) -> Epoch:
        """The epoch whose weights are kept: `best` or `last`. Needs an epoch that has ended."""
        return (self.best() if keep == "best" else None) or self.epochs[-1]

    def why_kept(self, keep: str, held_out: Sequence[int], planned_epochs: int) -> str:
        """The reason in one sentence; `held_out` are the validation rows."""
        kept, last = self.kept(keep), self.epochs[-1]
        of = f"epoch {kept.epoch} of {last.epoch}"
        if kept.validation_loss is None:
            return f"{of}: the last, since there are no validation questions to choose by"
        if keep == "last":
            return f"{of}: the last, as `train.keep` says"
        ended = f"; training ended {planned_epochs - last.epoch} epochs early" if last.epoch < planned_epochs else ""
        told = f"{of}: its validation loss {kept.validation_loss:.4f} is the lowest{ended}"
        others = [one for one in self.epochs if one.epoch and one != kept and one.validation_loss is not None]
        if not others:
            return told
        second = min(others, key=lambda one: (one.validation_loss, one.epoch))
        gaps = [self.losses[row][second.epoch - 1] - self.losses[row][kept.epoch - 1] for row in held_out]
        noise = 1.96 * stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.inf
        verdict = "within the noise" if mean(gaps) <= noise else "more than the noise"
        return f"{told}; epoch {second.epoch} is {mean(gaps):.4f} behind, {verdict} of {len(gaps)} question{'s' * (len(gaps) > 1)}"

    def save(self, path: Path) -> None:
        """Writes all of it as JSON, atomically."""
        write_atomically(path, json.dumps({**vars(self), "epochs": [asdict(one) for one in self.epochs]}))

    def load(self, path: Path) -> None:
        """Continues from what `save` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        vars(self).update({**found, "epochs": [Epoch(**one) for one in found["epochs"]]})
