"""Stage 11: base model against adapter on the same held-out questions."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.audit import renew_after
from assets.catalogue import OWNERS
from assets.checks import ERROR, WARN, sentence_result
from assets.children import run_child
from assets.metadata import defined, markdown_table, number, percent
from assets.resources.cache_keys import places
from assets.resources.code_version import code_version
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry
from assets.resources.links import list_link, picture
from assets.resources.runs import tag_version
from assets.training import qlora_adapter
from pipeline.audit.leaderboard import leaderboard, shown
from pipeline.audit.runs import finished_runs
from pipeline.checks import no_better
from pipeline.common import plots
from pipeline.common.store.runs import comparisons, is_whole, read_manifest, read_result
from pipeline.evaluation.verdict import points
from pipeline.handover.card import write_card
from pipeline.handover.job import Adapter
from schemas.errors import DataError

LAST_RUNS = 10
ON_PAGE = ("evaluated", "adapter", "set", "accuracy", "delta", "p", "settings")


@dg.asset(
    name="evaluation",
    deps=[qlora_adapter],
    description="Base model and adapter on the same held-out questions: accuracy with intervals, a test over groups, a verdict in words.",
    group_name="evaluate",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    code_version=code_version("pipeline.evaluation"),
    pool="gpu",
)
def evaluation(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.MaterializeResult:
    """Evaluates the adapter of the published dataset and the configured training."""
    foundry = foundries.of(context)
    at = places(foundry)
    tag_version(context, at.version.dataset_version)
    if (manifest := read_manifest(at.adapter)) is None:
        raise DataError(
            f"there is no adapter {at.adapter.name} for dataset {at.version.dataset_version} and this config; materialize qlora_adapter"
        )
    if not is_whole(at.evaluation):
        run_child(context, foundry, "pipeline.evaluation", at.evaluation, {**at.job(at.evaluation), "adapter": str(at.adapter)})
    if (result := read_result(at.evaluation)) is None:
        raise DataError(f"{at.evaluation} holds no result, though the evaluation ended well; run it again")
    write_card(Adapter(at.adapter, manifest), foundry.data_root)
    renew_after(context, foundry)
    primary, headline = result["modes"][result["primary"]], result["headline"]["modes"][result["primary"]]
    accuracies = {f"{name}_accuracy": headline[name]["accuracy"] for name in ("base", "adapter")} | {"accuracy_delta": headline["delta"]}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(at.evaluation.name),
        metadata={
            "verdict": result["verdict"],
            "flipped": list_link(foundry.config.dataset, list="flipped"),
            "plot": picture(foundry, "base_vs_adapter", plots.base_vs_adapter(comparisons(result))),
            "modes": modes_table(comparisons(result)),
            "calibration": calibration_table(result["modes"]),
            "reliability": picture(foundry, "reliability", plots.reliability(result["modes"])),
            "position_bias": position_table(result["modes"]),
            **{name: breakdown_table(primary[name]) for name in primary if name.startswith("by_")},
            "benchmark": modes_table(result["benchmark"]),
            "leaderboard": leaderboard_table(foundry),
            "counts": dg.MetadataValue.json(result["counts"]),
            # Plain numbers, which the UI plots over time.
            **defined(accuracies),
            "dataset_version": result["dataset_version"],
            "adapter": result["adapter"],
            "path": dg.MetadataValue.path(str(at.evaluation)),
        },
    )


@dg.asset_check(asset=evaluation, blocking=True, description="The evaluation is whole, and of the adapter that the configuration trains.")
def evaluation_is_whole(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """Reads result and answers again, as trace and audit do."""
    at = places(foundries.of(context))
    result = read_result(at.evaluation) if is_whole(at.evaluation) else None
    wrong = "its result or its answers are gone or damaged; run it again" if result is None else None
    if result is not None and result["adapter"] != at.adapter.name:
        wrong = f"it is of adapter {result['adapter']}, and the configuration trains {at.adapter.name}"
    return sentence_result(wrong, ERROR)


@dg.asset_check(asset=evaluation, description="The test over groups says that the adapter is better than its base model on the headline.")
def adapter_is_better(context: dg.AssetCheckExecutionContext, foundries: dg.ResourceParam[Foundries]) -> dg.AssetCheckResult:
    """By the primary mode of the configuration."""
    at = places(foundries.of(context))
    if (result := read_result(at.evaluation)) is None:
        return sentence_result("there is no result to look at", WARN)
    headline = result["headline"]["modes"][result["primary"]]
    return sentence_result(no_better(headline), WARN, **defined({"accuracy_delta": headline["delta"], "questions": headline["n"]}))


def modes_table(modes: dict[str, dict[str, Any]]) -> dg.MarkdownMetadataValue:
    """A row a measure, a column a comparison."""
    columns = {name: measures(mode) for name, mode in modes.items()}
    rows = next(iter(columns.values()), {})
    return markdown_table([{"measure": row, **{name: column[row] for name, column in columns.items()}} for row in rows])


def leaderboard_table(foundry: Foundry) -> dg.MarkdownMetadataValue:
    """The newest evaluations of the dataset; `mcq compare` shows all, and two side by side."""
    runs = finished_runs(foundry.adapters)
    rows = shown(leaderboard(runs[:LAST_RUNS], foundry.lake))
    return markdown_table([{name: row[name] for name in ON_PAGE} for row in rows], of=len(runs))


def measures(mode: dict[str, Any]) -> dict[str, Any]:
    """One mode's result for people."""
    low, high = mode["delta_interval"] or (None, None)
    return {
        "questions": mode["n"],
        "independent groups": mode["groups"],
        "guessing": percent(mode["chance"]),
        "base": model_cell(mode["base"]),
        "adapter": model_cell(mode["adapter"]),
        "difference": percent(mode["delta"]),
        "95% interval": None if low is None else f"{percent(low)} to {percent(high)}",
        "fixed / broken": f"{mode['fixed']} / {mode['broken']}",
        "p over groups": p_text(mode["p_value"]),
        "gold NLL base -> adapter": f"{number(mode['base']['gold_nll'])} -> {number(mode['adapter']['gold_nll'])}",
        "detectable (80% power)": percent(mode["minimum_detectable_effect"]),
    }


def breakdown_table(cells: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """A row a cell of a breakdown; where too few groups say nothing, that stands in place of a number."""
    return markdown_table([breakdown_row(cell) for cell in cells[:20]], of=len(cells))


def breakdown_row(cell: Mapping[str, Any]) -> dict[str, Any]:
    """One cell for people: its name first."""
    (name, value), *_ = cell.items()
    limits = cell["delta_interval"]
    return {
        name: value,
        "n": cell["n"],
        "groups": cell["groups"],
        "base": percent(cell["base"], 0),
        "adapter": percent(cell["adapter"], 0),
        "difference (95%)": cell["undefined_because"] or f"{points(cell['delta'])} ({points(limits[0])} to {points(limits[1])})",
        "p": p_text(cell["p_value"]),
        "p, Holm": p_text(cell["p_holm"]),
    }


def calibration_table(modes: Mapping[str, Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """How sure each model is beside how often it is right."""
    return markdown_table(
        [
            {
                "model": f"{model}, {mode}",
                "ECE (95%)": f"{percent(found['ece_unbiased'])} {limits_text(found['ece_interval'])}",
                "plain": f"{percent(found['ece'])} in {len(found['bins'])} bins",
                "Brier": number(found["brier"]),
                "log-loss": number(found["log_loss"]),
                "says": found["said"],
            }
            for mode, models in modes.items()
            for model in ("base", "adapter")
            for found in [models[model]["calibration"]]
        ],
        cell_chars=160,
    )


def position_table(modes: Mapping[str, Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Whether a model prefers a position, in a sentence, with its recall by the position of the right option."""
    return markdown_table(
        [
            {
                "model": f"{model}, {mode}",
                "says": found["said"],
                "recall": ", ".join(f"{name} {percent(value, 0)}" for name, value in zip(found["positions"], found["recall"], strict=True)),
                "spread": percent(found["recall_spread"]),
            }
            for mode, models in modes.items()
            for model in ("base", "adapter")
            for found in [models[model]["position_bias"]]
        ],
        cell_chars=160,
    )


def limits_text(limits: Sequence[float] | None) -> str:
    """An interval in brackets; nothing where there is none."""
    return "" if limits is None else f"({percent(limits[0], 0)}-{percent(limits[1], 0)})"


def p_text(value: float | None) -> str | None:
    """A p-value for people; an empty cell where there is none."""
    return None if value is None else f"{value:.2g}"


def model_cell(model: dict[str, Any]) -> str:
    """Accuracy with its Wilson interval."""
    low, high = model["interval"] or (None, None)
    return f"{percent(model['accuracy'])} ({percent(low, 0)}-{percent(high, 0)})"
