"""What stage 8 publishes to: immutable tables named by their content, and one pointer that is replaced by rename.

lake/<dataset>/<asset>/<hash>.parquet      a table; equal content is never written twice
lake/<dataset>/runs/<run id>/<asset>       the hash that a run wrote, for the run's own later steps; beside it the run's lease
lake/<dataset>/memo/<asset>/<key>          the hashes that a stage gave for one state of inputs, config and code
lake/<dataset>/versions/<name>.json        a published version: table -> hash, counts, config
lake/<dataset>/CURRENT                     the name of the version that readers see

What is read is compared with its name. A table, note, version or pointer that is damaged counts as absent where it can be made again,
and else is a DataError that names the cure.
"""

import contextlib
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from pipeline.common.files import age, read_parquet, write_atomically, write_parquet
from pipeline.common.store.lookup import Lookup
from schemas.errors import DataError
from schemas.tables.arrow import to_frame, to_table
from schemas.tables.row import Row

if TYPE_CHECKING:  # half a second of every command that needs no frame
    import pandas as pd


def content_hash(table: pa.Table) -> str:
    """16 hexadecimal digits over column names, types and values: independent of chunks, slices and file format."""
    digest = hashlib.sha256()
    for field in table.schema:
        digest.update(f"{field.name}:{_type_name(field.type)}:{table.num_rows}\n".encode())
        _update(digest, pa.chunked_array(table[field.name].chunks, type=field.type).combine_chunks())
    return digest.hexdigest()[:16]


def _update(digest: Any, array: pa.Array) -> None:
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    digest.update(struct.pack("<q", len(array)))
    digest.update(pc.is_valid(array).to_numpy(zero_copy_only=False).tobytes())
    if pa.types.is_list(array.type):
        digest.update(pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype("<i8").tobytes())
        _update(digest, array.flatten())
    elif pa.types.is_string(array.type):
        filled = pc.fill_null(array, "")
        digest.update(pc.binary_length(filled).to_numpy(zero_copy_only=False).astype("<i8").tobytes())
        digest.update(_text_bytes(filled))
    else:
        kind = "<f8" if pa.types.is_floating(array.type) else "<i8"
        digest.update(
            pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0).to_numpy(zero_copy_only=False).astype(kind).tobytes()
        )


def _type_name(kind: pa.DataType) -> str:
    """A type's name; a list from a Parquet file calls its items otherwise than one from Arrow."""
    return f"list<item: {_type_name(kind.value_type)}>" if pa.types.is_list(kind) else str(kind)


def _text_bytes(array: pa.Array) -> memoryview | bytes:
    """The UTF-8 bytes of all strings, one behind the other, as they lie in memory."""
    _, offsets, data = array.buffers()
    if data is None or len(array) == 0:
        return b""
    ends = np.frombuffer(offsets, "<i4")[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[ends[0] : ends[-1]]


@dataclass(frozen=True)
class Version:
    """A published version: what its tables are, where they came from, and the version that readers saw before it."""

    dataset: str
    dataset_version: str
    tables: dict[str, str]
    counts: dict[str, int]
    config: dict[str, Any]
    run_id: str
    published_at: str
    replaces: str | None = None

    @cached_property
    def name(self) -> str:
        """`<dataset_version>-<hash of its table hashes>`: a refresh that changes only the ledger has another name."""
        text = "\n".join(f"{asset} {table}" for asset, table in sorted(self.tables.items()))
        return f"{self.dataset_version}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


_VERSION = TypeAdapter(Version)
CURE = "`mcq run` computes it again where today's questions give it, else restore it"
# What is decoded to show one row of a large table.
ROW_GROUP_ROWS = 10_000
_NONE: dict[str, str] = {}
_HASH = re.compile(r"[0-9a-f]{16}")
# Tables whose rows this process has compared with their name: path -> size, time and number of the file.
_verified: dict[Path, tuple[int, int, int]] = {}


class Lake:
    """Tables and versions of one dataset below a data root."""

    def __init__(self, data_root: Path, dataset: str) -> None:
        self.root = data_root / "lake" / dataset
        self.dataset = dataset

    def lock(self) -> FileLock:
        """One refresh or clean-up at a time, across processes."""
        self.root.mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / ".refresh.lock")

    def table_path(self, asset: str, table_hash: str) -> Path:
        return self.root / asset / f"{table_hash}.parquet"

    def write_table(self, asset: str, frame: "pd.DataFrame", model: type[Row], metadata: Mapping[str, str]) -> str:
        """Writes a frame under the hash of its rows and returns that hash. Equal content is not written again."""
        table = to_table(frame, model)
        table_hash = content_hash(table)
        self.write_arrow(asset, table, table_hash, metadata)
        return table_hash

    def write_arrow(self, asset: str, table: pa.Table, table_hash: str, metadata: Mapping[str, str]) -> None:
        """Writes a table whose `content_hash` is known already, unless it lies there whole."""
        if not self.holds({asset: table_hash}):
            described = table.replace_schema_metadata({"mcq_foundry": json.dumps({"asset": asset, **metadata})})
            write_parquet(self.table_path(asset, table_hash), described, compression="zstd", row_group_size=ROW_GROUP_ROWS)

    def remember(
        self, asset: str, origin: Mapping[str, str], tables: Mapping[str, str], facts: Mapping[str, int], inputs: Mapping[str, str] = _NONE
    ) -> None:
        """Notes which tables a stage gave (asset -> hash), and the hashes of what it made them of: code, configuration and input;
        `inputs` are the tables that it was given."""
        memo = {"origin": dict(origin), "tables": dict(tables), "facts": dict(facts), "inputs": dict(inputs)}
        write_atomically(self._memo(asset, origin), json.dumps(memo))

    def before(self, asset: str, origin: Mapping[str, str]) -> dict[str, str] | None:
        """The tables that a stage was given, and gave, the last time that it ran with this code and this configuration."""
        for path in sorted(self.root.glob(f"memo/{asset}/[!.]*"), key=age):
            memo = read_memo(path)
            if memo is not None and all(memo.get("origin", {}).get(part) == origin[part] for part in ("code", "configuration")):
                return {**memo.get("inputs", {}), **memo["tables"]}
        return None

    def recall(self, asset: str, origin: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]] | None:
        """What `remember` noted of the same origin, if all of those tables still lie whole in the lake."""
        memo = read_memo(self._memo(asset, origin))
        return (memo["tables"], memo["facts"]) if memo is not None and self.holds(memo["tables"]) else None

    def news(self, asset: str, origin: Mapping[str, str]) -> str:
        """Why there is nothing to recall: what of an origin the last note of a stage doesn't hold, in words."""
        if (same := read_memo(self._memo(asset, origin))) is not None:
            damaged = [
                name for name, table in same["tables"].items() if self.table_path(name, table).exists() and not self.holds({name: table})
            ]
            return f"the last one is damaged ({', '.join(damaged)})" if damaged else "the last one is gone"
        memos = sorted(self.root.glob(f"memo/{asset}/[!.]*"), key=age, reverse=True)
        if not memos:
            return "for the first time"
        if (last := read_memo(memos[-1])) is None:
            return "the note on the last one is damaged"
        if (known := last.get("origin")) is None:
            return "an earlier version of this program made the last one"
        changed = [part for part in {**origin, **known} if known.get(part) != origin.get(part)]
        return f"new {' and '.join(changed)}" if changed else "the last one is gone"

    def _memo(self, asset: str, origin: Mapping[str, str]) -> Path:
        return self.root / "memo" / asset / hashlib.sha256(json.dumps(dict(origin), sort_keys=True).encode()).hexdigest()[:16]

    def holds(self, tables: Mapping[str, str]) -> bool:
        """Whether all of these tables (asset -> hash) lie whole in the lake. They count as used now: cleaning leaves them for a while."""
        return all(self._is_whole(*pair) for pair in tables.items())

    def _is_whole(self, asset: str, table_hash: str) -> bool:
        path = self.table_path(asset, table_hash)
        try:
            if _verified.get(path) != _signature(path):
                self.arrow(asset, table_hash)
            os.utime(path)
            _verified[path] = _signature(path)
        except (DataError, OSError):
            return False
        return True

    def arrow(self, asset: str, table_hash: str) -> pa.Table:
        """The rows of a table. Raises DataError when it is gone, or when its rows aren't those that its name was made of."""
        path = self.table_path(asset, table_hash)
        try:
            signature = _signature(path)
            table = read_parquet(path).replace_schema_metadata(None)
        except (DataError, OSError) as error:
            raise DataError(f"table {asset} {table_hash} can't be read: {error}; {CURE}") from error
        if _verified.get(path) != signature:
            if (found := content_hash(table)) != table_hash:
                raise DataError(f"table {asset} {table_hash} is damaged: its rows are those of {found}; {CURE}")
            _verified[path] = signature
        return table

    def lookup(self, asset: str, table_hash: str) -> Lookup:
        """A table that only a few rows are wanted of; what is read of it is compared with its checksums, not with its name."""
        return Lookup(self.table_path(asset, table_hash), f"; {CURE}")

    def columns(self, asset: str, table_hash: str, names: Sequence[str]) -> pa.Table:
        """Columns of a table, their checksums verified; of a table that this process has read whole, or wrote, that is enough. Raises
        DataError when it is gone or damaged."""
        path = self.table_path(asset, table_hash)
        with contextlib.suppress(OSError):
            if _verified.get(path) == _signature(path):
                return read_parquet(path, columns=names).replace_schema_metadata(None)
        return self.arrow(asset, table_hash).select(list(names))

    def pinned(self, name: str) -> Version:
        """The version of this name, or beginning of one, whole; of several with the same rows, the newest. Raises DataError."""
        found = [version for version in self.versions() if name and version.name.startswith(name)]
        if not found or len({version.dataset_version for version in found}) > 1:
            return self._told_gone(name)
        lost = [asset for asset, table in found[-1].tables.items() if not self.holds({asset: table})]
        if lost:
            raise DataError(
                f"version {found[-1].name} can't be used: its table {', '.join(lost)} is gone or damaged. Restore it from a backup, or run "
                "`mcq run` over the raw files and the configuration of that time: the same rows are the same version"
            )
        return found[-1]

    def _told_gone(self, name: str) -> Version:
        try:
            return self.version(name)
        except DataError as error:
            raise DataError(
                f"{error}. A version that was cleaned away can be had again only from the raw files and the configuration of that time: "
                "`mcq run` over them gives the same rows and the same dataset_version; where those are gone too, so is the version "
                "(keep_versions says how many are kept; those that an adapter names always are)"
            ) from error

    def read_table(self, asset: str, table_hash: str, model: type[Row]) -> "pd.DataFrame":
        """Arrow-backed frame of a table. Raises DataError when it is gone or damaged."""
        return to_frame(self.arrow(asset, table_hash), model)

    def run_folder(self, run_id: str) -> Path:
        """Where a run notes its tables, and holds its lease."""
        return self.root / "runs" / run_id

    def note_run(self, run_id: str, asset: str, table_hash: str) -> None:
        """Remembers which table a run wrote."""
        write_atomically(self.run_folder(run_id) / asset, table_hash)

    def run_table(self, run_ids: Iterable[str], asset: str) -> str | None:
        """Hash of the table that the first of these runs wrote for an asset; else that of CURRENT; else None."""
        for run_id in run_ids:
            if (noted := self._noted(run_id, asset)) is not None:
                return noted
        current = self.current()
        return current.tables.get(asset) if current else None

    def require_one_run(self, run_ids: Sequence[str], assets: Iterable[str]) -> None:
        """Raises DataError when these runs wrote some of the tables and not the others: a mix of two refreshes is no version."""
        noted = {asset: any(self._noted(run_id, asset) is not None for run_id in run_ids) for asset in assets}
        if any(noted.values()) and not all(noted.values()):
            stale = ", ".join(asset for asset, own in noted.items() if not own)
            raise DataError(f"this run didn't compute {stale}; a version is published whole: run the job `curate`, not single assets")

    def _noted(self, run_id: str, asset: str) -> str | None:
        try:
            text = (self.run_folder(run_id) / asset).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return None
        return text if _HASH.fullmatch(text) else None

    def current(self) -> Version | None:
        """The published version, or None before the first. Raises DataError when CURRENT or the version that it names is damaged."""
        pointer = self.root / "CURRENT"
        if not pointer.exists():
            return None
        try:
            name = pointer.read_text(encoding="utf-8").strip()
            return self._read_version(self._version_file(name))
        except (OSError, UnicodeDecodeError, DataError) as error:
            raise DataError(f"{pointer} is damaged ({error}); run `mcq run` to publish again") from error

    def version(self, name: str) -> Version:
        """A version by its name, or by an unambiguous beginning of it."""
        found = [path for path in self._version_files() if path.stem.startswith(name)] if name else []
        exact = [path for path in found if path.stem == name]
        if len(exact or found) != 1:
            known = ", ".join(path.stem for path in self._version_files()) or "none"
            problem = "is ambiguous" if found else "does not exist"
            raise DataError(f"version {name!r} of dataset {self.dataset} {problem}; published versions: {known}")
        return self._read_version((exact or found)[0])

    def versions(self) -> list[Version]:
        """All published versions that can be read, oldest first: by what replaced what, whatever the clock said."""
        known = {version.name: version for version in map(self._readable, self._version_files()) if version is not None}
        with contextlib.suppress(DataError):
            newest = self.current()
            chain: list[Version] = []
            while newest is not None and newest not in chain:
                chain.append(newest)
                newest = known.get(newest.replaces or "")
            rest = [version for version in known.values() if version not in chain]
            return [*sorted(rest, key=_by_time), *reversed(chain)]
        return sorted(known.values(), key=_by_time)

    def strangers(self) -> list[Path]:
        """What lies among the versions and is none: damaged, or put there by hand."""
        return [path for path in self._version_files() if self._readable(path) is None]

    def _version_file(self, name: str) -> Path:
        return self.root / "versions" / f"{name}.json"

    def _version_files(self) -> list[Path]:
        return sorted((self.root / "versions").glob("[!.]*.json"))

    def _readable(self, path: Path) -> Version | None:
        with contextlib.suppress(DataError):
            return self._read_version(path)
        return None

    def _read_version(self, path: Path) -> Version:
        try:
            version = _VERSION.validate_json(path.read_bytes())
            if version.name != path.stem or version.dataset != self.dataset:
                raise ValueError(f"it holds version {version.name} of {version.dataset}")
        except FileNotFoundError as error:
            raise DataError(f"there is no version {path.stem!r}") from error
        except (OSError, ValidationError, ValueError) as error:
            said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            cure = "`mcq run` writes it again where the same questions come out; else restore it, or move it away"
            raise DataError(f"version file {path.name} is damaged ({said}); {cure}") from error
        return version

    def version_with(self, tables: Mapping[str, str]) -> Version:
        """The newest published version that holds these tables (asset -> hash). Raises DataError for none."""
        for version in reversed(self.versions()):
            if tables.items() <= version.tables.items():
                return version
        raise DataError(f"no published version of {self.dataset!r} holds these tables; run the job `curate` (or `mcq run`) first")

    def publish(self, version: Version) -> bool:
        """Makes a version the one that readers see. False when it already is. Raises DataError when a table is missing.

        A version that was published before is told anew, with the version that it replaces now.
        """
        missing = [asset for asset, table_hash in version.tables.items() if not self.holds({asset: table_hash})]
        if missing:
            raise DataError(f"version {version.name} can't be published: the table of {', '.join(missing)} is not in the lake")
        path = self._version_file(version.name)
        current = None
        with contextlib.suppress(DataError):
            current = self.current()
        if current is not None and current.name == version.name:
            return False
        # Without a pointer that can be read, the newest version is the best guess at what readers saw.
        before = current or next((known for known in reversed(self.versions()) if known.name != version.name), None)
        if before is not None:
            version = replace(version, replaces=before.name)
            # Until now readers saw it; cleaning counts from here.
            os.utime(self._version_file(before.name))
        write_atomically(path, json.dumps(asdict(version), ensure_ascii=False, indent=1, sort_keys=True))
        write_atomically(self.root / "CURRENT", version.name)
        return True


def read_memo(path: Path) -> dict[str, Any] | None:
    """What `Lake.remember` noted; None when it is gone or damaged."""
    try:
        memo = json.loads(path.read_text(encoding="utf-8"))
        whole = all(_HASH.fullmatch(table) for table in memo["tables"].values()) and isinstance(memo["facts"], dict)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return memo if whole else None


def _signature(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _by_time(version: Version) -> tuple[str, str]:
    return version.published_at, version.name
