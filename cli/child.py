"""A child process that holds a model, started by a command outside Dagster: its progress on stderr, its errors in its own words."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from assets.children import QUIET
from cli.display import Display
from cli.options import err
from pipeline.common.files import write_atomically
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError

LOG = "log.txt"
INTERRUPTED = 130


def run_child(module: str, folder: Path, job: Mapping[str, Any], goes_on: str) -> list[dict[str, Any]]:
    """Runs `python -m module folder/job.json` to its end, and gives what it told but for progress.

    Raises TrainingError with the child's own words. Ctrl-C ends the child, says what goes on from there (`goes_on`), and exits 130.
    """
    write_atomically(folder / "job.json", json.dumps(job, ensure_ascii=False, indent=1) + "\n")
    told: list[dict[str, Any]] = []
    with (folder / LOG).open("w", encoding="utf-8") as log, Display("") as display:
        # A session of its own: the terminal's Ctrl-C comes here alone, and the child is told once.
        child = subprocess.Popen(
            [sys.executable, "-m", module, str(folder / "job.json")],
            cwd=PROJECT_ROOT,
            env=os.environ | QUIET,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            start_new_session=True,
        )
        assert child.stdout is not None
        try:
            for text in child.stdout:
                line = _read(text)
                if "phase" in line and "done" not in line:
                    display.progress.console.print(line["phase"])
                elif "done" in line:
                    display.line(module.rpartition(".")[2], line)
                elif line:
                    told.append(line)
            code = child.wait()
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            err.print(f"interrupted; {goes_on}")
            raise typer.Exit(INTERRUPTED) from None
    if code:
        raise TrainingError(next((line["error"] for line in told if "error" in line), None) or _last_words(folder, module, code))
    return told


def _read(text: str) -> dict[str, Any]:
    """A line that the child told; of a library's print nothing."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _last_words(folder: Path, module: str, code: int) -> str:
    last = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    how = f"it was ended by signal {-code} (9: memory ran out, or someone killed it)" if code < 0 else f"exit code {code}"
    return f"{module} left no message: {how}; {folder / LOG} has its last words{': ' + last[0] if last else ''}"
