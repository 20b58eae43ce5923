"""The code location: every asset in the order of a question's way, its checks, jobs and automation."""

import dagster as dg

from assets import audit, curation, evaluation, report, training
from assets.automation import JOBS, new_raw_files, nightly_refresh
from assets.checks import CURATION_CHECKS
from assets.resources.configured import FoundryResource, LakeResource
from assets.resources.foundry import load_foundry, settings

# Read here too, so that a mistake in the configuration is told when the code location loads.
foundry = load_foundry()
resource = FoundryResource(**settings())

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
        training.chat_examples,
        training.vram_plan,
        training.qlora_adapter,
        evaluation.evaluation,
        audit.audit_database,
        report.data_quality_report,
    ],
    asset_checks=[
        *CURATION_CHECKS,
        training.labels_cover_exactly_the_answer,
        training.nothing_lost_in_render,
        training.fits_the_gpu,
    ],
    jobs=JOBS,
    schedules=[nightly_refresh],
    sensors=[new_raw_files],
    executor=dg.in_process_executor,
    resources={"foundry": resource, "io_manager": LakeResource(foundry=resource)},
)
