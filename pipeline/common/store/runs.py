"""Finished adapters and evaluations, read back.

<models>/<dataset>/examples/<id>/      questions and rendered examples of one published version and prompt
<models>/<dataset>/adapters/<id>/      adapter, manifest, metrics, samples; below it evaluations/<id>/ with predictions and result
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.common.store.run_files import EVALUATIONS, MANIFEST, METRICS, RESULT


def finished_adapters(folders: Iterable[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Those of these folders that hold a finished adapter, by name, each with its manifest."""
    for folder in sorted(folders):
        if (manifest := read_manifest(folder)) is not None:
            yield folder, manifest


def twins(adapters: Iterable[Path], dataset_version: str, config: Mapping[str, Any]) -> list[str]:
    """Names of the finished adapters of one dataset version and of these blocks of the configuration: only the code that trained
    them differs."""
    return [
        folder.name
        for folder, manifest in finished_adapters(adapters)
        if manifest["dataset_version"] == dataset_version and {block: manifest.get("config", {}).get(block) for block in config} == config
    ]


def finished_evaluations(adapter: Path) -> list[Path]:
    """The folders of an adapter's finished evaluations, by name."""
    return sorted(path.parent for path in adapter.glob(f"{EVALUATIONS}/*/{RESULT}"))


def read_manifest(adapter: Path) -> dict[str, Any] | None:
    """What a finished adapter says of itself; None for an unfinished one."""
    return _read(adapter / MANIFEST)


def read_result(evaluation: Path) -> dict[str, Any] | None:
    """What a finished evaluation found; None for an unfinished one."""
    return _read(evaluation / RESULT)


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """What a child process told of its work, in order."""
    file = folder / METRICS
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def _read(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
