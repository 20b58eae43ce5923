"""Stages 9 and 10: the published dataset as chat examples, the memory plan, and the adapter."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from assets.checks import verdict
from assets.children import run_child
from assets.curation import OWNERS
from assets.io import column_schema, markdown_table
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry, ledger_of
from pipeline.checks import unaccounted, wrong_completions
from pipeline.common import plots
from pipeline.common.prompt import answer
from pipeline.common.store.lake import Version, write_atomically
from pipeline.common.text import canonical_json, short_hash
from pipeline.ledger import model_questions
from pipeline.training import vram
from pipeline.training.hardware import require_device
from pipeline.training.policy import policy_table
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.training import ChatExample

QUESTIONS, EXAMPLES = "questions.parquet", "examples.parquet"


@dataclass(frozen=True)
class Places:
    """Where one published version's examples and adapter lie under one configuration; equal input gives equal places."""

    version: Version
    examples: Path
    adapter: Path


def places(foundry: Foundry) -> Places:
    """The folders for CURRENT. Raises DataError when nothing was published yet."""
    version = foundry.lake.current()
    if version is None:
        raise DataError(f"dataset {foundry.config.dataset!r} has no published version yet; run the job `curate` (or `mcq run`) first")
    train, render = foundry.config.train, foundry.config.render
    rendering = canonical_json([version.tables["sample_ledger"], render.model_dump(mode="json"), train.base_model, train.revision])
    examples = short_hash(rendering, code_version("pipeline.render"))
    adapter = short_hash(
        version.dataset_version, examples, canonical_json(train.model_dump(mode="json")), code_version("pipeline.training")
    )
    return Places(version, foundry.models / foundry.config.dataset / "examples" / examples, foundry.adapters / adapter)


def job_facts(at: Places, output: Path) -> dict[str, str]:
    """What every child process is told besides the configuration."""
    questions, examples = at.examples / QUESTIONS, at.examples / EXAMPLES
    facts = {"questions": questions, "examples": examples, "output": output, "dataset_version": at.version.dataset_version}
    return {name: str(value) for name, value in facts.items()}


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
def chat_examples(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Stage 9, render, in a child process: a tokenizer needs torch's neighbours."""
    at = places(foundry)
    file = at.examples / EXAMPLES
    if not file.exists():
        questions = model_questions(ledger_of(foundry, at.version))
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pandas(questions, preserve_index=False), sink)
        write_atomically(at.examples / QUESTIONS, sink.getvalue().to_pybytes())
        run_child(context, foundry, "pipeline.render", at.examples, job_facts(at, file))
    examples = pq.read_table(file)
    rows = examples.select(["split", "status", "prompt_tokens", "completion_tokens", "neutralised_tokens"]).to_pandas()
    counts = rows.groupby(["split", "status"]).size().reset_index(name="examples")
    tokens = rows["prompt_tokens"] + rows["completion_tokens"]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.examples.name),
        metadata={
            "dagster/row_count": examples.num_rows,
            "dataset_version": at.version.dataset_version,
            "base_model": foundry.config.train.base_model,
            "examples": markdown_table(counts.to_dict("records")),
            "preview": markdown_table(examples.slice(0, 3).select(["prompt", "completion", "split"]).to_pylist(), 400),
            "longest_example_tokens": int(tokens.max()) if len(tokens) else 0,
            "neutralised_tokens": int(rows["neutralised_tokens"].sum()),
            "path": dg.MetadataValue.path(str(file)),
        },
    )


@dg.asset_check(asset=chat_examples, blocking=True, description="The labels cover exactly the answer and the end-of-turn token.")
def labels_cover_exactly_the_answer(foundry: dg.ResourceParam[Foundry]) -> dg.AssetCheckResult:
    """Compares every completion with the answer of the published ledger."""
    at = places(foundry)
    style = foundry.config.render.style
    questions = model_questions(ledger_of(foundry, at.version)).to_dict("records")
    answers = {row["record_id"]: answer(row, row["answer_index"], style) for row in questions}
    examples = to_frame(pq.read_table(at.examples / EXAMPLES), ChatExample)
    return verdict(wrong_completions(examples, answers))


@dg.asset_check(
    asset=chat_examples, blocking=True, description="Every published question has one example, also those too long to train on."
)
def nothing_lost_in_render(foundry: dg.ResourceParam[Foundry]) -> dg.AssetCheckResult:
    """Conservation over rendering."""
    at = places(foundry)
    examples = to_frame(pq.read_table(at.examples / EXAMPLES), ChatExample)
    return verdict(unaccounted(model_questions(ledger_of(foundry, at.version)), examples))


@dg.asset(
    name="vram_plan",
    description="GPU memory that the configured training needs, by component, from the model's shape alone, and whether it fits.",
    group_name="train",
    kinds={"python"},
    owners=OWNERS,
    code_version=code_version("pipeline.training.vram"),
)
def vram_plan(foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Stage 10, preflight."""
    train = foundry.config.train
    plan = vram.plan(train, foundry.config.render)
    parts = [{"component": name, "GiB": round(gib, 2)} for name, gib in plan.components.items()]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(short_hash(canonical_json(parts))),
        metadata={
            "components": markdown_table(parts),
            "total_gib": plan.total_gib,
            "capacity_gib": plan.capacity_gib,
            "fits": plan.fits,
            "largest_batch_size": plan.largest_batch,
            "plot": png(plots.vram_bars(plan.components, plan.capacity_gib)),
            "policies": markdown_table([vars(row) for row in policy_table(plan.hidden_size, [train.rank])]),
        },
    )


@dg.asset_check(asset=vram_plan, blocking=True, description="There is a GPU where one is asked for, and the plan fits its memory.")
def fits_the_gpu(foundry: dg.ResourceParam[Foundry]) -> dg.AssetCheckResult:
    """Blocks a training on a GPU that isn't there or would run out of memory; on a CPU the plan is told and not asked."""
    train = foundry.config.train
    plan = vram.plan(train, foundry.config.render)
    if train.device == "cuda":
        require_device(train)
    problem = train.device == "cuda" and not plan.fits
    advice = f"{plan.total_gib:.1f} GiB needed, {plan.capacity_gib:.1f} usable; lower train.batch_size or render.max_seq_tokens"
    return dg.AssetCheckResult(
        passed=not problem,
        metadata={"total_gib": plan.total_gib, "capacity_gib": plan.capacity_gib, "largest_batch_size": plan.largest_batch},
        description=advice if problem else None,
    )


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
def qlora_adapter(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Stage 10, training. The same examples and settings give the same folder, which is trained once."""
    at = places(foundry)
    manifest_file = at.adapter / "manifest.json"
    if manifest_file.exists():
        context.log.info("already trained: %s", at.adapter.name)
    else:
        if twins := twins_of(foundry, at):
            context.log.info("trained anew, since the code has changed; with the same dataset and settings: %s", ", ".join(twins))
        run_child(context, foundry, "pipeline.training", at.adapter, job_facts(at, at.adapter))
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    lines = metrics_lines(at.adapter)
    losses = {key: manifest[key][-1] for key in ("train_losses", "validation_losses") if manifest[key]}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.adapter.name),
        metadata={
            "loss": png(plots.loss_curve(lines)),
            "dataset_version": manifest["dataset_version"],
            "base_model": f"{manifest['base_model']} @ {manifest['base_revision']}",
            "policy": markdown_table([manifest["policy"]]),
            **{f"final_{key.removesuffix('es')}": float(value) for key, value in losses.items()},
            "steps": manifest["steps"],
            "samples": markdown_table([manifest["samples"]]),
            "wall_seconds": manifest["wall_seconds"],
            "peak_memory_gib": manifest["peak_memory_bytes"] / 2**30,
            "device": manifest["device"],
            "warnings": markdown_table([{"warning": note} for note in manifest["warnings"]], 300),
            "manifest": dg.MetadataValue.json(manifest),
            "path": dg.MetadataValue.path(str(at.adapter)),
        },
    )


def twins_of(foundry: Foundry, at: Places) -> list[str]:
    """Finished adapters of the same dataset version, training and prompt: only the code that trained them differs."""
    config = foundry.config.model_dump(mode="json", include={"train", "render"})
    found = []
    for path in sorted(foundry.adapters.glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        made_of = {block: manifest.get("config", {}).get(block) for block in config}
        if manifest["dataset_version"] == at.version.dataset_version and made_of == config:
            found.append(path.parent.name)
    return found


def metrics_lines(folder: Path) -> list[dict[str, Any]]:
    """What a child told of its run, in order."""
    file = folder / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def png(data: bytes) -> dg.MarkdownMetadataValue:
    """A picture that the UI shows in place."""
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(data).decode()})")
