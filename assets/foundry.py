"""Which configuration and which data root this process works with, and the version of the code that computes a table."""

import ast
import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from pipeline.lake import Lake, Version
from pipeline.text import canonical_json, short_hash
from schemas.config import PROJECT_ROOT, Config, load_config
from schemas.tables import LedgerRow

SAMPLE_CONFIG = PROJECT_ROOT / "configs" / "sample.yaml"


@dataclass(frozen=True)
class Foundry:
    """One configuration and one data root; the resource that every asset takes."""

    config_file: Path
    config: Config
    data_root: Path

    @property
    def lake(self) -> Lake:
        """Tables and versions of this dataset."""
        return Lake(self.data_root, self.config.dataset)

    @property
    def models(self) -> Path:
        """Base models, prediction caches, and below the dataset's name its rendered examples and adapters."""
        return self.data_root / "models"

    @property
    def adapters(self) -> Path:
        """Parent of this dataset's adapter folders."""
        return self.models / self.config.dataset / "adapters"

    def pinned_versions(self) -> set[str]:
        """Dataset versions that an adapter's manifest names: they stay readable as long as the adapter does."""
        manifests = self.adapters.glob("*/manifest.json")
        return {json.loads(path.read_text(encoding="utf-8"))["dataset_version"] for path in manifests}

    @property
    def config_hash(self) -> str:
        """8 hexadecimal digits over the curation part of the configuration."""
        return short_hash(canonical_json(self.config.curation()))[:8]


def ledger_of(foundry: Foundry, version: Version) -> pd.DataFrame:
    """The ledger of a published version."""
    return foundry.lake.read_table("sample_ledger", version.tables["sample_ledger"], LedgerRow)


def load_foundry() -> Foundry:
    """Reads MCQ_CONFIG (default: the sample's) and MCQ_DATA_ROOT (default: data/ under the project root).

    Relative paths start at the project root, so that every process finds the same files. Raises ConfigError.
    """
    config_file = PROJECT_ROOT / (os.environ.get("MCQ_CONFIG") or SAMPLE_CONFIG)
    data_root = PROJECT_ROOT / (os.environ.get("MCQ_DATA_ROOT") or "data")
    return Foundry(config_file, load_config(config_file), data_root.resolve())


@cache
def code_version(module: str) -> str:
    """8 hexadecimal digits over the source of a module and of all that it imports of `schemas` and `pipeline`.

    No number has to be raised by hand, and no edit is missed. A package stands for all of its modules.
    """
    digest = hashlib.sha256()
    for path in sorted(_sources(module, set())):
        digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def _sources(module: str, seen: set[Path]) -> set[Path]:
    for path in _files(module):
        if path not in seen:
            seen.add(path)
            for name in _imports(path):
                _sources(name, seen)
    return seen


@cache
def _files(module: str) -> list[Path]:
    """The files of a module of ours: all of a package's, but of the two outermost packages their own file alone."""
    place = PROJECT_ROOT.joinpath(*module.split("."))
    if place.is_dir() and "." in module:
        return sorted(place.glob("*.py"))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return [file] if file.is_file() else []


@cache
def _imports(path: Path) -> list[str]:
    """Modules of `schemas` and `pipeline` that a file imports anywhere, inside functions too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return sorted({name for name in names if name.partition(".")[0] in ("schemas", "pipeline")})
