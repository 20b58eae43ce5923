"""Stage 13: the report on the version that was just published. It stands beside the data; when it fails, readers miss nothing but it."""

import dagster as dg

from assets.catalogue import OWNERS
from assets.resources.addresses import audit_url
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from assets.resources.lake_io import Table
from pipeline.common.translations import LANGUAGES, Words
from pipeline.report import baselines, build_report
from pipeline.report.pages import Pages
from schemas.reasons import SPLITS
from schemas.tables.arrow import to_rows
from schemas.tables.curation import SourceFile


@dg.asset(
    name="data_quality_report",
    deps=["dataset"],
    description="One page for whoever leads the data work: what to fix first, funnel, reasons and conflicts with examples, balance.",
    group_name="curate",
    kinds={"python", "html"},
    owners=OWNERS,
    code_version=code_version("pipeline.report"),
)
def data_quality_report(
    foundry: dg.ResourceParam[Foundry], sample_ledger: Table, quality_scores: Table, duplicate_pairs: Table, source_files: Table
) -> dg.MaterializeResult:
    """Stage 13, report, in every language. Written once a version, code and address of the audit server; the pages of the last run are
    `latest.html` and `latest.vi.html`."""
    tables = (sample_ledger, quality_scores, duplicate_pairs, source_files)
    # Not CURRENT: another run may have published meanwhile.
    version = foundry.lake.version_with({table.asset: table.hash for table in tables})
    address = audit_url()
    pages = Pages(foundry.reports, version.name, code_version("pipeline.report"), address)
    if not pages.exist():
        ledger, quality, pairs, files = (table.frame() for table in tables)
        languages = [Words(language) for language in LANGUAGES]
        read = to_rows(files, SourceFile)
        pages.write(build_report(ledger, quality, pairs, version, baselines(ledger), read, languages=languages, audit_url=address))
    # A version that can't be read may be restored: its page stays.
    pages.make_latest([*(known.name for known in foundry.lake.versions()), *(path.stem for path in foundry.lake.strangers())])
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.name),
        metadata={
            "report": dg.MetadataValue.md(pages.markdown.read_text(encoding="utf-8")),
            "dataset_version": version.dataset_version,
            "records": sum(version.counts.values()),
            "in_a_split": sum(version.counts[name] for name in SPLITS),
            "path": dg.MetadataValue.path(str(pages.html())),
            "path_vi": dg.MetadataValue.path(str(pages.html("vi"))),
        },
    )
