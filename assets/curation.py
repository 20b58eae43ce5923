"""Stages 1-8: from raw files to a published dataset version. Each asset calls one function of `pipeline/`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq

from assets.children import run_child
from assets.foundry import Foundry, code_version
from assets.io import TABLES, Table, column_schema, computed, markdown_table, output, run_chain, unwritten
from pipeline.assess import assess
from pipeline.balance import placed_rows, split_balance
from pipeline.deduplicate import deduplicate
from pipeline.ingest import files_without_records, ingest
from pipeline.lake import Version
from pipeline.ledger import build_ledger, dataset_version, funnel, reason_counts
from pipeline.normalize import normalize
from pipeline.select import contamination_counts, select
from pipeline.split import split
from schemas.reasons import REASON_TEXT, Reason
from schemas.tables import ModelSignal, to_frame

OWNERS = ["team:mcq-foundry"]
ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def spec(name: str, module: str, description: str, kinds: set[str], group: str = "curate", **more: Any) -> dg.AssetSpec:
    """What every asset says of itself; a table adds its columns."""
    metadata = {"dagster/column_schema": column_schema(TABLES[name])} if name in TABLES else {}
    return dg.AssetSpec(
        name,
        description=description,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version(module),
        metadata=metadata,
        **more,
    )


def table_asset(name: str, module: str, description: str, kinds: set[str], group: str = "curate") -> Any:
    """Decorator of an asset that gives one table."""
    said = spec(name, module, description, kinds, group)
    return dg.asset(
        name=name,
        description=said.description,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=said.code_version,
        metadata=said.metadata,
    )


def counts_table(counts: Mapping[str, int], what: str) -> dg.MarkdownMetadataValue:
    """Counts as a small table."""
    return markdown_table([{what: name, "records": count} for name, count in counts.items()])


def reasons_table(counts: Mapping[str, int]) -> dg.MarkdownMetadataValue:
    """Counts by reason code, each said in words."""
    return markdown_table([{"reason": r, "records": n, "what it means": REASON_TEXT[Reason(r)]} for r, n in counts.items()], cell_chars=160)


@table_asset(
    "raw_records",
    "pipeline.ingest",
    "Every record of every source, verbatim, with its file, place, encoding and hash. What can't be read is a record too, with a reason.",
    {"python", "parquet"},
    group="ingest",
)
def raw_records(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.Output[Table]:
    """Stage 1, ingest. The files are its input, so it always reads them."""
    frame = ingest(foundry.config)
    table = unwritten(foundry.lake, "raw_records", frame)
    by_source = frame.groupby("source", sort=False).agg(files=("file", "nunique"), records=("record_id", "size")).reset_index()
    files = (
        frame.assign(refused=[len(codes) > 0 for codes in frame["reason_codes"]])
        .groupby("file", sort=False)
        .agg(reader=("reader", "first"), encoding=("encoding", "first"), records=("record_id", "size"), rejected=("refused", "sum"))
    )
    worst = files.reset_index().sort_values(["rejected", "records"], ascending=False).head(20)
    metadata = {
        "sources": markdown_table(by_source.to_dict("records")),
        "files": markdown_table(worst.to_dict("records")),
        "unreadable_records": int(files["rejected"].sum()),
    }
    if empty := files_without_records(foundry.config, frame):
        metadata["files_without_records"] = markdown_table([{"file": name} for name in empty[:20]])
        context.log.warning("%d files hold no record: %s", len(empty), ", ".join(empty[:20]))
    # No upstream asset could tell Dagster that the configuration changed, so the root's version carries it.
    return output(table, metadata, version_suffix=f"-{foundry.config_hash}")


@dg.multi_asset(
    name="normalize",
    outs={
        name: dg.AssetOut.from_spec(spec(name, "pipeline.normalize", description, {"python", "pydantic", "parquet"}))
        for name, description in {
            "questions": "Parsed, repaired and validated questions: stem, options without marks, answer counted from 0, repairs named.",
            "rejected_records": "Records that are no usable question, each with its reason codes and all that could still be read of it.",
        }.items()
    },
)
def questions(foundry: dg.ResourceParam[Foundry], raw_records: Table) -> tuple[dg.Output[Table], dg.Output[Table]]:
    """Stage 2, normalize and validate."""
    parameters = [source.model_dump(mode="json") for source in foundry.config.sources]

    def work() -> Any:
        result = normalize(raw_records.frame(), foundry.config)
        return [result.questions, result.rejected], {}

    (good, bad), _ = computed(foundry, "pipeline.normalize", ["questions", "rejected_records"], [raw_records], parameters, work)
    kept, refused = (table.frame() for table in (good, bad))
    repairs = {str(name): int(count) for name, count in kept["repairs"].explode().dropna().value_counts().items()}
    total = len(kept) + len(refused)
    passed = {"pass_fraction": len(kept) / total} if total else {}
    examples = [{k: row[k] for k in ("locator", "reason_codes", "detail", "stem")} for row in _records(refused.head(10))]
    return (
        output(good, {"repairs": counts_table(repairs, "repair"), **passed}),
        output(bad, {"reasons": reasons_table(reason_counts(refused)), "examples": markdown_table(examples, 120)}),
    )


def _records(frame: Any) -> list[dict[str, Any]]:
    return [
        {key: list(value) if hasattr(value, "tolist") else None if value is None or value != value else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


@dg.multi_asset(
    name="deduplicate",
    outs={
        name: dg.AssetOut.from_spec(spec(name, "pipeline.deduplicate", description, kinds))
        for name, description, kinds in [
            (
                "duplicate_clusters",
                "What deduplication says of each question: its cluster, its split group and its nearest neighbours with their relations.",
                {"python", "datasketch", "parquet"},
            ),
            (
                "duplicate_pairs",
                "Verified pairs: exact, same, variant, conflict or related, with similarity, the rule that decided and what it saw.",
                {"python", "datasketch", "parquet"},
            ),
        ]
    },
)
def duplicate_clusters(foundry: dg.ResourceParam[Foundry], questions: Table) -> tuple[dg.Output[Table], dg.Output[Table]]:
    """Stage 3, deduplicate."""

    def work() -> Any:
        result = deduplicate(questions.frame(), foundry.config.dedup)
        return [result.members, result.pairs], result.counts

    names = ["duplicate_clusters", "duplicate_pairs"]
    (members, pairs), counts = computed(foundry, "pipeline.deduplicate", names, [questions], foundry.config.dedup.model_dump(), work)
    frame = members.frame()
    cuts = _records(frame.loc[frame["cut_from"].notna(), ["record_id", "cut_from"]].head(50))
    return output(members, {**counts, "cut_from_chains": markdown_table(cuts)}), output(pairs, {"counts": counts_table(counts, "what")})


def model_signals(context: dg.AssetExecutionContext, foundry: Foundry, questions: Table) -> pd.DataFrame:
    """What the model that the configuration names makes of each question: measured in a child process, cached by question."""
    folder = foundry.models / foundry.config.dataset / "quality"
    job = {"questions": str(questions.path), "output": str(folder / "signals.parquet")}
    run_child(context, foundry, "pipeline.evaluation.quality", folder, job)
    return to_frame(pq.read_table(folder / "signals.parquet"), ModelSignal)


@table_asset(
    "quality_scores",
    "pipeline.assess",
    "Named quality signals of each question, one score (0-1, high = good), and every flag in words.",
    {"python", "parquet"},
)
def quality_scores(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry], questions: Table) -> dg.Output[Table]:
    """Stage 4, assess."""
    asked = foundry.config.quality.model_dump(mode="json", exclude={"min_score", "batch_tokens"})
    asked["code"] = code_version("pipeline.evaluation.quality")

    def work() -> Any:
        return [assess(questions.frame(), model_signals(context, foundry, questions) if asked["model"] else None)], {}

    (table,), _ = computed(foundry, "pipeline.assess", ["quality_scores"], [questions], asked if asked["model"] else None, work)
    frame = table.frame()
    flags = {str(name): int(count) for name, count in frame["flags"].explode().dropna().value_counts().items()}
    mean = {"mean_score": float(frame["quality_score"].mean())} if len(frame) else {}
    return output(table, {"flags": counts_table(flags, "flag"), **mean})


@table_asset(
    "curated_questions",
    "pipeline.select",
    "The verdict on each question: kept, or benchmark, contaminated, conflict, duplicate, filtered, with the record that decided.",
    {"python", "parquet"},
)
def curated_questions(
    foundry: dg.ResourceParam[Foundry], questions: Table, duplicate_clusters: Table, duplicate_pairs: Table, quality_scores: Table
) -> dg.Output[Table]:
    """Stage 5, select."""
    inputs = [questions, duplicate_clusters, duplicate_pairs, quality_scores]
    parameters = foundry.config.model_dump(mode="json", include={"dedup", "quality"})

    def work() -> Any:
        return [select(*(table.frame() for table in inputs), foundry.config)], {}

    (table,), _ = computed(foundry, "pipeline.select", ["curated_questions"], inputs, parameters, work)
    frame = table.frame()
    kept = int(frame["kept"].sum())
    duplicates = {"duplicate_fraction": int(frame["disposition"].eq("duplicate").sum()) / len(frame)} if len(frame) else {}
    conflicts = _records(frame.loc[frame["disposition"].eq("conflict"), ["record_id", "representative_id", "detail"]].head(50))
    metadata = {
        "kept": kept,
        "reasons": reasons_table(reason_counts(frame)),
        "contamination": counts_table(contamination_counts(frame), "how a benchmark touches training rows"),
        "conflicts": markdown_table(conflicts, 300),
        **duplicates,
    }
    return output(table, metadata)


@table_asset(
    "splits", "pipeline.split", "The split of each kept question, drawn by split group with the config's seed.", {"python", "parquet"}
)
def splits(foundry: dg.ResourceParam[Foundry], curated_questions: Table) -> dg.Output[Table]:
    """Stage 6, split."""
    parameters = foundry.config.split.model_dump()

    def work() -> Any:
        selection = curated_questions.frame()
        found = split(selection, foundry.config.split)
        cells = split_balance(placed_rows(selection, found))
        return [found], {"balance_cells": len(cells), "balance_cells_outside_95_percent": sum(cell.outside for cell in cells)}

    (table,), facts = computed(foundry, "pipeline.split", ["splits"], [curated_questions], parameters, work)
    frame = table.frame()
    counts = {str(name): int(count) for name, count in frame["split"].value_counts().items()}
    return output(table, {**counts, "split_groups": int(frame["split_group"].nunique()), "method": foundry.config.split.method, **facts})


@table_asset(
    "sample_ledger",
    "pipeline.ledger",
    "One row a raw record, whatever became of it: origin, verdict, reasons, the record that decided, score, split.",
    {"python", "parquet"},
)
def sample_ledger(
    foundry: dg.ResourceParam[Foundry],
    raw_records: Table,
    questions: Table,
    rejected_records: Table,
    quality_scores: Table,
    curated_questions: Table,
    splits: Table,
) -> dg.Output[Table]:
    """Stage 7, ledger."""
    inputs = [raw_records, questions, rejected_records, quality_scores, curated_questions, splits]
    parameters = [foundry.config.curation(), [source.licence for source in foundry.config.sources]]

    def work() -> Any:
        return [build_ledger(*(table.frame() for table in inputs), foundry.config)], {}

    (table,), _ = computed(foundry, "pipeline.ledger", ["sample_ledger"], inputs, parameters, work)
    frame = table.frame()
    return output(table, {"funnel": counts_table(funnel(frame), "disposition"), "reasons": reasons_table(reason_counts(frame))})


@dg.asset(
    name="dataset",
    description="Publishes this dataset version for all readers at once, by renaming one pointer, after every blocking check has passed.",
    group_name="curate",
    kinds={"python", "parquet"},
    owners=OWNERS,
    code_version=code_version("pipeline.lake"),
)
def dataset(
    context: dg.AssetExecutionContext,
    foundry: dg.ResourceParam[Foundry],
    raw_records: Table,
    questions: Table,
    rejected_records: Table,
    duplicate_clusters: Table,
    duplicate_pairs: Table,
    quality_scores: Table,
    curated_questions: Table,
    splits: Table,
    sample_ledger: Table,
) -> dg.MaterializeResult:
    """Stage 8, publish."""
    inputs = [
        raw_records,
        questions,
        rejected_records,
        duplicate_clusters,
        duplicate_pairs,
        quality_scores,
        curated_questions,
        splits,
        sample_ledger,
    ]
    lake, chain = foundry.lake, run_chain(context.instance, context.run)
    with lake.lock():
        before = lake.current()
        lake.require_one_run(chain, [table.asset for table in inputs])
        counts = funnel(sample_ledger.frame())
        version = Version(
            dataset=foundry.config.dataset,
            dataset_version=dataset_version(splits.frame(), foundry.config),
            tables={table.asset: table.hash for table in inputs},
            counts=counts,
            config=foundry.config.model_dump(mode="json"),
            run_id=context.run.run_id,
            published_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        published = lake.publish(version)
        active = {
            run_id for run in context.instance.get_runs(dg.RunsFilter(statuses=ACTIVE)) for run_id in run_chain(context.instance, run)
        }
        removed = lake.clean(foundry.config.keep_versions, foundry.pinned_versions(), {*active, *chain})
    context.log.info("published %s" if published else "nothing new: %s is published already", version.name)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.name),
        metadata={
            "dataset_version": version.dataset_version,
            "published": published,
            "replaces": before.name if before and published else "",
            "funnel": counts_table(counts, "disposition"),
            "dagster/row_count": sum(counts[name] for name in ("train", "validation", "test")),
            "files_removed": removed,
            "path": dg.MetadataValue.path(str(lake.root / "versions" / f"{version.name}.json")),
        },
    )
