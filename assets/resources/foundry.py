"""Which configuration and which data root this process works with."""

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.common.store.lake import Lake, Version
from pipeline.common.store.runs import finished_adapters
from pipeline.common.text import canonical_json, short_hash
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.tables.curation import LedgerRow


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
        return {manifest["dataset_version"] for _, manifest in finished_adapters(self.adapters.glob("*"))}

    @property
    def config_hash(self) -> str:
        """8 hexadecimal digits over the curation part of the configuration."""
        return short_hash(canonical_json(self.config.curation()))[:8]


def ledger_of(foundry: Foundry, version: Version) -> pd.DataFrame:
    """The ledger of a published version."""
    return foundry.lake.read_table("sample_ledger", version.tables["sample_ledger"], LedgerRow)


def settings() -> dict[str, str]:
    """What MCQ_CONFIG (default: the sample's) and MCQ_DATA_ROOT (default: data/) say, as arguments of `open_foundry`."""
    return {"config_file": os.environ.get("MCQ_CONFIG") or "configs/sample.yaml", "data_root": os.environ.get("MCQ_DATA_ROOT") or "data"}


def open_foundry(config_file: str, data_root: str) -> Foundry:
    """Reads the configuration. Relative paths start at the project root, so that every process finds the same files.

    Raises ConfigError.
    """
    file = PROJECT_ROOT / config_file
    return Foundry(file, load_config(file), (PROJECT_ROOT / data_root).resolve())


def load_foundry() -> Foundry:
    """What this process works with. Raises ConfigError."""
    return open_foundry(**settings())
