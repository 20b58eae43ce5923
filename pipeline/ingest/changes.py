"""When a refresh is due: the sources' files differ from those of the last refresh, and nobody is writing them any more."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.common.text import short_hash
from pipeline.ingest.files import printable, source_files
from schemas.config import Config
from schemas.errors import ConfigError, DataError


class Sighting(NamedTuple):
    """What one look at the raw files saw. Both are hashes over path, size and modification time of every file."""

    files: str
    refreshed: str


def find_changes(config: Config, before: Sighting | None, others: Sequence[Path] = ()) -> tuple[Sighting, bool, str]:
    """The new sighting, whether a refresh is due, and in words why not. `others` are files that count beside those of the sources, such as
    the reviewers' decisions; they need not be there.

    The first look takes the files as known: the watch reacts to changes, it doesn't start with a run. After a change the
    files must look the same on two looks in a row, so that a half-copied file is never read. Raises DataError where the files can't be
    listed; what was seen before stands.
    """
    try:
        parts = []
        for source in config.sources:
            for path in source_files(config, source):
                parts.append(f"{source.name} {path} {_state(path)}")
    except (ConfigError, OSError) as error:
        # An OSError's own text names the file by its whole path, and what a variable in `root` holds may be secret.
        why = str(error.strerror) if isinstance(error, OSError) else str(error)
        raise DataError(f"the raw files can't be listed: {printable(why)}") from None
    files = short_hash(*parts, *map(_state, others))
    if before is None:
        return Sighting(files, files), False, f"first look: {len(parts)} files are taken as known"
    if files == before.refreshed:
        return Sighting(files, before.refreshed), False, f"nothing new in {len(parts)} files"
    if files != before.files:
        return Sighting(files, before.refreshed), False, f"{len(parts)} files, some of them new or changed; waiting until they stand still"
    return Sighting(files, files), True, ""


def _state(path: Path) -> str:
    """Size and time; a file that can't be looked at (gone since it was listed, a link to nothing) is in a state of its own."""
    try:
        state = path.stat()
    except OSError as error:
        return f"errno {error.errno}"
    return f"{state.st_size} {state.st_mtime_ns}"
