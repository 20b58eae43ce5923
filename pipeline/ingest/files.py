"""The files of a source and their bytes. Whatever a folder holds is listed, and each file by itself is read or refused: a file that
vanishes, may not be read, or is a pipe or a device, ends nothing."""

import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from schemas.config import Config, expand
from schemas.config.base import PROJECT_ROOT
from schemas.config.sources import SourceConfig
from schemas.errors import ConfigError, DataError

# Read whole, a file takes about ten times its size in memory. The largest set of questions we know of has 140 MB.
MAX_FILE_BYTES = 512 * 2**20
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_KINDS = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
Found = list[tuple[SourceConfig, list[Path]]]


def find_files(config: Config) -> Found:
    """The files of every source. Raises ConfigError as `source_files` does."""
    return [(source, source_files(config, source)) for source in config.sources]


def source_files(config: Config, source: SourceConfig) -> list[Path]:
    """Files of a source in path order: all that its globs find but folders. Raises ConfigError when they find none, or one outside
    the root.

    Errors name the root as it is written, since what an environment variable holds may be secret.
    """
    root, written = config.root_path, config.root
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise ConfigError(
            f"root {written} is no folder{_moved(config)}; set `root:` (or the environment variable it names) to where the sources lie"
        )
    found: set[Path] = set()
    for pattern in source.patterns:
        relative = _below_root(pattern, config, source.name)
        try:
            found |= {path for path in root.glob(relative) if not _is_open_folder(path)}
        except (OSError, ValueError, IndexError) as error:  # `a**`, `.`, a name that is too long; a folder that goes meanwhile
            if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
                why = f"{error.strerror}; try again, or check the disk or network drive that they lie on"
                raise ConfigError(f"source {source.name}: the files of {pattern[:200]!r} can't be listed: {why}") from None
            raise ConfigError(f"source {source.name}: {pattern[:200]!r} is no glob; `*.csv` and `**/*.csv` are") from None
    if outside := sorted(name_below(root, path) for path in found if _leaves(path, root)):
        raise ConfigError(f"source {source.name}: {outside[0]} is a link that leaves the root {written}; copy the file below it")
    if not found:
        said = f"no file matches {', '.join(source.patterns)} below {written}{_moved(config, source.patterns)}"
        raise ConfigError(f"source {source.name}: {said}; check `path:` and `root:`")
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _moved(config: Config, patterns: Sequence[str] = ()) -> str:
    """What to write instead, where a root was meant as roots were read before: from the project's root."""
    if config.folder == PROJECT_ROOT or Path(expand(config.root)).is_absolute():
        return ""
    before = PROJECT_ROOT / expand(config.root)
    try:
        meant = before.is_dir() and (not patterns or any(next(before.glob(pattern), None) for pattern in patterns))
    except (OSError, ValueError, NotImplementedError):
        return ""
    way = Path(os.path.relpath(PROJECT_ROOT, config.folder), config.root).as_posix()
    return f" (roots start at the configuration's folder, no longer at the project's root: write `root: {way}`)" if meant else ""


def _below_root(pattern: str, config: Config, name: str) -> str:
    if not Path(pattern).is_absolute():
        return pattern
    if not Path(pattern).is_relative_to(config.root_path):
        raise ConfigError(f"source {name}: {pattern} is not below the root {config.root}; set `root:` to a folder that holds all sources")
    return Path(pattern).relative_to(config.root_path).as_posix()


def _is_open_folder(path: Path) -> bool:
    """A folder whose files the glob sees; one that may not be listed is named like a file that may not be read."""
    try:
        return stat.S_ISDIR(path.stat().st_mode) and os.access(path, os.R_OK | os.X_OK)
    except (OSError, ValueError):
        return False


def _leaves(path: Path, root: Path) -> bool:
    try:
        return not path.resolve(strict=True).is_relative_to(root)
    # A link to nothing, or to itself (RuntimeError up to Python 3.12), leads nowhere.
    except (OSError, RuntimeError):
        return False


def printable(name: str) -> str:
    """A file's name as text: what is no UTF-8 in it (archives packed on Windows, unpacked on Linux) becomes escapes.

    >>> printable(os.fsdecode("Đề".encode() + b" s\\xe8 1.csv"))
    'Đề s\\\\xe8 1.csv'
    """
    if name.isascii():
        return name
    return _LONE_SURROGATE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}" if match[0] >= "\udc80" else "\ufffd", name)


def name_below(root: Path, path: Path) -> str:
    """What records call a file: its path below the root."""
    return printable(path.relative_to(root).as_posix())


def size_of(path: Path) -> int:
    """Bytes, 0 for a file that is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def bytes_of(path: Path) -> bytes:
    """All of a regular file. Raises OSError where it can't be read, DataError where it is none or too large; waits for nobody."""
    _refuse(path.stat())
    # Between the two looks a pipe may take the file's place: opened so, it doesn't wait for a writer.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        _refuse(os.fstat(stream.fileno()))
        return stream.read()


def _refuse(state: os.stat_result) -> None:
    kind = stat.S_IFMT(state.st_mode)
    if kind == stat.S_IFDIR:
        raise DataError("a folder that may not be listed: grant read permission on it")
    if kind != stat.S_IFREG:
        raise DataError(f"{_KINDS.get(kind, 'no regular file')}, which is never read: put a file in its place, or exclude it in `path:`")
    if state.st_size > MAX_FILE_BYTES:
        raise DataError(f"{state.st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read: split the file")
