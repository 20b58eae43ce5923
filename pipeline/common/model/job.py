"""What the parent process hands to a child, and how a child tells it what happens. Imports no torch."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from dagster_pipes import PipesContext, open_dagster_pipes
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.common.files import json_lines, write_atomically
from pipeline.common.model.threads import THREADS
from pipeline.common.quiet import mute_training_libraries
from pipeline.common.store.run_files import ERROR
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError, PipelineError

INTERRUPTED = 130
log = logging.getLogger("mcq")


class Job(BaseModel):
    """One piece of work for a child process, read from a JSON file.

    `config` is the whole configuration, for the record; a child reads the blocks that it works by, and hangs on no other.
    `plan` is the memory that was planned for it, for the record too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: dict[str, Any]
    questions: Path
    examples: Path
    output: Path
    models: Path
    dataset_version: str
    run_id: str
    plan: dict[str, Any] | None = None

    @cached_property
    def train(self) -> TrainConfig:
        """The block `train`."""
        return TrainConfig.model_validate(self.config["train"])

    @cached_property
    def render(self) -> RenderConfig:
        """The block `render`."""
        return RenderConfig.model_validate(self.config["render"])


AnyJob = TypeVar("AnyJob", bound=Job)


class Progress:
    """Appends JSON lines to a file that the parent follows, each flushed at once, and says phases on stderr too.

    `listener` is called with each line that was added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listener: Callable[[dict[str, Any]], None] | None = None

    def write(self, line: dict[str, Any]) -> None:
        """Adds one line, and when it was told (`at`, seconds since 1970)."""
        told = {**line, "at": round(time.time(), 3)}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(told, ensure_ascii=False) + "\n")
        if self.listener is not None:
            self.listener(told)

    def phase(self, name: str) -> None:
        """Says what begins now."""
        log.info(name)
        self.write({"phase": name})

    def lines(self) -> list[dict[str, Any]]:
        """All that was told, in order."""
        return [line for _, line in json_lines(self.path)]

    def forget_after(self, step: int) -> None:
        """Drops what was told of steps after `step`: a resumed run takes them again."""
        if self.path.exists():
            kept = [text for text, line in json_lines(self.path) if line.get("step", 0) <= step]
            write_atomically(self.path, "".join(text + "\n" for text in kept))


def read_job(path: Path, kind: type[AnyJob]) -> AnyJob:
    """Raises ConfigError when the file is no job of this kind."""
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path} is no job file: {error}") from error


def run_child(main: Callable[[AnyJob], None], kind: type[AnyJob]) -> int:
    """Reads the job named on the command line and does it; returns the exit code.

    0: done. 1: a PipelineError, said in its own words on stderr (with the traceback when MCQ_DEBUG=1). 130: interrupted.
    SIGTERM does what SIGINT does.
    """
    # Threads that spin while they wait make two processes on the same cores 20 times slower, not 2; threads that sleep at once make
    # one process 1.6 times slower. So they spin for a fraction of a millisecond. Read when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "200000")
    THREADS.choose()
    mute_training_libraries()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    # Under Dagster the parent shows the steps, as a bar.
    log.setLevel(logging.INFO if "DAGSTER_PIPES_CONTEXT" in os.environ else logging.DEBUG)
    signal.signal(signal.SIGTERM, _interrupt)
    if len(sys.argv) != 2:
        print(f"usage: python -m {Path(sys.argv[0]).parent.name} JOB.json", file=sys.stderr)
        return 2
    with _under_pipes():
        try:
            main(read_job(Path(sys.argv[1]), kind))
        except PipelineError as error:
            if os.environ.get("MCQ_DEBUG") == "1":
                raise
            # Beside the job file: the parent shows it where people look for the reason.
            write_atomically(Path(sys.argv[1]).with_name(ERROR), str(error))
            log.error("%s", error)
            return 1
        except KeyboardInterrupt:
            log.info("interrupted")
            return INTERRUPTED
    return 0


@contextmanager
def _under_pipes() -> Iterator[None]:
    """Sends what is logged to Dagster too, when it started this process (Dagster Pipes)."""
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        yield
        return
    with open_dagster_pipes() as pipes:
        handler = _PipesHandler(pipes)
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)


class _PipesHandler(logging.Handler):
    def __init__(self, pipes: PipesContext) -> None:
        super().__init__()
        self.pipes = pipes

    def emit(self, record: logging.LogRecord) -> None:
        getattr(self.pipes.log, record.levelname.lower(), self.pipes.log.info)(self.format(record))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
