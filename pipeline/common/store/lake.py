"""What stage 8 publishes to: immutable tables named by their content, and one pointer that is replaced by rename.

lake/<dataset>/<asset>/<hash>.parquet      a table; equal content is never written twice
lake/<dataset>/runs/<run id>/<asset>       the hash that a run wrote, for the run's own later steps
lake/<dataset>/memo/<asset>/<key>          the hashes that a stage gave for one state of inputs, config and code
lake/<dataset>/versions/<name>.json        a published version: table -> hash, counts, config
lake/<dataset>/CURRENT                     the name of the version that readers see
"""

import contextlib
import hashlib
import json
import shutil
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock

from pipeline.common.files import write_atomically, write_parquet
from schemas.errors import DataError
from schemas.tables.arrow import to_frame, to_table
from schemas.tables.row import Row


def content_hash(table: pa.Table) -> str:
    """16 hexadecimal digits over column names, types and values: independent of chunks, slices and file format."""
    digest = hashlib.sha256()
    for field in table.schema:
        digest.update(f"{field.name}:{field.type}:{table.num_rows}\n".encode())
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
        digest.update("".join(filled.to_pylist()).encode("utf-8", "surrogatepass"))
    else:
        kind = "<f8" if pa.types.is_floating(array.type) else "<i8"
        digest.update(
            pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0).to_numpy(zero_copy_only=False).astype(kind).tobytes()
        )


@dataclass(frozen=True)
class Version:
    """A published version: what its tables are, and where they came from."""

    dataset: str
    dataset_version: str
    tables: dict[str, str]
    counts: dict[str, int]
    config: dict[str, Any]
    run_id: str
    published_at: str

    @property
    def name(self) -> str:
        """`<dataset_version>-<hash of its table hashes>`: a refresh that changes only the ledger has another name."""
        text = "\n".join(f"{asset} {table}" for asset, table in sorted(self.tables.items()))
        return f"{self.dataset_version}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


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

    def write_table(self, asset: str, frame: pd.DataFrame, model: type[Row], metadata: Mapping[str, str]) -> str:
        """Writes a frame under the hash of its rows and returns that hash. Equal content is not written again."""
        table = to_table(frame, model)
        table_hash = content_hash(table)
        self.write_arrow(asset, table, table_hash, metadata)
        return table_hash

    def write_arrow(self, asset: str, table: pa.Table, table_hash: str, metadata: Mapping[str, str]) -> None:
        """Writes a table whose `content_hash` is known already."""
        path = self.table_path(asset, table_hash)
        if not path.exists():
            described = table.replace_schema_metadata({"mcq_foundry": json.dumps({"asset": asset, **metadata})})
            write_parquet(path, described, compression="zstd")

    def remember(self, asset: str, origin: Mapping[str, str], tables: Mapping[str, str], facts: Mapping[str, int]) -> None:
        """Notes which tables a stage gave (asset -> hash), and the hashes of what it made them of: code, configuration and input."""
        memo = {"origin": dict(origin), "tables": dict(tables), "facts": dict(facts)}
        write_atomically(self._memo(asset, origin), json.dumps(memo))

    def recall(self, asset: str, origin: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]] | None:
        """What `remember` noted of the same origin, if all of those tables still lie in the lake."""
        path = self._memo(asset, origin)
        if not path.exists():
            return None
        memo = json.loads(path.read_text())
        return (memo["tables"], memo["facts"]) if self._has(memo["tables"]) else None

    def news(self, asset: str, origin: Mapping[str, str]) -> str:
        """Why there is nothing to recall: what of an origin the last note of a stage doesn't hold, in words."""
        memos = sorted(self.root.glob(f"memo/{asset}/[!.]*"), key=lambda path: path.stat().st_mtime)
        if not memos:
            return "for the first time"
        last = json.loads(memos[-1].read_text()).get("origin")
        if last is None:
            return "an earlier version of this program made the last one"
        changed = [part for part in origin if last.get(part) != origin[part]]
        return f"new {' and '.join(changed)}" if changed else "the last one is gone"

    def _memo(self, asset: str, origin: Mapping[str, str]) -> Path:
        return self.root / "memo" / asset / hashlib.sha256(json.dumps(dict(origin), sort_keys=True).encode()).hexdigest()[:16]

    def _has(self, tables: Mapping[str, str]) -> bool:
        return all(self.table_path(*pair).exists() for pair in tables.items())

    def read_table(self, asset: str, table_hash: str, model: type[Row]) -> pd.DataFrame:
        """Arrow-backed frame. Raises DataError when the file is gone or damaged."""
        path = self.table_path(asset, table_hash)
        try:
            return to_frame(pq.read_table(path, partitioning=None).replace_schema_metadata(None), model)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"table {asset} {table_hash} can't be read ({error}); run `mcq run` to compute it again") from error

    def note_run(self, run_id: str, asset: str, table_hash: str) -> None:
        """Remembers which table a run wrote."""
        write_atomically(self.root / "runs" / run_id / asset, table_hash)

    def run_table(self, run_ids: Iterable[str], asset: str) -> str | None:
        """Hash of the table that the first of these runs wrote for an asset; else that of CURRENT; else None."""
        for run_id in run_ids:
            path = self.root / "runs" / run_id / asset
            if path.exists():
                return path.read_text()
        current = self.current()
        return current.tables.get(asset) if current else None

    def require_one_run(self, run_ids: Sequence[str], assets: Iterable[str]) -> None:
        """Raises DataError when these runs wrote some of the tables and not the others: a mix of two refreshes is no version."""
        noted = {asset: any((self.root / "runs" / run_id / asset).exists() for run_id in run_ids) for asset in assets}
        if any(noted.values()) and not all(noted.values()):
            stale = ", ".join(asset for asset, own in noted.items() if not own)
            raise DataError(f"this run didn't compute {stale}; a version is published whole: run the job `curate`, not single assets")

    def current(self) -> Version | None:
        """The published version, or None before the first. Raises DataError when CURRENT names a version that isn't there."""
        pointer = self.root / "CURRENT"
        return self.version(pointer.read_text().strip()) if pointer.exists() else None

    def version(self, name: str) -> Version:
        """A version by its name, or by an unambiguous beginning of it."""
        folder = self.root / "versions"
        found = sorted(path for path in folder.glob("*.json") if path.stem.startswith(name)) if name else []
        exact = [path for path in found if path.stem == name]
        if len(exact or found) != 1:
            known = ", ".join(sorted(path.stem for path in folder.glob("*.json"))) or "none"
            problem = "is ambiguous" if found else "does not exist"
            raise DataError(f"version {name!r} of dataset {self.dataset} {problem}; published versions: {known}")
        try:
            return Version(**json.loads((exact or found)[0].read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise DataError(f"version file {(exact or found)[0].name} is damaged ({error}); publish again with `mcq run`") from error

    def versions(self) -> list[Version]:
        """All published versions, oldest first."""
        found = [self.version(path.stem) for path in (self.root / "versions").glob("*.json")]
        return sorted(found, key=lambda version: (version.published_at, version.name))

    def version_with(self, tables: Mapping[str, str]) -> Version:
        """The newest published version that holds these tables (asset -> hash). Raises DataError for none."""
        for version in reversed(self.versions()):
            if tables.items() <= version.tables.items():
                return version
        raise DataError(f"no published version of {self.dataset!r} holds these tables; run the job `curate` (or `mcq run`) first")

    def publish(self, version: Version) -> bool:
        """Makes a version the one that readers see. False when it already is. Raises DataError when a table is missing."""
        missing = [asset for asset, table_hash in version.tables.items() if not self.table_path(asset, table_hash).exists()]
        if missing:
            raise DataError(f"version {version.name} can't be published: the table of {', '.join(missing)} is not in the lake")
        current = self.current()
        if current is not None and current.name == version.name:
            return False
        path = self.root / "versions" / f"{version.name}.json"
        if not path.exists():
            write_atomically(path, json.dumps(asdict(version), ensure_ascii=False, indent=1, sort_keys=True))
        write_atomically(self.root / "CURRENT", version.name)
        return True

    def clean(self, keep: int, pinned: Iterable[str], active_runs: Iterable[str]) -> int:
        """Removes all but CURRENT, the last `keep` versions and those whose dataset_version is pinned; then the tables and
        run notes that none of them (nor an active run) names. Returns the number of files removed. Call under `lock`."""
        current = self.current()
        if current is None:
            return 0
        versions, pins, active = self.versions(), set(pinned), set(active_runs)
        kept = [v for v in versions if v in versions[-keep:] or v.name == current.name or v.dataset_version in pins]
        removed = 0
        for version in versions:
            if version not in kept:
                (self.root / "versions" / f"{version.name}.json").unlink()
                removed += 1
        named = {(asset, table_hash) for version in kept for asset, table_hash in version.tables.items()}
        for folder in (self.root / "runs").glob("*"):
            if folder.name in active:
                named |= {(path.name, path.read_text()) for path in folder.iterdir() if not path.name.startswith(".")}
            else:
                shutil.rmtree(folder, ignore_errors=True)
        for path in self.root.glob("*/*.parquet"):
            if (path.parent.name, path.stem) not in named:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    removed += 1
        self._forget()
        return removed

    def _forget(self) -> None:
        for memo in self.root.glob("memo/*/[!.]*"):
            if not self._has(json.loads(memo.read_text())["tables"]):
                memo.unlink(missing_ok=True)
