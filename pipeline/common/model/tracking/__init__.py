"""What a training and its evaluations tell, in an experiment tracker too (`train.tracker`). No tracker is imported that isn't named.

All of it stands in the adapter's own files, and a tracker is given what they hold: so a training that resumes goes on as the same tracked
run, every step once, and what a tracker missed comes the next time. One that fails is told of and left alone: no training ends for it.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Protocol

from schemas.config.train import TrainConfig
from schemas.errors import MissingExtraError


class Tracker(Protocol):
    """One tracked run. Steps are optimiser steps, `at` seconds since 1970."""

    def describe(self, settings: Mapping[str, str | float | bool], tags: Mapping[str, str]) -> None:
        """Says what the run is of; once, first."""

    def write(self, step: int, figures: Mapping[str, float], at: float) -> None:
        """Adds figures of a step."""

    def conclude(self, step: int, figures: Mapping[str, float], notes: Mapping[str, str]) -> None:
        """Adds what came of a finished training, in place of what was concluded before."""

    def end(self, whole: bool) -> None:
        """Closes the run: finished, or interrupted."""


def require_tracker(train: TrainConfig) -> None:
    """Raises MissingExtraError where the package of `train.tracker` isn't installed: it bears the same name, and so does its extra."""
    if train.tracker != "none" and find_spec(train.tracker) is None:
        raise MissingExtraError(f"train.tracker: {train.tracker}", train.tracker, train.tracker)
