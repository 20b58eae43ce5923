"""An adapter's run in the tracker that its configuration names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.common.model.job import Job, Progress, log
from pipeline.common.model.tracking import Tracker, require_tracker
from pipeline.common.store.runs import finished_evaluations, read_manifest, read_metrics

FIGURES = ("loss", "learning_rate", "grad_norm", "samples_seen", "epoch", "validation_loss", "validation_accuracy")


@contextmanager
def tracked(job: Job, progress: Progress) -> Iterator[None]:
    """While it is open, what `progress` tells of the job's training goes to the tracker too, behind what it has told already.

    Raises MissingExtraError before anything else is done.
    """
    require_tracker(job.train)
    if job.train.tracker == "none":
        yield
        return
    run = TrackedRun(job, job.output)
    progress.listener = run.line
    try:
        yield
    finally:
        progress.listener = None
        run.end()


def track_evaluation(job: Job, adapter: Path) -> None:
    """Tells the tracker of a finished adapter and of its newest evaluation. Raises MissingExtraError."""
    require_tracker(job.train)
    if job.train.tracker != "none":
        TrackedRun(job, adapter).end()


class TrackedRun:
    """An adapter's run in its tracker, opened by the first line that is told, or by the end."""

    def __init__(self, job: Job, adapter: Path) -> None:
        self.job, self.adapter = job, adapter
        self.tracker: Tracker | None = None
        self.failed = False

    def line(self, line: Mapping[str, Any]) -> None:
        """Tells a line that stands in the adapter's metrics by now: to open the run tells all that they hold."""
        known = self.tracker is None
        self._try(lambda tracker: None if known else write(tracker, line))

    def end(self) -> None:
        """Tells what came of it, and closes the run."""
        self._try(self._end)

    def _try(self, tell: Callable[[Tracker], None]) -> None:
        if self.failed:
            return
        try:
            self.tracker = self.tracker or self._open()
            tell(self.tracker)
        except Exception as error:
            self.failed = True
            log.warning(
                "warning: %s takes nothing (%s: %s); it is left out, and told all of this run with the next training or evaluation of it",
                self.job.train.tracker,
                type(error).__name__,
                str(error)[:300],
            )

    def _open(self) -> Tracker:
        tracker = open_tracker(self.job, self.adapter)
        tracker.describe(flat({block: self.job.config[block] for block in ("render", "train")}), self._tags())
        for line in read_metrics(self.adapter):
            write(tracker, line)
        return tracker

    def _tags(self) -> dict[str, str]:
        tags = {"dataset": self.job.config["dataset"], "dataset_version": self.job.dataset_version, "adapter": self.adapter.name}
        return {f"mcq/{name}": value for name, value in tags.items()} | {"mcq/base_model": self.job.train.base_model}

    def _end(self, tracker: Tracker) -> None:
        manifest = read_manifest(self.adapter)
        if manifest is not None:
            # Of several evaluations the newest: each asks something else.
            found = max(finished_evaluations(self.adapter), key=lambda one: one[0].stat().st_mtime, default=None)
            figures, notes = (figures_of(found[1]), {"verdict": found[1]["verdict"]}) if found else ({}, {})
            tracker.conclude(manifest["steps"], figures, {"kept": manifest["kept_because"], **notes})
        tracker.end(manifest is not None)


def open_tracker(job: Job, adapter: Path) -> Tracker:
    """The run of this adapter, where there is one already, in the configured tracker."""
    if job.train.tracker == "tensorboard":
        from pipeline.common.model.tracking.event_files import EventFiles

        return EventFiles(adapter / "tensorboard")
    from pipeline.common.model.tracking.mlflow_run import MlflowRun

    return MlflowRun(job.config["dataset"], adapter.name, job.models)


def write(tracker: Tracker, line: Mapping[str, Any]) -> None:
    """Writes the figures of a line of metrics; a phase has none."""
    if "loss" in line or "validation_loss" in line:
        figures = {name: float(line[name]) for name in FIGURES if line.get(name) is not None}
        tracker.write(line["step"], figures, line["at"])


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, str | float | bool]:
    """Nested settings under names with dots; lists as text.

    >>> flat({"rank": 16, "policy": {"name": "twice_rank", "alpha": None}, "target_modules": ["q_proj", "v_proj"]})
    {'rank': 16, 'policy.name': 'twice_rank', 'policy.alpha': 'null', 'target_modules': 'q_proj, v_proj'}
    """
    found: dict[str, str | float | bool] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found[before + name] = ", ".join(map(str, value))
        else:
            found[before + name] = "null" if value is None else value
    return found


def figures_of(result: Mapping[str, Any]) -> dict[str, float]:
    """An evaluation's figures by mode: of all held-out questions, and of those that its verdict is given on, where they are fewer."""
    parts = {"evaluation": result["modes"]} | ({"headline": result["headline"]["modes"]} if result["others"] is not None else {})
    found: dict[str, float | None] = {}
    for part, modes in parts.items():
        for mode, seen in modes.items():
            low, high = seen["delta_interval"] or (None, None)
            figures = {"questions": seen["n"], "delta": seen["delta"], "delta_low": low, "delta_high": high, "p_value": seen["p_value"]}
            figures |= {f"{name}_{what}": seen[name][what] for name in ("base", "adapter") for what in ("accuracy", "gold_nll")}
            found |= {f"{part}/{mode}/{name}": value for name, value in figures.items()}
    return {name: float(value) for name, value in found.items() if value is not None}
