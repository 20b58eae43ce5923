"""Finished adapters and evaluations, read back.

<models>/<dataset>/examples/<id>/      questions and rendered examples of one published version and prompt
<models>/<dataset>/adapters/<id>/      adapter, manifest, metrics, samples; below it evaluations/<id>/ with predictions and result

A manifest or result that is damaged counts as absent: what it tells of is made again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.common.files import file_hash, is_whole_parquet, json_lines
from pipeline.common.store.run_files import EVALUATIONS, MANIFEST, METRICS, PREDICTIONS, RESULT
from schemas.errors import DataError


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


def finished_evaluations(adapter: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folders of an adapter's finished evaluations, by name, each with its result."""
    for path in sorted(adapter.glob(f"{EVALUATIONS}/*/{RESULT}")):
        if (result := read_result(path.parent)) is not None:
            yield path.parent, result


def read_manifest(adapter: Path) -> dict[str, Any] | None:
    """What a finished adapter says of itself; None for an unfinished one, and for one whose manifest is damaged."""
    try:
        return _read(adapter / MANIFEST, "dataset_version")
    except DataError:
        return None


def damaged_manifests(adapters: Iterable[Path]) -> list[str]:
    """Of each manifest that is there and can't be read, what is wrong, and the cure."""
    found = []
    for folder in sorted(adapters):
        try:
            _read(folder / MANIFEST, "dataset_version")
        except DataError as error:
            found.append(f"{error}; train again with `mcq run` where it is today's adapter, else restore it, or move the folder away")
    return found


def adapter_damage(adapter: Path) -> str | None:
    """What is wrong with a finished adapter: a file that its manifest names is gone or has other bytes. None when it is whole."""
    try:
        manifest = _read(adapter / MANIFEST, "dataset_version") or {}
    except DataError as error:
        return str(error)
    for name, digest in manifest.get("files", {}).items():
        try:
            if file_hash(adapter / name) != digest:
                return f"{adapter / name} isn't the file that was saved"
        except OSError as error:
            return f"{adapter / name} can't be read ({error.strerror})"
    return None


def discard(adapter: Path) -> None:
    """Takes the manifest of a damaged adapter aside, so that it counts as unfinished and is trained again; and the results of its
    evaluations, which tell of weights that are gone."""
    for file in [adapter / MANIFEST, *adapter.glob(f"{EVALUATIONS}/*/{RESULT}")]:
        if file.exists():
            file.replace(file.with_name(f"{file.name}.damaged"))


def read_result(evaluation: Path) -> dict[str, Any] | None:
    """What a finished evaluation found; None for an unfinished one, and for one whose result is damaged."""
    try:
        return _read(evaluation / RESULT, "verdict")
    except DataError:
        return None


def comparisons(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What an evaluation compared, under names for people: the questions that its verdict is given on, then all others, in each mode.

    >>> list(comparisons({"headline": {"sources": ["a", "b"], "modes": {"cloze": {}}}, "others": {"modes": {"cloze": {}}}}))
    ['cloze, a + b', 'cloze, others']
    """
    headline, others = result["headline"], result["others"]
    if others is None:
        return dict(headline["modes"])
    named = " + ".join(headline["sources"])
    return {f"{mode}, {part}": found for part, one in ((named, headline), ("others", others)) for mode, found in one["modes"].items()}


def is_whole(evaluation: Path) -> bool:
    """Whether an evaluation is finished, and its answers can be read."""
    return read_result(evaluation) is not None and is_whole_parquet(evaluation / PREDICTIONS)


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """What a child process told of its work, in order, without lines that are damaged."""
    return [line for _, line in json_lines(folder / METRICS)]


def _read(file: Path, required: str) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):  # among the adapters lies the lock of trainings, a file
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is damaged ({error})") from error
    if not isinstance(found, dict) or required not in found:
        raise DataError(f"{file} is damaged (it names no {required})")
    return found
