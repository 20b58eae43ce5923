"""Stage 11: base model against adapter on the same held-out questions."""

from typing import Any

import dagster as dg

from assets.audit import renew_after
from assets.catalogue import OWNERS
from assets.children import run_child
from assets.metadata import defined, markdown_table, number, percent, png
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from assets.training import qlora_adapter
from pipeline.common import plots
from pipeline.common.store.runs import is_whole, read_manifest, read_result
from schemas.errors import DataError


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
    if read_manifest(at.adapter) is None:
        raise DataError(
            f"there is no adapter {at.adapter.name} for dataset {at.version.dataset_version} and this config; materialize qlora_adapter"
        )
    if not is_whole(at.evaluation):
        run_child(context, foundry, "pipeline.evaluation", at.evaluation, {**at.job(at.evaluation), "adapter": str(at.adapter)})
    if (result := read_result(at.evaluation)) is None:
        raise DataError(f"{at.evaluation} holds no result, though the evaluation ended well; run it again")
    renew_after(context, foundry)
    primary = result["modes"][result["primary"]]
    accuracies = {f"{name}_accuracy": primary[name]["accuracy"] for name in ("base", "adapter")} | {"accuracy_delta": primary["delta"]}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.evaluation.name),
        metadata={
            "verdict": result["verdict"],
            "plot": png(plots.base_vs_adapter(result)),
            "modes": modes_table(result["modes"]),
            "by_subject": markdown_table(primary["by_subject"][:20]),
            "by_source": markdown_table(primary["by_source"]),
            "by_language": markdown_table(primary["by_language"]),
            "benchmark": modes_table(result["benchmark"]),
            "counts": dg.MetadataValue.json(result["counts"]),
            # Plain numbers, which the UI plots over time.
            **defined(accuracies),
            "dataset_version": result["dataset_version"],
            "adapter": result["adapter"],
            "path": dg.MetadataValue.path(str(at.evaluation)),
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
