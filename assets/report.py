"""Stage 13: the report on the version that was just published. It stands beside the data; when it fails, readers miss nothing but it."""

import dagster as dg

from assets.curation import OWNERS
from assets.io import Table
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.common.store.lake import Version, write_atomically
from pipeline.report import baselines, build_report
from pipeline.report.document import to_html, to_markdown
from schemas.errors import DataError
from schemas.reasons import SPLITS

LATEST = "latest"


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
    foundry: dg.ResourceParam[Foundry], sample_ledger: Table, quality_scores: Table, duplicate_pairs: Table
) -> dg.MaterializeResult:
    """Stage 13, report. Written once a version and code; the page of the last run is `latest.html`."""
    version = published_with(foundry, sample_ledger, quality_scores, duplicate_pairs)
    folder = foundry.data_root / "reports" / foundry.config.dataset
    # The Markdown's name holds the code's version too: a page that other code wrote is written anew.
    page, text = folder / f"{version.name}.html", folder / f".{version.name}-{code_version('pipeline.report')}.md"
    if not (page.exists() and text.exists()):
        ledger = sample_ledger.frame()
        title, blocks = build_report(ledger, quality_scores.frame(), duplicate_pairs.frame(), version, baselines(ledger))
        write_atomically(text, to_markdown(title, blocks).encode())
        write_atomically(page, to_html(title, blocks).encode())
    write_atomically(folder / f"{LATEST}.html", page.read_bytes())
    known = {LATEST, *(known.name for known in foundry.lake.versions())}
    for old in folder.iterdir():
        if old not in (page, text) and (old.suffix != ".html" or old.stem not in known):
            old.unlink(missing_ok=True)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.name),
        metadata={
            "report": dg.MetadataValue.md(text.read_text(encoding="utf-8")),
            "dataset_version": version.dataset_version,
            "records": sum(version.counts.values()),
            "in_a_split": sum(version.counts[name] for name in SPLITS),
            "path": dg.MetadataValue.path(str(page)),
        },
    )


def published_with(foundry: Foundry, *tables: Table) -> Version:
    """The newest published version that holds these tables, whatever another run published meanwhile. Raises DataError for none."""
    for version in reversed(foundry.lake.versions()):
        if all(version.tables.get(table.asset) == table.hash for table in tables):
            return version
    raise DataError(f"no published version of {foundry.config.dataset!r} holds these tables; run the job `curate` (or `mcq run`) first")
