"""Stages 1-8: from raw files to a published dataset version. Each asset calls one function of `pipeline/`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any

import dagster as dg
import pandas as pd

from assets.catalogue import OWNERS, table_asset, table_out
from assets.checks import ERROR, sentence_result
from assets.children import run_child
from assets.metadata import counts_table, markdown_table, output, reasons_table, shares
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry, clean_up
from assets.resources.lake_io import TABLES, Table
from assets.resources.links import home_link, linked, list_link, report_link
from assets.resources.memo import computed, kept, last_time, memory, read_again, unwritten
from assets.resources.retries import retried
from assets.resources.runs import run_chain, tag_version
from pipeline.assess import assess
from pipeline.common.counts import count_values, ratio
from pipeline.common.files import read_parquet
from pipeline.common.store.decisions import read_lines, written
from pipeline.deduplicate import deduplicate
from pipeline.deduplicate.decided import decided as pair_decisions
from pipeline.ingest import files_without_records, ingest
from pipeline.ingest.files import find_files
from pipeline.ingest.summary import by_file, by_source, unread_text, unreadable_files
from pipeline.ledger import build_ledger, funnel
from pipeline.normalize import NormalizeResult, normalize
from pipeline.normalize.decisions import apply_decisions
from pipeline.normalize.source_files import worst_first
from pipeline.publish import publish
from pipeline.select import contamination_counts, select
from pipeline.select.reviewed import settle, worth_a_look
from pipeline.split import split
from pipeline.split.balance import balance_counts
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import ClusterMember, MatchedDecision, ModelSignal, Rejected, ReviewDecision, Selection, SourceFile

SHOWN = 20


@table_asset(
    "raw_records",
    "pipeline.ingest",
    "Every record of every source, verbatim, with its file, place, encoding and hash. What can't be read is a record too, with a reason.",
    {"python", "parquet"},
    group="ingest",
)
def raw_records(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.Output[Table]:
    """Stage 1, ingest. The files are its input, so it always reads them."""
    foundry = foundries.of(context)
    with retried():
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
        "files": markdown_table(files.head(SHOWN).to_dict("records"), of=len(files)),
        "unreadable_files": markdown_table([{"file": name, "why": why} for name, why in list(unreadable.items())[:SHOWN]], cell_chars=300),
        "unreadable_records": int(files["rejected"].sum()),
        "file_count": len(files),
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
        "matched_decisions": table_out(
            "matched_decisions",
            "pipeline.normalize.decisions",
            "Each line of the reviewers' decisions with the record that it is about, found by id or content, and what it did to its text.",
            {"python", "pydantic", "parquet"},
        ),
    },
)
def questions(
    context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries], raw_records: Table
) -> tuple[dg.Output[Table], dg.Output[Table], dg.Output[Table], dg.Output[Table]]:
    """Stage 2, normalize and validate; then what reviewers decided."""
    foundry = foundries.of(context)
    name, parameters = foundry.config.dataset, [source.model_dump(mode="json") for source in foundry.config.sources]

    def compute() -> Any:
        known = last_time(foundry, "pipeline.normalize", "questions", parameters, "raw_records", *outputs)
        before = (known[0], NormalizeResult(*known[1:])) if known else None
        result = normalize(raw_records.frame(), foundry.config.sources, before)
        return [result.questions, result.rejected, result.files], {}

    outputs = ["questions", "rejected_records", "source_files"]
    as_read, _ = computed(foundry, "pipeline.normalize", outputs, [raw_records], parameters, compute)
    good, bad, matched = decided(foundry, raw_records, as_read[:2], context.run.run_id)
    files = as_read[2]
    kept, refused, read = (table.frame() for table in (good, bad, files))
    worst = read.loc[[len(why) > 0 for why in read["looks"]]]
    shown = to_rows(worst_first(worst).head(SHOWN), SourceFile, ["file", "layout", "records", "rejected", "looks"])
    examples = linked(name, to_rows(refused.head(10), Rejected, ["record_id", "reason_codes", "detail"]), "record_id")
    whole, looks = len(kept) + len(refused), sum(len(looks) > 0 for looks in read["looks"])
    reasons = count_values(refused["reason_codes"])
    told = {
        "reasons": reasons_table(reasons),
        "examples": markdown_table(examples, 60, of=len(refused)),
        "all_of_them": list_link(name, list="rejected"),
        "rejected_fraction": ratio(len(refused), whole),
        **shares(reasons, whole),
    }
    return (
        output(good, {"pass_fraction": ratio(len(kept), whole), "repairs": counts_table(count_values(kept["repairs"]), "repair")}),
        output(bad, told),
        output(files, {"look_first": markdown_table(shown, 200, of=looks), "files_to_look_at": looks}),
        output(matched, {"statuses": counts_table(count_values(matched.frame()["status"]), "status")}),
    )


def decided(foundry: Foundry, raw: Table, as_read: Sequence[Table], run_id: str) -> list[Table]:
    """Questions, rejected records and matched decisions once what reviewers decided was applied to what was read.

    What was read is remembered by itself: a new decision parses nothing anew.
    """
    lines = read_lines(foundry.decisions)
    if not lines:
        none = unwritten(foundry.lake, "matched_decisions", to_frame([], MatchedDecision))
        return [*as_read, replace(none, computed=as_read[0].computed)]
    kept(foundry, as_read, {"code_version": code_version("pipeline.normalize"), "config_hash": foundry.config_hash, "run_id": run_id})
    parameters = [source.model_dump(mode="json") for source in foundry.config.sources]

    def compute() -> Any:
        frames = (table.frame() for table in (raw, *as_read))
        changed = apply_decisions(*frames, lines, foundry.config.sources)
        return [changed.decisions, changed.questions, changed.rejected], {}

    # By the first name it is remembered: under `questions` what was read is.
    names, inputs = ["matched_decisions", "questions", "rejected_records"], [raw, *as_read]
    (matched, good, bad), _ = computed(foundry, "pipeline.normalize.decisions", names, inputs, parameters, compute, written(lines))
    return [good, bad, matched]


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
def duplicate_clusters(
    context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries], questions: Table, matched_decisions: Table
) -> tuple[dg.Output[Table], dg.Output[Table]]:
    """Stage 3, deduplicate. Of the decisions only those that concern pairs or texts count: a new note compares nothing anew."""
    foundry, decisions = foundries.of(context), pair_decisions(matched_decisions.frame())
    parameters, asked = foundry.config.dedup.model_dump(), decisions if any(decisions) else None

    def compute() -> Any:
        known = memory(foundry, "pipeline.deduplicate", [parameters, installed("datasketch")])
        result = deduplicate(questions.frame(), foundry.config.dedup, decisions, known)
        return [result.members, result.pairs], result.counts

    names = ["duplicate_clusters", "duplicate_pairs"]
    (members, pairs), counts = computed(foundry, "pipeline.deduplicate", names, [questions], parameters, compute, asked)
    frame = members.frame()
    cuts = to_rows(frame[frame["cut_from"].notna()].head(50), ClusterMember, ["record_id", "cut_from"])
    name = foundry.config.dataset
    told = {**counts, "cut_from_chains": markdown_table(linked(name, cuts, "record_id", "cut_from"))}
    return output(members, told), output(pairs, {"counts": counts_table(counts, "what"), "conflicts": list_link(name, list="conflicts")})


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
def quality_scores(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries], questions: Table) -> dg.Output[Table]:
    """Stage 4, assess."""
    foundry = foundries.of(context)
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
    flags = count_values(frame["flags"])
    told = {
        "mean_score": mean,
        "flags": counts_table(flags, "flag"),
        "most_suspicious": list_link(foundry.config.dataset, list="suspicious"),
    }
    return output(table, {**told, **shares(flags, len(frame), "flagged")})


@dg.multi_asset(
    name="select",
    outs={
        "curated_questions": table_out(
            "curated_questions",
            "pipeline.select",
            "The verdict on each question: kept, or benchmark, contaminated, conflict, duplicate, filtered, with the record that decided.",
            {"python", "parquet"},
        ),
        "review_decisions": table_out(
            "review_decisions",
            "pipeline.select",
            "What came of each line of the reviewers' decisions: applied, superseded, or why not; wrong and orphaned lines need a look.",
            {"python", "parquet"},
        ),
    },
)
def curated_questions(
    context: dg.AssetExecutionContext,
    foundries: dg.ResourceParam[Foundries],
    questions: Table,
    matched_decisions: Table,
    duplicate_clusters: Table,
    duplicate_pairs: Table,
    quality_scores: Table,
) -> tuple[dg.Output[Table], dg.Output[Table]]:
    """Stage 5, select, and what came of the reviewers' decisions."""
    foundry = foundries.of(context)
    inputs = [questions, duplicate_clusters, duplicate_pairs, quality_scores, matched_decisions]
    parameters = {"drop_variants": foundry.config.dedup.drop_variants, "min_score": foundry.config.quality.min_score}

    def compute() -> Any:
        asked, members, pairs, quality, matched = (table.frame() for table in inputs)
        chosen = select(asked, members, pairs, quality, decisions=matched, **parameters)
        return [chosen, settle(matched, asked, members, pairs, chosen)], {}

    names = ["curated_questions", "review_decisions"]
    (table, reviewed), _ = computed(foundry, "pipeline.select", names, inputs, parameters, compute)
    frame = table.frame()
    name, conflicts = foundry.config.dataset, frame[frame["disposition"] == Disposition.CONFLICT]
    shown = linked(
        name, to_rows(conflicts.head(20), Selection, ["record_id", "representative_id", "detail"]), "record_id", "representative_id"
    )
    metadata = {
        "kept": int(frame["kept"].sum()),
        "reasons": reasons_table(count_values(frame["reason_codes"])),
        "contamination": counts_table(contamination_counts(frame), "how a benchmark touches training rows"),
        "conflicts": markdown_table(shown, 80, of=len(conflicts)),
        "all_conflicts": list_link(name, list="conflicts"),
        "contaminated": list_link(name, list="contaminated"),
        "duplicate_fraction": ratio(int((frame["disposition"] == Disposition.DUPLICATE).sum()), len(frame)),
    }
    return output(table, metadata), output(reviewed, decisions_shown(reviewed.frame()))


def decisions_shown(decisions: pd.DataFrame) -> dict[str, Any]:
    """What the page of the decisions shows: those that need a look first, then the newest."""
    names = ["line", "who", "action", "record_id", "status", "detail"]
    looks = worth_a_look(decisions)
    return {
        "look_first": markdown_table(to_rows(looks.head(SHOWN), ReviewDecision, names), 200),
        "newest": markdown_table(to_rows(decisions.tail(SHOWN).iloc[::-1], ReviewDecision, names), 200),
        "statuses": counts_table(count_values(decisions["status"]), "status"),
        "decisions_to_look_at": len(looks),
    }


@table_asset(
    "splits", "pipeline.split", "The split of each kept question, drawn by split group with the config's seed.", {"python", "parquet"}
)
def splits(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries], curated_questions: Table) -> dg.Output[Table]:
    """Stage 6, split."""
    foundry = foundries.of(context)
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
    context: dg.AssetExecutionContext,
    foundries: dg.ResourceParam[Foundries],
    raw_records: Table,
    questions: Table,
    rejected_records: Table,
    quality_scores: Table,
    curated_questions: Table,
    splits: Table,
    review_decisions: Table,
) -> dg.Output[Table]:
    """Stage 7, ledger."""
    foundry = foundries.of(context)
    inputs = [raw_records, questions, rejected_records, quality_scores, curated_questions, splits, review_decisions]
    parameters = [foundry.config.curation(), {source.name: source.licence for source in foundry.config.sources}]

    def compute() -> Any:
        *frames, decisions = (table.frame() for table in inputs)
        return [build_ledger(*frames, *parameters, decisions=decisions)], {}

    (table,), _ = computed(foundry, "pipeline.ledger", ["sample_ledger"], inputs, parameters, compute)
    frame = table.frame()
    counts, reasons = funnel(frame), count_values(frame["reason_codes"])
    told = {
        "funnel": counts_table(counts, "disposition"),
        "reasons": reasons_table(reasons),
        "records": list_link(foundry.config.dataset),
        **shares(counts, len(frame)),
        **shares(reasons, len(frame), "reason"),
    }
    return output(table, told)


@dg.asset(
    name="dataset",
    ins={name: dg.AssetIn() for name in TABLES},
    description="Publishes this dataset version for all readers at once, by renaming one pointer, after every blocking check has passed.",
    group_name="curate",
    kinds={"python", "parquet"},
    owners=OWNERS,
    code_version=code_version("pipeline.publish"),
)
def dataset(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries], **tables: Table) -> dg.MaterializeResult:
    """Stage 8, publish, and then remove what nobody needs. What goes wrong with that is a warning: the version is published."""
    foundry = foundries.of(context)
    with retried(), foundry.lake.lock():
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
    tag_version(context, version.dataset_version)
    cleaned = clean_up(foundry)
    if isinstance(cleaned, str):
        context.log.warning("nothing was cleaned: %s", cleaned)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.name),
        metadata={
            "audit": home_link(foundry.config.dataset),
            "report": report_link(foundry.config.dataset),
            "dataset_version": version.dataset_version,
            "published": published,
            "replaces": replaced or ("nothing: it is the first" if published else "nothing: it was published before"),
            "funnel": counts_table(version.counts, "disposition"),
            "conflicts": list_link(foundry.config.dataset, list="conflicts"),
            "rejected": list_link(foundry.config.dataset, list="rejected"),
            "changed_since": list_link(foundry.config.dataset, list="changed"),
            "dagster/row_count": sum(version.counts[name] for name in SPLITS),
            **shares(version.counts, sum(version.counts.values())),
            "files_removed": cleaned,
            "path": dg.MetadataValue.path(str(foundry.lake.root / "versions" / f"{version.name}.json")),
        },
    )


@dg.asset_check(
    asset=dataset, blocking=True, description="The version that readers see is there as a whole: every table, with every record."
)
def published_version_is_whole(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Looks at CURRENT, as readers do."""
    lake = foundries.of(context).lake
    version = lake.current()
    if version is None:
        return sentence_result("nothing is published", ERROR)
    gone = [name for name, table_hash in version.tables.items() if not lake.holds({name: table_hash})]
    rows, expected = lake.arrow("sample_ledger", version.tables["sample_ledger"]).num_rows, sum(version.counts.values())
    wrong = f"tables {', '.join(gone)} are gone or damaged" if gone else None
    if rows != expected:
        wrong = f"the ledger has {rows:,} rows, and {expected:,} records were counted"
    return sentence_result(wrong, ERROR, tables=len(version.tables), records=rows, dataset_version=version.dataset_version)
