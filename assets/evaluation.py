"""Stage 11: base model against adapter on the same held-out questions."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from assets.children import run_child
from assets.curation import OWNERS
from assets.io import markdown_table
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from assets.training import Places, job_facts, places, png, qlora_adapter
from pipeline.common import plots
from pipeline.common.text import canonical_json, short_hash
from schemas.errors import DataError


def evaluation_folder(foundry: Foundry, at: Places) -> Path:
    """Where the evaluation of an adapter lies: below it, one folder a set of questions and settings."""
    settings = canonical_json([at.version.tables["sample_ledger"], foundry.config.evaluate.model_dump(mode="json")])
    return at.adapter / "evaluations" / short_hash(settings, code_version("pipeline.evaluation"))


@dg.asset(
    name="evaluation",
    deps=[qlora_adapter],
    description="Base model and adapter on the same held-out questions: accuracy with intervals, exact McNemar test, a verdict in words.",
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
        raise DataError(
            f"there is no adapter {at.adapter.name} for dataset {at.version.dataset_version} and this config; materialize qlora_adapter"
        )
    folder = evaluation_folder(foundry, at)
    if not (folder / "result.json").exists():
        run_child(context, foundry, "pipeline.evaluation", folder, {**job_facts(at, folder), "adapter": str(at.adapter)})
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    primary = result["modes"][result["primary"]]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(folder.name),
        metadata={
            "verdict": result["verdict"],
            "plot": png(plots.base_vs_adapter(result)),
            "modes": modes_table(result["modes"]),
            "by_subject": markdown_table(primary["by_subject"][:20]),
            "by_source": markdown_table(primary["by_source"]),
            "by_language": markdown_table(primary["by_language"]),
            "benchmark": modes_table(result["benchmark"]),
            "counts": dg.MetadataValue.json(result["counts"]),
            **numbers(primary),
            "dataset_version": result["dataset_version"],
            "adapter": result["adapter"],
            "path": dg.MetadataValue.path(str(folder)),
        },
    )


def modes_table(modes: dict[str, dict[str, Any]]) -> dg.MarkdownMetadataValue:
    """A row a measure, a column a mode."""
    columns = {name: measures(mode) for name, mode in modes.items()}
    rows = next(iter(columns.values()), {})
    return markdown_table([{"measure": row, **{name: column[row] for name, column in columns.items()}} for row in rows])


def measures(mode: dict[str, Any]) -> dict[str, Any]:
    """One mode's result for people."""
    low, high = mode["delta_interval"] or (None, None)
    return {
        "questions": mode["n"],
        "guessing": percent(mode["chance"]),
        "base": model_cell(mode["base"]),
        "adapter": model_cell(mode["adapter"]),
        "difference": percent(mode["delta"]),
        "95% interval": f"{percent(low)} to {percent(high)}",
        "fixed / broken": f"{mode['fixed']} / {mode['broken']}",
        "McNemar p": mode["p_value"],
        "gold NLL base -> adapter": f"{number(mode['base']['gold_nll'])} -> {number(mode['adapter']['gold_nll'])}",
        "detectable": percent(mode["minimum_detectable_effect"]),
    }


def model_cell(model: dict[str, Any]) -> str:
    """Accuracy with its Wilson interval."""
    low, high = model["interval"] or (None, None)
    return f"{percent(model['accuracy'])} ({percent(low, 0)}-{percent(high, 0)})"


def numbers(mode: dict[str, Any]) -> dict[str, float]:
    """What the UI can plot over time."""
    found = {"base_accuracy": mode["base"]["accuracy"], "adapter_accuracy": mode["adapter"]["accuracy"], "accuracy_delta": mode["delta"]}
    return {name: value for name, value in found.items() if value is not None}


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction for people; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:.{digits}f}%"


def number(value: float | None) -> str:
    """A number for people; a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}"
