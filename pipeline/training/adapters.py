"""What finished and running trainings left in their folders."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def manifests(adapters: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and manifest of every finished adapter below a folder, by name."""
    for path in sorted(adapters.glob("*/manifest.json")):
        yield path.parent.name, json.loads(path.read_text(encoding="utf-8"))


def twins(adapters: Path, dataset_version: str, config: Mapping[str, Any]) -> list[str]:
    """Names of the finished adapters of one dataset version and of these blocks of the configuration: only the code that trained
    them differs."""
    return [
        name
        for name, manifest in manifests(adapters)
        if manifest["dataset_version"] == dataset_version and {block: manifest.get("config", {}).get(block) for block in config} == config
    ]


def metrics_lines(folder: Path) -> list[dict[str, Any]]:
    """What a training told of its steps, in order."""
    file = folder / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
