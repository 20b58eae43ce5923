"""Stage 6, split: whole groups go to train, validation or test. `hash` looks at the group alone, so a question keeps its
split when others come or go; `quota` meets the shares exactly in every source, and moves questions when the set changes."""

import hashlib
from collections import defaultdict

import pandas as pd
import pyarrow as pa

from pipeline.common.parallel import collector_paused
from schemas.config.split import SplitConfig
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import arrow_schema, to_frame, to_rows
from schemas.tables.curation import Selection, SplitRow


@collector_paused()
def split(selection: pd.DataFrame, config: SplitConfig) -> pd.DataFrame:
    """One SplitRow for each kept row, in order; no split_group is ever in two splits."""
    kept = [row for row in to_rows(selection, Selection, ("record_id", "content_id", "split_group", "source", "kept")) if row["kept"]]
    strata: defaultdict[str, str] = defaultdict(lambda: "~")
    sizes: defaultdict[str, int] = defaultdict(int)
    for row in kept:
        group = row["split_group"]
        strata[group] = min(strata[group], row["source"])
        sizes[group] += 1
    if config.method == "hash":
        assigned = {group: _by_hash(group, config) for group in sizes}
    else:
        by_stratum: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for group, size in sizes.items():
            by_stratum[strata[group]][group] = size
        assigned = {group: name for groups in by_stratum.values() for group, name in _by_quota(groups, config).items()}
    columns = {key: [row[key] for row in kept] for key in ("record_id", "content_id", "split_group")}
    columns["split"] = [assigned[group] for group in columns["split_group"]]
    return to_frame(pa.table(columns, schema=arrow_schema(SplitRow)), SplitRow)


def hash_fraction(group: str, seed: int) -> float:
    """Where a group stands in [0, 1): uniform over groups, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{group}".encode()).digest()[:8], "big") / 2**64


def _by_hash(group: str, config: SplitConfig) -> Disposition:
    at = hash_fraction(group, config.seed)
    return Disposition.TRAIN if at < config.train else Disposition.VALIDATION if at < config.train + config.validation else Disposition.TEST


def _by_quota(groups: dict[str, int], config: SplitConfig) -> dict[str, Disposition]:
    """Each group, in seeded order, goes to the split that is furthest behind its share of the questions."""
    shares = dict(zip(SPLITS, (config.train, config.validation, config.test), strict=True))
    total = sum(groups.values())
    filled = dict.fromkeys(SPLITS, 0)
    assigned = {}
    for group in sorted(groups, key=lambda group: (-groups[group], hash_fraction(group, config.seed))):
        name = max(SPLITS, key=lambda split: shares[split] * total - filled[split])
        assigned[group] = name
        filled[name] += groups[group]
    return assigned
