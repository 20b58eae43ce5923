"""The code location: every asset in the order of a question's way, its checks, jobs and automation."""

import dagster as dg

from assets import curation
from assets.automation import JOBS, new_raw_files, nightly_refresh
from assets.checks import CURATION_CHECKS
from assets.foundry import load_foundry
from assets.io import LakeIOManager

foundry = load_foundry()

defs = dg.Definitions(
    assets=[
        curation.raw_records,
        curation.questions,
        curation.duplicate_clusters,
        curation.quality_scores,
        curation.curated_questions,
        curation.splits,
        curation.sample_ledger,
        curation.dataset,
    ],
    asset_checks=CURATION_CHECKS,
    jobs=JOBS[:1],
    schedules=[nightly_refresh],
    sensors=[new_raw_files],
    executor=dg.in_process_executor,
    resources={"foundry": foundry, "io_manager": LakeIOManager(foundry)},
)
