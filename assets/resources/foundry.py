"""Which configuration and which data root this process works with."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assets.resources.names import job_name
from pipeline.common.files import remove_orphans
from pipeline.common.store.lake import Lake, Version
from pipeline.common.store.retention import clean
from pipeline.common.store.runs import damaged_manifests, finished_adapters
from pipeline.common.text import canonical_json, short_hash
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow, ReviewDecision, SourceFile

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Foundry:
    """One configuration and one data root; the resource that every asset takes."""

    config_file: Path
    config: Config
    data_root: Path
    pinned: str | None = None
    """The version that training and evaluation read, by name or its beginning; None: the one that is published."""

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

    @property
    def evidence(self) -> Path:
        """Parent of the folders with evidence on this dataset's keys."""
        return self.models / self.config.dataset / "evidence"

    @property
    def reports(self) -> Path:
        """The pages on this dataset's versions."""
        return self.data_root / "reports" / self.config.dataset

    @property
    def plots(self) -> Path:
        """The newest pictures of this dataset, which the audit server serves."""
        return self.data_root / "plots" / self.config.dataset

    @property
    def decisions(self) -> Path:
        """What this dataset's reviewers decided, a JSON object a line."""
        return self.data_root / "review" / self.config.dataset / "decisions.jsonl"

    @property
    def audit(self) -> Path:
        """The audit database of this dataset."""
        return self.data_root / "audit" / f"{self.config.dataset}.sqlite"

    def pinned_versions(self) -> set[str]:
        """Dataset versions that an adapter's manifest names: they stay readable as long as the adapter does.

        Raises DataError when a manifest can't be read.
        """
        if damaged := damaged_manifests(self.adapters.glob("*")):
            raise DataError(f"{damaged[0]}; until then nobody can say which version it needs")
        return {manifest["dataset_version"] for _, manifest in finished_adapters(self.adapters.glob("*"))}

    def version(self) -> Version:
        """What training and evaluation read: the pinned version, else CURRENT. Raises DataError when there is none."""
        if self.pinned:
            return self.lake.pinned(self.pinned)
        version = self.lake.current()
        if version is None:
            curate = job_name(self.config.dataset, "curate")
            raise DataError(f"dataset {self.config.dataset!r} has no published version yet; run the job `{curate}` (or `mcq run`) first")
        return version

    @property
    def config_hash(self) -> str:
        """8 hexadecimal digits over the curation part of the configuration."""
        return short_hash(canonical_json(self.config.curation()))[:8]


def ledger_of(foundry: Foundry, version: Version) -> "pd.DataFrame":
    """The ledger of a published version."""
    return foundry.lake.read_table("sample_ledger", version.tables["sample_ledger"], LedgerRow)


def files_of(foundry: Foundry, version: Version) -> "pd.DataFrame":
    """How each file of a published version was read, those first that need a look; empty where an older code made the version."""
    from pipeline.normalize.source_files import worst_first  # here, since it brings all readers along

    if "source_files" not in version.tables:
        return to_frame([], SourceFile)
    return worst_first(foundry.lake.read_table("source_files", version.tables["source_files"], SourceFile))


def decisions_of(foundry: Foundry, version: Version) -> "pd.DataFrame":
    """What came of every line of the file of decisions in a published version; empty where an older code made the version."""
    if "review_decisions" not in version.tables:
        return to_frame([], ReviewDecision)
    return foundry.lake.read_table("review_decisions", version.tables["review_decisions"], ReviewDecision)


def clean_up(foundry: Foundry) -> int | str:
    """Removes what nobody needs below the data root. Returns the number of files, or why nothing was removed; raises nothing, since what
    was published stands."""
    grace = 3600 * foundry.config.keep_hours
    folders = [foundry.reports, foundry.models / foundry.config.dataset]
    try:
        with foundry.lake.lock():
            removed = clean(foundry.lake, foundry.config.keep_versions, grace, foundry.pinned_versions())
        left = (path for folder in folders for path in folder.rglob(".*.tmp"))
        return removed + remove_orphans(left, grace) + remove_orphans(foundry.audit.parent.glob(".*.tmp"), grace)
    except (DataError, OSError) as error:
        return str(error)


def data_root() -> str:
    """What MCQ_DATA_ROOT says; default: data/ below the project root."""
    return os.environ.get("MCQ_DATA_ROOT") or "data"


def open_foundry(config_file: str, data_root: str) -> Foundry:
    """Reads the configuration. Relative paths start at the project root, so that every process finds the same files.

    Raises ConfigError.
    """
    file = PROJECT_ROOT / config_file
    return Foundry(file, load_config(file), (PROJECT_ROOT / data_root).resolve())
