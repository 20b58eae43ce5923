"""Stage 8, publish: the tables of one run become the version that readers see, all or nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from pipeline.common.store.lake import Lake, Version
from pipeline.ledger import dataset_version, funnel
from schemas.config import Config
from schemas.errors import DataError


class PublishResult(NamedTuple):
    """`published` is false where readers saw this version already; `replaced` is the one that they saw until now. `damage` says what
    was wrong with the pointer to it, and is mended."""

    version: Version
    published: bool
    replaced: str | None
    damage: str | None


def publish(
    lake: Lake,
    config: Config,
    tables: Mapping[str, str],
    ledger: pd.DataFrame,
    splits: pd.DataFrame,
    runs: Sequence[str],
    now: datetime,
) -> PublishResult:
    """Publishes tables (asset -> hash). Call under `lake.lock()`.

    Args:
        lake: where the tables lie.
        config: what they were made with.
        tables: the hash of every table of the version.
        ledger: LedgerRow rows.
        splits: SplitRow rows.
        runs: the run that publishes and those that it continues; they wrote all of the tables, or none.
        now: when it is published.

    Raises:
        DataError: the tables are a mix of two refreshes, or one isn't in the lake.
    """
    lake.require_one_run(runs, tables)
    before, damage = None, None
    try:
        before = lake.current()
    except DataError as error:
        damage = str(error)
    if before is None and damage is None and lake.versions():
        damage = f"{lake.root / 'CURRENT'} is gone, though versions were published"
    version = Version(
        dataset=config.dataset,
        dataset_version=dataset_version(splits, config.curation()),
        tables=dict(tables),
        counts=funnel(ledger),
        config=config.model_dump(mode="json"),
        run_id=runs[0],
        published_at=now.isoformat(timespec="milliseconds"),
    )
    published = lake.publish(version)
    return PublishResult(version, published, before.name if before and published else None, damage)
