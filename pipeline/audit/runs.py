"""Finished evaluations with the adapters that they are of, and which of them a person means."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.common.store.run_files import EVALUATIONS, MANIFEST, RESULT
from pipeline.common.store.runs import finished_adapters, finished_evaluations, read_manifest
from schemas.errors import DataError

JOB = "evaluation.job.json"


class Run(NamedTuple):
    """A finished evaluation: its folder, its result, and the manifest of the adapter that it is of."""

    folder: Path
    manifest: Mapping[str, Any]
    result: Mapping[str, Any]

    @property
    def adapter(self) -> Path:
        """The adapter's folder."""
        return self.folder.parent.parent

    @property
    def name(self) -> str:
        """`<adapter>/<evaluation>`."""
        return f"{self.adapter.name}/{self.folder.name}"

    @property
    def ended(self) -> datetime:
        """When its result was written, by the file's date."""
        return datetime.fromtimestamp((self.folder / RESULT).stat().st_mtime, UTC)

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of the training, with the block `evaluate` of the evaluation itself where it is known."""
        config = dict(self.manifest.get("config") or {})
        with suppress(OSError, ValueError, KeyError, TypeError):
            config["evaluate"] = json.loads((self.folder / JOB).read_text(encoding="utf-8"))["config"]["evaluate"]
        return config

    @property
    def headline(self) -> Mapping[str, Any]:
        """What base and adapter answered on the questions of the verdict, in the mode that it is given on; empty for an older form."""
        return _part(self.result.get("headline"), self.result.get("primary"))

    @property
    def others(self) -> Mapping[str, Any]:
        """The same of all other questions; empty where there are none."""
        return _part(self.result.get("others"), self.result.get("primary"))

    @property
    def sources(self) -> Any:
        """The sources of the headline, or "all"."""
        return (self.result.get("headline") or {}).get("sources", "all")


def finished_runs(adapters: Path) -> list[Run]:
    """All finished evaluations below a folder of adapters, newest first."""
    runs = [
        Run(evaluation, manifest, result)
        for adapter, manifest in finished_adapters(adapters.glob("*"))
        for evaluation, result in finished_evaluations(adapter)
    ]
    return sorted(runs, key=lambda run: (run.ended, run.name), reverse=True)


def find_run(name: str, runs: Sequence[Run], adapters: Path) -> Run:
    """The run of this name, or unambiguous beginning of one: an adapter's (of its evaluations the newest), an evaluation's, both with a
    slash between, or the path of its folder.

    Args:
        runs: all of the dataset, newest first.
        adapters: the folder that they lie in.

    Raises DataError that says what the name is instead: several runs, one that isn't finished, one of another dataset.
    """
    parts = [part for part in Path(name).parts if part != EVALUATIONS]
    parts = parts[parts.index("adapters") + 1 :] if "adapters" in parts else parts
    if not 1 <= len(parts) <= 2:
        raise DataError(f"{name!r} names no run; give an adapter's id or its beginning, or ADAPTER/EVALUATION")
    found = [run for run in runs if parts[0] in (run.adapter.name, run.folder.name)] if len(parts) == 1 else []
    found = found or [run for run in runs if _means(run, parts)]
    by_adapter = all(run.adapter.name.startswith(parts[0]) for run in found) and len(parts) == 1
    if len({run.adapter if by_adapter else run.folder for run in found}) > 1:
        raise DataError(f"{name!r} is the beginning of {len(found)} runs: {', '.join(run.name for run in found)}; give more of it")
    if found:
        return found[0]
    raise DataError(_what_it_is(name, parts[0], runs, adapters))


def _part(part: Any, mode: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ((part or {}).get("modes") or {}).get(mode) or {}
    return found


def _means(run: Run, parts: Sequence[str]) -> bool:
    if len(parts) == 2:
        return run.adapter.name.startswith(parts[0]) and run.folder.name.startswith(parts[1])
    return any(folder.name.startswith(parts[0]) for folder in (run.adapter, run.folder))


def _what_it_is(name: str, begins: str, runs: Sequence[Run], adapters: Path) -> str:
    for folder in _beginning(adapters, begins):
        if read_manifest(folder) is None:
            damaged = "; its manifest is damaged: restore it" if (folder / MANIFEST).exists() else ""
            return f"adapter {folder.name} isn't finished{damaged or '; run the same `mcq run` again, which resumes its training'}"
        if not any(finished_evaluations(folder)):
            damaged = "; its result is damaged" if any(folder.glob(f"{EVALUATIONS}/*/{RESULT}")) else ""
            return f"adapter {folder.name} has no finished evaluation{damaged}; `mcq run` under its configuration makes it"
    for other in sorted(adapters.parent.parent.glob("*/adapters")):
        if other != adapters and (_beginning(other, begins) or [*other.glob(f"*/{EVALUATIONS}/{_literal(begins)}*")]):
            return (
                f"{name!r} is a run of dataset {other.parent.name!r}, not of {adapters.parent.name!r}; name its configuration with --config"
            )
    known = ", ".join(run.name for run in runs) or "none; `mcq run` makes one"
    return f"there is no run {name!r}; finished: {known}"


def _beginning(folder: Path, begins: str) -> list[Path]:
    return sorted(path for path in folder.glob(f"{_literal(begins)}*") if path.is_dir())


def _literal(text: str) -> str:
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in text)
