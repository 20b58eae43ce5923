"""Stages 9 and 10: the published dataset as chat examples, the memory plan, and the adapter."""

from typing import Any

import dagster as dg
import pyarrow as pa

from assets.audit import renew_after
from assets.catalogue import OWNERS
from assets.checks import check_result
from assets.children import run_child
from assets.metadata import column_schema, defined, markdown_table, number, percent
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry, ledger_of
from assets.resources.links import linked, picture
from assets.resources.memory import advice_for
from assets.resources.runs import tag_version
from pipeline.checks import unaccounted, wrong_completions
from pipeline.common import plots
from pipeline.common.files import is_whole_parquet, read_parquet, write_parquet
from pipeline.common.prompt import answer
from pipeline.common.store.runs import adapter_damage, discard, read_manifest, read_metrics, twins
from pipeline.common.text import canonical_json, short_hash
from pipeline.handover.card import write_card
from pipeline.handover.job import Adapter
from pipeline.ledger import model_questions
from pipeline.training.base_config import refuse_early, shape_of
from pipeline.training.hardware import require_device
from pipeline.training.policy import policy_table
from pipeline.training.shapes import UnknownShapeError
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.training import ChatExample


@dg.asset(
    name="chat_examples",
    deps=["dataset"],
    description="Each published question in the base model's own chat template: the prompt, and the completion that the loss sees.",
    group_name="train",
    kinds={"python", "huggingface", "parquet"},
    owners=OWNERS,
    code_version=code_version("pipeline.render"),
    metadata={"dagster/column_schema": column_schema(ChatExample)},
)
def chat_examples(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Stage 9, render, in a child process: a tokenizer needs torch's neighbours."""
    foundry = foundries.of(context)
    at = places(foundry)
    tag_version(context, at.version.dataset_version)
    if not (is_whole_parquet(at.questions) and is_whole_parquet(at.examples)):
        refuse_early(foundry.config.train)
        write_parquet(at.questions, pa.Table.from_pandas(model_questions(ledger_of(foundry, at.version)), preserve_index=False))
        run_child(context, foundry, "pipeline.render", at.examples.parent, at.job(at.examples))
    renew_after(context, foundry)
    examples = read_parquet(at.examples)
    rows = examples.select(["split", "status", "prompt_tokens", "completion_tokens", "neutralised_tokens"]).to_pandas()
    counts = rows.groupby(["split", "status"]).size().reset_index(name="examples")
    name, tokens = foundry.config.dataset, rows["prompt_tokens"] + rows["completion_tokens"]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.examples.parent.name),
        metadata={
            "dagster/row_count": examples.num_rows,
            "dataset_version": at.version.dataset_version,
            "base_model": foundry.config.train.base_model,
            "examples": markdown_table(counts.to_dict("records")),
            "preview": markdown_table(
                linked(name, examples.slice(0, 3).select(["record_id", "prompt", "completion"]).to_pylist(), "record_id"), 160
            ),
            "longest_example_tokens": int(tokens.max()) if len(tokens) else 0,
            "neutralised_tokens": int(rows["neutralised_tokens"].sum()),
            "path": dg.MetadataValue.path(str(at.examples)),
        },
    )


@dg.asset_check(asset=chat_examples, blocking=True, description="The labels cover exactly the answer and the end-of-turn token.")
def labels_cover_exactly_the_answer(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Compares every completion with the answer of the published ledger."""
    foundry = foundries.of(context)
    at = places(foundry)
    style = foundry.config.render.style
    questions = model_questions(ledger_of(foundry, at.version)).to_dict("records")
    answers = {row["record_id"]: answer(row, row["answer_index"], style) for row in questions}
    examples = to_frame(read_parquet(at.examples), ChatExample)
    return check_result(wrong_completions(examples, answers))


@dg.asset_check(
    asset=chat_examples, blocking=True, description="Every published question has one example, also those too long to train on."
)
def nothing_lost_in_render(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Conservation over rendering."""
    foundry = foundries.of(context)
    at = places(foundry)
    examples = to_frame(read_parquet(at.examples), ChatExample)
    return check_result(unaccounted(model_questions(ledger_of(foundry, at.version)), examples))


@dg.asset(
    name="vram_plan",
    deps=[chat_examples],
    description="Memory that the configured training needs, by component, from the model's shape and the samples' lengths, and what fits.",
    group_name="train",
    kinds={"python"},
    owners=OWNERS,
    code_version=code_version("pipeline.training.advice"),
)
def vram_plan(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Stage 10, preflight. A model of an unknown family has no plan, only the reason."""
    foundry = foundries.of(context)
    train = foundry.config.train
    try:
        advice = advice_for(foundry)
    except UnknownShapeError as error:
        context.log.warning(str(error))
        return dg.MaterializeResult(data_version=dg.DataVersion(short_hash(str(error))), metadata={"not_planned": str(error)})
    plan = advice.plan
    parts = [{"component": name, "GiB": round(gib, 2)} for name, gib in plan.components.items()]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(short_hash(canonical_json([parts, advice.changes]))),
        metadata={
            "components": markdown_table(parts),
            "target": plan.target.name,
            "total_gib": round(plan.total_gib, 2),
            "capacity_gib": round(plan.target.capacity_gib, 2),
            "fits": plan.fits,
            "blocks_computed_again": f"{plan.recomputed} of {plan.layers}",
            "what_limits": advice.limit,
            "largest_batch_size": advice.batches,
            "longest_tokens_that_fit": advice.longest_tokens,
            "what_to_change": markdown_table([{"change": change} for change in advice.changes], 300),
            "plot": picture(foundry, "vram_plan", plots.vram_bars(plan.components, plan.target.capacity_gib)),
            "policies": markdown_table([vars(row) for row in policy_table(shape_of(train).hidden_size, [train.rank])]),
        },
    )


@dg.asset_check(asset=vram_plan, blocking=True, description="There is a GPU where one is asked for, and the plan fits its memory.")
def fits_the_gpu(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Blocks a training on a GPU that isn't there or would overflow; on a CPU, and for an unknown model, the plan is told and not asked."""
    foundry = foundries.of(context)
    require_device(foundry.config.train)
    try:
        advice = advice_for(foundry)
    except UnknownShapeError as error:
        return dg.AssetCheckResult(passed=True, description=str(error))
    plan = advice.plan
    problem = plan.target.is_gpu and not plan.fits
    needed = f"{plan.total_gib:.1f} GiB needed, {plan.target.capacity_gib:.1f} usable on {plan.target.name}: {'; '.join(advice.changes)}"
    return dg.AssetCheckResult(
        passed=not problem,
        metadata={"total_gib": plan.total_gib, "capacity_gib": plan.target.capacity_gib, "largest_batch_size": advice.batches},
        description=needed if problem else None,
    )


def _planned(foundry: Foundry) -> dict[str, Any] | None:
    """What the adapter's manifest keeps of the plan."""
    try:
        plan = advice_for(foundry).plan
    except UnknownShapeError:
        return None
    facts = {"target": plan.target.name, "total_gib": plan.total_gib, "step_gib": plan.step_gib, "components_gib": plan.components}
    return facts | {"recomputed_blocks": plan.recomputed, "pass_tokens": plan.at_once.positions}


def _memory(manifest: dict[str, Any]) -> dict[str, Any]:
    """Planned beside measured, for the page; nothing for an adapter that is older than the comparison."""
    found = manifest.get("memory") or {}
    keys = ("planned_step_gib", "measured_step_gib", "measured", "longest_tokens", "micro_batch", "recomputed_blocks", "blocks")
    shown = {key: found.get(key) for key in keys}
    return {"memory_of_a_step": markdown_table([shown])} if found else {}


@dg.asset(
    name="qlora_adapter",
    deps=[chat_examples, vram_plan],
    description="The LoRA adapter, trained in a child process: safetensors, manifest, every sample's loss. An interrupted run resumes.",
    group_name="train",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    code_version=code_version("pipeline.training"),
    pool="gpu",
)
def qlora_adapter(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Stage 10, training. The same examples and settings give the same folder, which is trained once."""
    foundry = foundries.of(context)
    at = places(foundry)
    tag_version(context, at.version.dataset_version)
    damage = adapter_damage(at.adapter)
    if damage:
        context.log.warning("trained again: %s", damage)
        discard(at.adapter)
    if read_manifest(at.adapter) is not None:
        computed = "remembered"
    else:
        config = foundry.config.model_dump(mode="json", include={"train", "render"})
        same = twins(foundry.adapters.glob("*"), at.version.dataset_version, config)
        news = f"new code; with the same dataset and settings there is {', '.join(same)}" if same else "for the first time"
        computed = "the last one is damaged" if damage else news
        context.log.info("%s: computed: %s", at.adapter.name, computed)
        run_child(context, foundry, "pipeline.training", at.adapter, {**at.job(at.adapter), "plan": _planned(foundry)})
    if (manifest := read_manifest(at.adapter)) is None:
        raise DataError(f"{at.adapter} holds no finished adapter, though its training ended well; run it again")
    write_card(Adapter(at.adapter, manifest), foundry.data_root)
    renew_after(context, foundry)
    (kept,) = [line for line in manifest["epochs"] if line["epoch"] == manifest["kept_epoch"]]
    figures = {f"kept_{name}": kept[name] for name in ("epoch", "train_loss", "validation_loss")}
    if kept["asked"]:
        figures["kept_validation_accuracy"] = kept["right"] / kept["asked"]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.adapter.name),
        metadata={
            "loss": picture(foundry, "loss", plots.loss_curve(read_metrics(at.adapter), manifest["epochs"], manifest["kept_epoch"])),
            "kept": manifest["kept_because"],
            "epochs": epochs_table(manifest),
            "computed": computed,
            "dataset_version": manifest["dataset_version"],
            "base_model": f"{manifest['base_model']} @ {manifest['base_revision']}",
            "policy": markdown_table([manifest["policy"]] if manifest["policy"] else []),
            **defined(figures),
            "steps": manifest["steps"],
            "samples": markdown_table([{**manifest["samples"], "with options in another order each epoch": manifest["permuted"]}]),
            "not_trained": markdown_table([{"why": why, "samples": count} for why, count in manifest["not_trained"].items()], 100),
            "wall_seconds": manifest["wall_seconds"],
            "peak_memory_gib": round(manifest["peak_memory_bytes"] / 2**30, 2),
            **_memory(manifest),
            "device": manifest["device"],
            "warnings": markdown_table([{"warning": note} for note in manifest["warnings"]], 300),
            "manifest": dg.MetadataValue.json(manifest),
            "path": dg.MetadataValue.path(str(at.adapter)),
        },
    )


def epochs_table(manifest: dict[str, Any]) -> dg.MarkdownMetadataValue:
    """A row an epoch: its losses, and how many validation questions were right after it."""

    def row(line: dict[str, Any]) -> dict[str, Any]:
        right = f"{line['right']} of {line['asked']} ({percent(line['right'] / line['asked'], 0)})" if line["asked"] else "–"
        return {
            "epoch": f"{line['epoch'] or 'before'}{' (kept)' if line['epoch'] == manifest['kept_epoch'] else ''}",
            "training loss": number(line["train_loss"], 3),
            "validation loss": number(line["validation_loss"], 3),
            f"right ({line['mode'] or 'validation'})": right,
            "gold NLL": number(line["gold_nll"], 3),
        }

    return markdown_table([row(line) for line in manifest["epochs"]])
