"""Progress of a run on stderr: one line an asset, a bar for training and evaluation; plain lines where there is no terminal."""

import html
import time
from typing import Any

import dagster as dg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assets.failures import told_sentence, why_failed
from cli.options import err, styled
from pipeline.common.escapes import WORD_JOINER

PLAIN_SECONDS = 10.0
TICK, WARNS, CROSS = ("✓", "green"), ("!", "yellow"), ("✗", "bold red")


class Display:
    """Shows the events of one run, and the metrics of its child processes."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.started: dict[str, float] = {}
        self.last_plain = 0.0
        self.interrupted = False
        # Why the run failed, in plain words.
        self.why = ""
        self.bars: dict[str, Any] = {}
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        self.progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)

    def __enter__(self) -> "Display":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def event(self, event: dg.DagsterEvent) -> None:
        """Shows one event of the run."""
        kind, step = event.event_type, event.step_key or ""
        if kind == dg.DagsterEventType.STEP_START:
            self.started[step] = time.monotonic()
        elif kind == dg.DagsterEventType.ASSET_MATERIALIZATION:
            self._finish_bar()
            materialization = event.step_materialization_data.materialization
            rows = materialization.metadata.get("dagster/row_count")
            seconds = time.monotonic() - self.started.get(step, time.monotonic())
            name, why = materialization.asset_key.path[-1], materialization.metadata.get("computed")
            counted = f"{rows.value:>8,} rows" if rows else ""
            self._say(f" {name:<20} {counted:<13} {seconds:6.1f} s  {why.value if why else ''}".rstrip(), TICK)
        elif kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity == dg.AssetCheckSeverity.WARN:
                self._say(f" {check.check_name} of {check.asset_key.path[-1]}: {check.description or _plain(check.metadata)}", WARNS)
            elif not check.passed:
                self._say(f" check {check.check_name} of {check.asset_key.path[-1]} failed: {_plain(check.metadata)}", CROSS)
        elif kind == dg.DagsterEventType.STEP_FAILURE:
            self._finish_bar()
            why = why_failed(event)
            self.why = self.why or why
            self.interrupted = self.interrupted or "Interrupted" in why
            self._say(f" {step}: {'interrupted' if 'Interrupted' in why else why}", CROSS)
        elif kind in (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED):
            if kind == dg.DagsterEventType.RUN_FAILURE and not self.why:
                self.why = why_failed(event)
                self._say(f" {self.why}", CROSS)
            what = "was interrupted; run it again to continue" if self.interrupted or kind == dg.DagsterEventType.RUN_CANCELED else "failed"
            self._say(f"run {self.run_id[:8]} {what}; the published dataset is as it was, unless `dataset` stands above with a tick")
            if self.why and not self.interrupted:
                self._say(told_sentence(self.why))

    def line(self, asset: str, line: dict[str, Any]) -> None:
        """Shows one line that a child process wrote; called from the thread that follows it."""
        if "validation_loss" in line and (right := line.get("validation_right")) is not None:
            before = f"epoch {line['epoch']}" if line["epoch"] else "before training"
            asked = f"{right} of {line['validation_questions']} validation questions right"
            self._say(f"  {asset}: {before}, {asked}, validation loss {line['validation_loss']:.3f}")
        total = line.get("total_steps") or line.get("total")
        done = line.get("step") if "total_steps" in line else line.get("done")
        if total is None or done is None:
            return  # a phase: the child has said it on stderr
        label = f"{asset}{': ' + str(line['phase']) if line.get('phase') else ''}"
        parts = [f"loss {line['loss']:.3f}"] if isinstance(line.get("loss"), float) else []
        parts += [f"{_clock(line['eta_s'])} left"] if line.get("eta_s") is not None else []
        note = ", ".join(parts)
        if err.is_terminal:
            if label not in self.bars:
                self._finish_bar()
                self.bars[label] = self.progress.add_task(label, total=total, note=note)
            self.progress.update(self.bars[label], completed=done, note=note)
        elif time.monotonic() - self.last_plain > PLAIN_SECONDS or done == total:
            self.last_plain = time.monotonic()
            self._say(f"  {label}: {done}/{total} {note}")

    def _finish_bar(self) -> None:
        for task in self.bars.values():
            self.progress.remove_task(task)
        self.bars.clear()

    def _say(self, text: str, *before: tuple[str, str]) -> None:
        self.progress.console.print(styled(*before, text), soft_wrap=True)


def _plain(metadata: Any) -> str:
    """Metadata in words; what was escaped for Markdown reads here as it was."""
    parts = []
    for key, value in metadata.items():
        text = html.unescape(str(getattr(value, "value", value))).replace(WORD_JOINER, "")
        parts.append(f"\n{text}" if "\n" in text else f"{key} {text}")
    return " ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
