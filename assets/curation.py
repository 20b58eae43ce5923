"""Stages 1-8: from raw files to a published dataset version. Each asset calls one function of `pipeline/`."""

from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any

import dagster as dg
import pandas as pd

from assets.catalogue import OWNERS, table_asset, table_out
from assets.children import run_child
from assets.metadata import counts_table, markdown_table, output, reasons_table
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry, clean_up
from assets.resources.lake_io import TABLES, Table
from assets.resources.memo import computed, last_time, memory, read_again
from assets.resources.runs import run_chain
from pipeline.assess import assess
from pipeline.common.counts import count_values, ratio
from pipeline.common.files import read_parquet
from pipeline.deduplicate import deduplicate
from pipeline.ingest import files_without_records, ingest
from pipeline.ingest.files import find_files
from pipeline.ingest.summary import by_file, by_source, unread_text, unreadable_files
from pipeline.ledger import build_ledger, funnel
from pipeline.normalize import NormalizeResult, normalize
from pipeline.normalize.source_files import worst_first
from pipeline.publish import publish
from pipeline.select import contamination_counts, select
from pipeline.split import split
from pipeline.split.balance import balance_counts
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, ModelSignal, Rejected, Selection, SourceFile

SHOWN = 20


@table_asset(
    "raw_records",
    "pipeline.ingest",
    "Every record of every source, verbatim, with its file, place, encoding and hash. What can't be read is a record too, with a reason.",
    {"python", "parquet"},
    group="ingest",
)
def raw_records(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.Output[Table]:
    """Stage 1, ingest. The files are its input, so it always reads them."""
    found = find_files(foundry.config)
    readers = [(source.name, source.reader, source.role) for source in foundry.config.sources]
    table = read_again(foundry, "pipeline.ingest", "raw_records", readers, lambda before: ingest(foundry.config, found, before))
    frame = table.frame()
    files, empty, unreadable = by_file(frame), files_without_records(foundry.config, found, frame), unreadable_files(frame)
    for name, why in list(unreadable.items())[:SHOWN]:
        context.log.warning("%s can't be read: %s", name, why)
    if empty:
        context.log.warning("%d files hold no record: %s", len(empty), ", ".join(empty[:SHOWN]))
    metadata = {
        "sources": markdown_table(by_source(frame).to_dict("records")),
        "files": markdown_table(files.head(SHOWN).to_dict("records")),
        "unreadable_files": markdown_table([{"file": name, "why": why} for name, why in list(unreadable.items())[:SHOWN]], cell_chars=300),
        "unreadable_records": int(files["rejected"].sum()),
        "text_in_no_record": markdown_table(unread_text(frame)[:SHOWN], cell_chars=300),
        "files_without_records": markdown_table([{"file": name} for name in empty[:SHOWN]]),
    }
    # No upstream asset could tell Dagster that the configuration changed, so the root's version carries it.
    return output(table, metadata, version_suffix=f"-{foundry.config_hash}")


@dg.multi_asset(
    name="normalize",
    outs={
        "questions": table_out(
            "questions",
            "pipeline.normalize",
            "Parsed, repaired and validated questions: stem, options without marks, answer counted from 0, repairs named.",
            {"python", "pydantic", "parquet"},
        ),
        "rejected_records": table_out(
            "rejected_records",
            "pipeline.normalize",
            "Records that are no usable question, each with its reason codes and all that could still be read of it.",
            {"python", "pydantic", "parquet"},
        ),
        "source_files": table_out(
            "source_files",
            "pipeline.normalize",
            "How each file was read: reader, layout, what each column was taken for, records kept and refused, text that no record holds.",
            {"python", "pydantic", "parquet"},
        ),
    },
)
def questions(foundry: dg.ResourceParam[Foundry], raw_records: Table) -> tuple[dg.Output[Table], dg.Output[Table], dg.Output[Table]]:
    """Stage 2, normalize and validate."""
    parameters = [source.model_dump(mode="json") for source in foundry.config.sources]

    def compute() -> Any:
        known = last_time(foundry, "pipeline.normalize", "questions", parameters, "raw_records", *outputs)
        before = (known[0], NormalizeResult(*known[1:])) if known else None
        result = normalize(raw_records.frame(), foundry.config.sources, before)
        return [result.questions, result.rejected, result.files], {}

    outputs = ["questions", "rejected_records", "source_files"]
    (good, bad, files), _ = computed(foundry, "pipeline.normalize", outputs, [raw_records], parameters, compute)
    kept, refused, read = (table.frame() for table in (good, bad, files))
    shown = to_rows(worst_first(read).head(SHOWN), SourceFile, ["file", "reader", "layout", "records", "questions", "rejected", "looks"])
    examples = to_rows(refused.head(10), Rejected, ["locator", "reason_codes", "detail", "stem"])
    passed = ratio(len(kept), len(kept) + len(refused))
    return (
        output(good, {"repairs": counts_table(count_values(kept["repairs"]), "repair"), "pass_fraction": passed}),
        output(bad, {"reasons": reasons_table(count_values(refused["reason_codes"])), "examples": markdown_table(examples, 120)}),
        output(files, {"look_first": markdown_table(shown, 300), "files_to_look_at": sum(len(looks) > 0 for looks in read["looks"])}),
    )


@dg.multi_asset(
    name="deduplicate",
    outs={
        "duplicate_clusters": table_out(
            "duplicate_clusters",
            "pipeline.deduplicate",
            "What deduplication says of each question: its cluster, its split group and its nearest neighbours with their relations.",
            {"python", "datasketch", "parquet"},
        ),
        "duplicate_pairs": table_out(
            "duplicate_pairs",
            "pipeline.deduplicate",
            "Verified pairs: exact, same, variant, conflict or related, with similarity, the rule that decided and what it saw.",
            {"python", "datasketch", "parquet"},
        ),
    },
)
def duplicate_clusters(foundry: dg.ResourceParam[Foundry], questions: Table) -> tuple[dg.Output[Table], dg.Output[Table]]:
    """Stage 3, deduplicate."""
    parameters = foundry.config.dedup.model_dump()

    def compute() -> Any:
        known = memory(foundry, "pipeline.deduplicate", [parameters, installed("datasketch")])
        result = deduplicate(questions.frame(), foundry.config.dedup, known)
        return [result.members, result.pairs], result.counts

    names = ["duplicate_clusters", "duplicate_pairs"]
    (members, pairs), counts = computed(foundry, "pipeline.deduplicate", names, [questions], parameters, compute)
    frame = members.frame()
    cuts = to_rows(frame[frame["cut_from"].notna()].head(50), ClusterMember, ["record_id", "cut_from"])
    return output(members, {**counts, "cut_from_chains": markdown_table(cuts)}), output(pairs, {"counts": counts_table(counts, "what")})


def model_signals(context: dg.AssetExecutionContext, foundry: Foundry, questions: Table) -> pd.DataFrame:
    """What the model that the configuration names makes of each question: measured in a child process, cached by question."""
    folder = foundry.models / foundry.config.dataset / "quality"
    job = {"questions": str(questions.path), "output": str(folder / "signals.parquet")}
    run_child(context, foundry, "pipeline.assess.ask_model", folder, job)
    return to_frame(read_parquet(folder / "signals.parquet"), ModelSignal)


@table_asset(
    "quality_scores",
    "pipeline.assess",
    "Named quality signals of each question, one score (0-1, high = good), and every flag in words.",
    {"python", "parquet"},
)
def quality_scores(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry], questions: Table) -> dg.Output[Table]:
    """Stage 4, assess."""
    asked = foundry.config.quality.model_dump(mode="json", exclude={"min_score", "batch_tokens"})
    asked["code"] = code_version("pipeline.assess.ask_model")

    parameters = asked if asked["model"] else None

    def compute() -> Any:
        if asked["model"]:
            return [assess(questions.frame(), model_signals(context, foundry, questions))], {}
        known = last_time(foundry, "pipeline.assess", "quality_scores", None, "questions", "quality_scores")
        return [assess(questions.frame(), before=(known[0], known[1]) if known else None)], {}

    (table,), _ = computed(foundry, "pipeline.assess", ["quality_scores"], [questions], parameters, compute)
    frame = table.frame()
    mean = ratio(float(frame["quality_score"].sum()), len(frame))
    return output(table, {"flags": counts_table(count_values(frame["flags"]), "flag"), "mean_score": mean})


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
    parameters = {"drop_variants": foundry.config.dedup.drop_variants, "min_score": foundry.config.quality.min_score}

    def compute() -> Any:
        return [select(*(table.frame() for table in inputs), **parameters)], {}

    (table,), _ = computed(foundry, "pipeline.select", ["curated_questions"], inputs, parameters, compute)
    frame = table.frame()
    conflicts = frame[frame["disposition"] == Disposition.CONFLICT].head(50)
    metadata = {
        "kept": int(frame["kept"].sum()),
        "reasons": reasons_table(count_values(frame["reason_codes"])),
        "contamination": counts_table(contamination_counts(frame), "how a benchmark touches training rows"),
        "conflicts": markdown_table(to_rows(conflicts, Selection, ["record_id", "representative_id", "detail"]), 300),
        "duplicate_fraction": ratio(int((frame["disposition"] == Disposition.DUPLICATE).sum()), len(frame)),
    }
    return output(table, metadata)


@table_asset(
    "splits", "pipeline.split", "The split of each kept question, drawn by split group with the config's seed.", {"python", "parquet"}
)
def splits(foundry: dg.ResourceParam[Foundry], curated_questions: Table) -> dg.Output[Table]:
    """Stage 6, split."""
    parameters = foundry.config.split.model_dump()

    def compute() -> Any:
        selection = curated_questions.frame()
        found = split(selection, foundry.config.split)
        return [found], balance_counts(selection, found)

    (table,), facts = computed(foundry, "pipeline.split", ["splits"], [curated_questions], parameters, compute)
    frame = table.frame()
    told = {"split_groups": int(frame["split_group"].nunique()), "method": foundry.config.split.method}
    return output(table, {**count_values(frame["split"]), **told, **facts})


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
    parameters = [foundry.config.curation(), {source.name: source.licence for source in foundry.config.sources}]

    def compute() -> Any:
        return [build_ledger(*(table.frame() for table in inputs), *parameters)], {}

    (table,), _ = computed(foundry, "pipeline.ledger", ["sample_ledger"], inputs, parameters, compute)
    frame = table.frame()
    reasons = reasons_table(count_values(frame["reason_codes"]))
    return output(table, {"funnel": counts_table(funnel(frame), "disposition"), "reasons": reasons})


@dg.asset(
    name="dataset",
    ins={name: dg.AssetIn() for name in TABLES},
    description="Publishes this dataset version for all readers at once, by renaming one pointer, after every blocking check has passed.",
    group_name="curate",
    kinds={"python", "parquet"},
    owners=OWNERS,
    code_version=code_version("pipeline.publish"),
)
def dataset(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry], **tables: Table) -> dg.MaterializeResult:
    """Stage 8, publish, and then remove what nobody needs. What goes wrong with that is a warning: the version is published."""
    with foundry.lake.lock():
        version, published, replaced, damage = publish(
            foundry.lake,
            foundry.config,
            {name: table.hash for name, table in tables.items()},
            tables["sample_ledger"].frame(),
            tables["splits"].frame(),
            run_chain(context.instance, context.run),
            datetime.now(UTC),
        )
    if damage:
        context.log.warning("mended: %s", damage)
    context.log.info("published %s" if published else "nothing new: %s is published already", version.name)
    cleaned = clean_up(foundry)
    if isinstance(cleaned, str):
        context.log.warning("nothing was cleaned: %s", cleaned)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.name),
        metadata={
            "dataset_version": version.dataset_version,
            "published": published,
            "replaces": replaced or "nothing",
            "funnel": counts_table(version.counts, "disposition"),
            "dagster/row_count": sum(version.counts[name] for name in SPLITS),
            "files_removed": cleaned,
            "path": dg.MetadataValue.path(str(foundry.lake.root / "versions" / f"{version.name}.json")),
        },
    )
