"""Stage 11: base model against adapter on the same held-out questions."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from assets.children import run_child
from assets.curation import OWNERS
from assets.foundry import Foundry, code_version
from assets.io import markdown_table
from assets.training import Places, job_facts, places, png, qlora_adapter

from pipeline.text import canonical_json, short_hash
from schemas.errors import DataError


def evaluation_folder(foundry: Foundry, at: Places) -> Path:
    """Where the evaluation of an adapter lies: below it, one folder a set of questions and settings."""
    settings = canonical_json([at.version.tables["sample_ledger"], foundry.config.evaluate.model_dump(mode="json")])
    return at.adapter / "evaluations" / short_hash(settings, code_version("pipeline.evaluation"))


@dg.asset(
    name="evaluation",
    deps=[qlora_adapter],
    description="Base model and adapter on the same held-out questions: accuracy with intervals, exact McNemar test, one sentence of verdict.",
    group_name="evaluate",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    code_version=code_version("pipeline.evaluation"),
    pool="gpu",
)
def evaluation(context: dg.AssetExecutionContext, foundry: dg.ResourceParam[Foundry]) -> dg.MaterializeResult:
    """Evaluates the adapter of the published dataset and the configured training."""
    at = places(foundry)
    if not (at.adapter / "manifest.json").exists():
        raise DataError(f"there is no adapter {at.adapter.name} for dataset {at.version.dataset_version} and this config; materialize qlora_adapter")
    folder = evaluation_folder(foundry, at)
    if not (folder / "result.json").exists():
        run_child(context, foundry, "pipeline.evaluation", folder, {**job_facts(at, folder), "adapter": str(at.adapter)})
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(folder.name),
        metadata={
            "verdict": dg.MetadataValue.md(f"**{result['verdict']}**"),
            "plot": png(plots.base_vs_adapter(result)),
            "path": dg.MetadataValue.path(str(folder)),
        },
    )
