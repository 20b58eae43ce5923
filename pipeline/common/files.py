"""Files that are there as a whole or not at all, and that say so when they aren't."""

import hashlib
import json
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import DataError


def _process_space() -> str:
    """What process numbers count within: this machine, and in a container its own numbers."""
    with suppress(OSError):
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()


_HOST = hashlib.sha256(_process_space().encode()).hexdigest()[:8]
_ASIDE = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[^.]+\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write to. At the end it is synced and renamed over `path`, and the folder is synced: readers see the
    old file or the new one, also after power loss. When the body raises, the new one is removed.

    A folder that stands in the file's place is moved aside, never removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name tells the process that writes, so that `remove_orphans` knows at once what a killed one left.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{_HOST}-{os.getpid()}-", suffix=".tmp")
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        _sync(aside)
        aside.chmod(0o644)
        if path.is_dir():
            path.rename(_free_name(path))
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replaces a file by these bytes, or this text as UTF-8."""
    with replacing(path) as aside:
        aside.write_bytes(data.encode() if isinstance(data, str) else data)


def write_parquet(path: Path, table: pa.Table, compression: str = "snappy", row_group_size: int | None = None) -> None:
    """Replaces a Parquet file by this table; each of its pages carries a checksum."""
    with replacing(path) as aside:
        pq.write_table(table, aside, compression=compression, row_group_size=row_group_size, write_page_checksum=True)


def read_parquet(path: Path, columns: Sequence[str] | None = None, filters: Any = None) -> pa.Table:
    """The rows of a Parquet file, its checksums verified. Raises DataError when it is gone or damaged."""
    if path.is_dir():  # which pyarrow would read as a table of many files
        raise DataError(f"{path} is damaged (a folder stands in its place)")
    try:
        return pq.read_table(path, columns=columns, filters=filters, partitioning=None, page_checksum_verification=True)
    except FileNotFoundError as error:
        raise DataError(f"{path} is gone") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged ({str(error)[:200]})") from error


def is_whole_parquet(path: Path) -> bool:
    """Whether all rows of a Parquet file can be read."""
    try:
        read_parquet(path)
    except DataError:
        return False
    return True


def json_lines(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The JSON objects of a file that grows by a line each, as text and as value; a line that is cut or damaged is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for text in lines:
        with suppress(ValueError):
            if isinstance(line := json.loads(text), dict):
                found.append((text, line))
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def age(path: Path) -> float:
    """Seconds since a file was written or touched last; 0 for one that was removed meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def remove_orphans(files: Iterator[Path], grace_seconds: float) -> int:
    """Removes those of these files that `replacing` began and never renamed: at once where their process was of this machine and is
    gone, else after `grace_seconds`. Returns their number."""
    removed = 0
    for path in files:
        found = _ASIDE.fullmatch(path.name)
        if found is not None and (_is_gone(found[1], int(found[2])) or age(path) > grace_seconds):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_gone(host: str, process: int) -> bool:
    return host == _HOST and not is_alive(process)


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.aside-{number}") for number in range(1, 1000))
    return next(name for name in names if not name.exists())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
