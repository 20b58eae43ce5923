"""TensorBoard: event files in a folder of the adapter's. `tensorboard --logdir data/models/<dataset>/adapters` shows a run an adapter."""

import time
from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

COMPARED = ("loss", "validation_loss", "validation_accuracy")


class EventFiles:
    """A run's event files, written anew each time: what stands in one can't be taken back, as the steps that a resumed run takes again."""

    def __init__(self, folder: Path) -> None:
        for file in folder.glob("events.out.tfevents.*"):
            file.unlink()
        # Events wait for at most so many seconds, so that a page that is open shows what happens.
        self.writer = SummaryWriter(log_dir=str(folder), flush_secs=10)

    def describe(self, settings: Mapping[str, str | float | bool], tags: Mapping[str, str]) -> None:
        """Tags as text; settings for the page that compares runs by them."""
        self.writer.add_text("run", "\n".join(f"- {name}: {value}" for name, value in tags.items()))
        for summary in hparams({**settings, **tags}, dict.fromkeys(COMPARED)):
            self.writer.file_writer.add_summary(summary)

    def write(self, step: int, figures: Mapping[str, float], at: float) -> None:
        """A scalar a figure."""
        for name, value in figures.items():
            self.writer.add_scalar(name, value, step, walltime=at)

    def conclude(self, step: int, figures: Mapping[str, float], notes: Mapping[str, str]) -> None:
        """Scalars at the last step, and sentences as text."""
        self.write(step, figures, time.time())
        for name, text in notes.items():
            self.writer.add_text(name, text, step)

    def end(self, whole: bool) -> None:
        """Closes the file; TensorBoard knows no state of a run."""
        self.writer.close()
