"""Work that needs torch, as a child process under Dagster Pipes: its memory is freed at its end, and what it tells is live in the UI."""

import json
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from assets.resources.cache_keys import places
from assets.resources.foundry import Foundry
from pipeline.common.files import json_lines, write_atomically
from pipeline.common.store.run_files import ERROR, METRICS
from schemas.config.base import PROJECT_ROOT

warnings.filterwarnings("ignore", message=r"Function `PipesMessageReader", category=dg.PreviewWarning)

POLL_SECONDS = 0.5
# A checkpoint is saved at the end of a step, and a step of an 8B model on a T4 takes half a minute.
STOP_SECONDS = 300
# The UI draws the last 100 events of an asset.
OBSERVATIONS = 80
PLOTTED = ("loss", "validation_loss", "validation_accuracy", "learning_rate", "grad_norm", "samples_seen")

# Progress is told by lines of our own; bars of libraries would run through the run's log.
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1", "TOKENIZERS_PARALLELISM": "false"}

Line = dict[str, Any]
listeners: list[Callable[[str, Line], None]] = []
"""Called with the asset's name and each line of a child's metrics; the command line shows its progress bar by it."""


def run_child(context: dg.AssetExecutionContext, foundry: Foundry, module: str, folder: Path, job: Line) -> None:
    """Runs `python -m module folder/NAME.job.json` to its end. Raises Failure with the child's own words when it fails.

    While it runs, each line of `folder/metrics.jsonl` goes to the listeners, and each that holds a loss becomes an observation.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"config": foundry.config.model_dump(mode="json"), "models": str(foundry.models), "run_id": context.run.run_id, **job}
    job_file = folder / f"{module.rpartition('.')[2]}.job.json"
    write_atomically(job_file, json.dumps(facts, ensure_ascii=False, indent=1).encode())
    error_file = folder / ERROR
    error_file.unlink(missing_ok=True)
    follower = Follower(context, folder / METRICS)
    client = dg.PipesSubprocessClient(cwd=str(PROJECT_ROOT), termination_timeout_seconds=STOP_SECONDS)
    command = [sys.executable, "-m", module, str(job_file)]
    try:
        with follower:
            client.run(context=context, command=command, env=QUIET)
    except dg.DagsterExecutionInterruptedError:
        raise
    except Exception as error:
        said = error_file.read_text(encoding="utf-8") if error_file.exists() else "it left no message; the step's stderr has its last words"
        raise dg.Failure(f"{module}: {said}", metadata={"folder": dg.MetadataValue.path(str(folder))}, allow_retries=False) from error


def run_the_rest(context: dg.AssetExecutionContext, foundry: Foundry, module: str, folder: Path, base: str, limits: Line) -> None:
    """Has a child do what isn't done yet of many trainings, within limits (None: no limit). With 0 minutes and what all of them share
    (the file `base`) there, no child is started."""
    job: Line = {**places(foundry).job(folder)} | {name: limit for name, limit in limits.items() if limit is not None}
    if limits["minutes"] != 0 or not (folder / base).is_file():
        run_child(context, foundry, module, folder, job)


def minutes_of(context: dg.AssetExecutionContext, tag: str) -> float | None:
    """The minutes that a run's tag allows; None: as many as it takes."""
    return float(context.run.tags[tag]) if tag in context.run.tags else None


class Follower:
    """Reads a growing file of JSON lines in a thread of its own, for as long as the context is open."""

    def __init__(self, context: dg.AssetExecutionContext, path: Path) -> None:
        self.context, self.path = context, path
        self.key = context.asset_key
        # What an earlier, interrupted run said of its phases is old news; its losses belong to the curve.
        self.seen = {text for text, _ in json_lines(path) if "loss" not in text}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "Follower":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()

    def _follow(self) -> None:
        while not self.stop.wait(POLL_SECONDS):
            self._read()
        self._read()

    def _read(self) -> None:
        # The whole file each time: a resumed run replaces it by one without the steps that it takes again.
        for text, line in json_lines(self.path):
            if text not in self.seen:
                self.seen.add(text)
                self._tell(line)

    def _tell(self, line: Line) -> None:
        for listener in listeners:
            listener(self.key.path[-1], line)
        numbers = {key: float(line[key]) for key in PLOTTED if line.get(key) is not None}
        every = max(1, -(-int(line.get("total_steps") or 0) // OBSERVATIONS))
        if "validation_loss" in numbers or ("loss" in numbers and int(line["step"]) % every == 0):
            self.context.log_event(dg.AssetObservation(self.key, metadata=numbers))
        elif "phase" in line and "done" not in line:
            self.context.log.info(line["phase"])
