"""Whether all that was published and trained is as it was written: every table by its rows, every adapter by its files."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.common.files import is_whole_parquet
from pipeline.common.store.lake import Lake
from pipeline.common.store.run_files import EVALUATIONS, PREDICTIONS, RESULT
from pipeline.common.store.runs import adapter_damage, damaged_manifests, finished_adapters, is_whole
from schemas.errors import DataError


class Health(NamedTuple):
    """What was looked at, and of each thing that is damaged, what is wrong and the cure."""

    versions: int
    tables: int
    adapters: int
    damage: list[str]


def examine(lake: Lake, adapters: Iterable[Path]) -> Health:
    """Reads every table of every version, and every file that a manifest names. Takes as long as reading them takes."""
    versions = lake.versions()
    tables = sorted({pair for version in versions for pair in version.tables.items()})
    folders = sorted(adapters)
    damage = [*_pointer(lake), *_versions(lake)]
    for asset, table_hash in tables:
        try:
            lake.arrow(asset, table_hash)
        except DataError as error:
            damage.append(str(error))
    return Health(len(versions), len(tables), len(list(finished_adapters(folders))), [*damage, *_adapters(folders)])


def _pointer(lake: Lake) -> Iterator[str]:
    try:
        lake.current()
    except DataError as error:
        yield str(error)


def _versions(lake: Lake) -> Iterator[str]:
    for path in lake.strangers():
        try:
            lake.version(path.stem)
        except DataError as error:
            yield str(error)


def _adapters(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        if damaged := damaged_manifests([folder]):
            yield damaged[0]
        elif damage := adapter_damage(folder):
            yield f"{damage}; `mcq run` trains it again where it is today's adapter, else restore it, or move the folder away"
        for result in sorted(folder.glob(f"{EVALUATIONS}/*/{RESULT}")):
            if not is_whole(result.parent):
                what = RESULT if is_whole_parquet(result.parent / PREDICTIONS) else PREDICTIONS
                yield f"{result.parent / what} is damaged; `mcq run` evaluates again where it is today's adapter, else restore it"
