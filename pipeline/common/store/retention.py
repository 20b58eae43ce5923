"""What may be removed from a lake, and when: nothing that a version, a run at work, or a reader of a moment ago still needs.

A run at work holds a lease, a file in its folder of the lake that it touches again and again. So every process that shares the data
root knows of it, whatever run history that process keeps.
"""

import contextlib
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.common.files import age, remove_orphans
from pipeline.common.store.lake import Lake, Version, read_memo
from schemas.errors import DataError

LEASE = ".lease"
# The note of a run that reads one version to its end.
VERSION = "version"
HEARTBEAT_SECONDS = 30.0
# So many heartbeats may be missed before a run counts as gone.
LEASE_SECONDS = 10 * HEARTBEAT_SECONDS


@contextmanager
def lease(lake: Lake, runs: Sequence[str]) -> Iterator[None]:
    """Marks these runs as at work while the context is open. Raises OSError when the lake can't be written to."""
    files = [lake.run_folder(run_id) / LEASE for run_id in runs]
    stop = threading.Event()

    def touch() -> None:
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):
                touch()

    touch()
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for file in files:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
                file.parent.rmdir()  # where the run noted nothing


def clean(lake: Lake, keep: int, grace_seconds: float, pinned: Iterable[str]) -> int:
    """Removes versions, and then tables, run notes and memos that nobody needs. Returns the number of files removed.

    Kept are CURRENT, the last `keep` versions, those whose dataset_version is pinned, and whatever was current, or written or used,
    within `grace_seconds`: a reader that began with a version ends with it. Call under `lake.lock()`.

    Raises:
        DataError: something among the versions can't be read, so that nobody can say which tables it needs; nothing was removed.
    """
    current = lake.current()
    if strangers := lake.strangers():
        names = ", ".join(path.name for path in strangers[:5])
        raise DataError(f"{names} in {strangers[0].parent} can't be read as a version; restore or move it: until then nothing is removed")
    removed = remove_orphans(lake.root.rglob(".*.tmp"), grace_seconds)
    if current is None:
        return removed
    named = set()
    for version, reasons in kept_versions(lake, keep, grace_seconds, pinned):
        if reasons:
            named |= set(version.tables.items())
        else:
            (lake.root / "versions" / f"{version.name}.json").unlink()
            removed += 1
    for folder in (lake.root / "runs").glob("*"):
        if _at_work(folder, grace_seconds):
            notes = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
            named |= {(path.name, path.read_text(errors="replace")) for path in notes}
        else:
            shutil.rmtree(folder, ignore_errors=True)
    # A folder in a file's place is somebody's, here and below.
    for path in filter(Path.is_file, lake.root.glob("*/*.parquet")):
        if (path.parent.name, path.stem) not in named and age(path) > grace_seconds:
            path.unlink(missing_ok=True)
            removed += 1
    for file in filter(Path.is_file, lake.root.glob("memo/*/[!.]*")):
        memo = read_memo(file)
        if memo is None or not all(lake.table_path(*pair).exists() for pair in memo["tables"].items()):
            file.unlink(missing_ok=True)
    return removed


def kept_versions(lake: Lake, keep: int, grace_seconds: float, pinned: Iterable[str]) -> list[tuple[Version, list[str]]]:
    """Every version, oldest first, and why cleaning leaves it, in words; no reason for one that it would remove. Raises DataError."""
    current, versions, pins = lake.current(), lake.versions(), set(pinned)
    read = {path.read_text(errors="replace") for path in lake.root.glob(f"runs/*/{VERSION}") if _at_work(path.parent, grace_seconds)}
    found = []
    for place, version in enumerate(versions):
        file = lake.root / "versions" / f"{version.name}.json"
        reasons = {
            "CURRENT": version == current,
            f"one of the last {keep}": place >= len(versions) - keep,
            "an adapter names it": version.dataset_version in pins,
            "a run reads it": version.name in read,
            "readers may still be at it": age(file) <= grace_seconds,
        }
        found.append((version, [reason for reason, holds in reasons.items() if holds]))
    return found


def _at_work(folder: Path, grace_seconds: float) -> bool:
    """Whether a run's folder holds a lease that still beats, or was written to a moment ago."""
    mark = folder / LEASE
    if mark.exists() and age(mark) <= max(LEASE_SECONDS, grace_seconds):
        return True
    return folder.is_dir() and any(age(path) <= grace_seconds for path in (folder, *folder.iterdir()))
