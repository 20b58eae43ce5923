"""Stage 1, ingest: the files of every source become one row a record, verbatim. Whatever can't be read is a row as well,
with its reason: no file and no row raises."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.common.parallel import collector_paused, start_processes
from pipeline.common.text import canonical_json, short_hash
from pipeline.ingest.formats import read_bytes
from pipeline.ingest.items import FileItems, Item
from schemas.config import Config
from schemas.config.sources import SourceConfig
from schemas.errors import ConfigError, DataError
from schemas.reasons import Reason
from schemas.tables.arrow import to_frame
from schemas.tables.curation import RawRecord

# Files of so many bytes hold questions enough for the later stages to want every core.
BYTES_WORTH_A_PROCESS = 5_000_000


def source_files(config: Config, source: SourceConfig) -> list[Path]:
    """Files of a source in path order. Raises ConfigError when its globs find none, or one outside the root.

    Errors name the root as it is written, since what an environment variable holds may be secret.
    """
    root, written = config.root_path, config.root
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise ConfigError(f"root {written} is no folder; set `root:` (or the environment variable it names) to where the sources lie")
    found: set[Path] = set()
    for pattern in source.patterns:
        relative = _below_root(pattern, config, source.name)
        try:
            found |= {path for path in root.glob(relative) if path.is_file()}
        except (OSError, ValueError, IndexError):  # `a**`, `.`, a name that is too long
            raise ConfigError(f"source {source.name}: {pattern[:200]!r} is no glob; `*.csv` and `**/*.csv` are") from None
    if outside := sorted(path.relative_to(root).as_posix() for path in found if not path.resolve().is_relative_to(root)):
        raise ConfigError(f"source {source.name}: {outside[0]} is a link that leaves the root {written}; copy the file below it")
    if not found:
        raise ConfigError(f"source {source.name}: no file matches {', '.join(source.patterns)} below {written}; check `path:` and `root:`")
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _below_root(pattern: str, config: Config, name: str) -> str:
    if not Path(pattern).is_absolute():
        return pattern
    if not Path(pattern).is_relative_to(config.root_path):
        raise ConfigError(f"source {name}: {pattern} is not below the root {config.root}; set `root:` to a folder that holds all sources")
    return Path(pattern).relative_to(config.root_path).as_posix()


def files_without_records(config: Config, raw: pd.DataFrame) -> list[str]:
    """Files that were read and gave no record: empty, or a header alone."""
    found = {path.relative_to(config.root_path).as_posix() for source in config.sources for path in source_files(config, source)}
    return sorted(found - set(raw["file"].tolist()))


def read_file(path: Path, reader: str) -> tuple[FileItems, str]:
    """Items of one file and the SHA-256 of its bytes. A file that can't be read gives one rejected item."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return FileItems([Item("file:1", None, Reason.UNREADABLE_FILE, str(error.strerror))], reader, None), ""
    digest = hashlib.sha256(data).hexdigest()
    try:
        return read_bytes(data, path.suffix, reader), digest
    except DataError as error:
        payload = {"unreadable_file": digest}
        return FileItems([Item("file:1", payload, Reason.UNREADABLE_FILE, str(error))], reader, None), digest


def ingest(config: Config) -> pd.DataFrame:
    """RawRecord rows of all sources, in source, file and position order.

    `record_id` hashes (source, payload, occurrence number among the source's equal payloads), so it survives
    inserted rows and reordered or renamed files.

    Raises:
        ConfigError: a source matches no file.
    """
    found = [(source, source_files(config, source)) for source in config.sources]
    if sum(path.stat().st_size for _, files in found for path in files) > BYTES_WORTH_A_PROCESS:
        start_processes()
    with collector_paused():
        return to_frame(_records(config, found), RawRecord)


def _records(config: Config, found: list[tuple[SourceConfig, list[Path]]]) -> Iterator[dict[str, Any]]:
    for source, files in found:
        occurrences: Counter[str] = Counter()
        for path in files:
            name = path.relative_to(config.root_path).as_posix()
            content, digest = read_file(path, source.reader)
            for item in content.items:
                payload = item.payload if isinstance(item.payload, str) else canonical_json(item.payload)
                payload = payload.encode("utf-8", "replace").decode("utf-8")
                occurrences[payload] += 1
                yield {
                    "record_id": short_hash(source.name, payload, str(occurrences[payload])),
                    "source": source.name,
                    "role": source.role,
                    "file": name,
                    "locator": f"{name}#{item.locator}",
                    "reader": content.reader,
                    "encoding": content.encoding,
                    "file_sha256": digest,
                    "payload": payload,
                    "reason_codes": [item.reason] if item.reason else [],
                    "detail": item.detail,
                }
