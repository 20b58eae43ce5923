"""The picture of a study: what each policy gives at each learning rate, a column a rank."""

import io
from collections.abc import Mapping
from typing import Any, Literal

from pipeline.common.plots import INK, PARTS
from pipeline.study.grid import ALL

ROWS = (
    ("learning", "gold_nll", "gold NLL (nats), learnt"),
    ("learning", "accuracy", "accuracy, learnt"),
    ("others", "gold_nll", "gold NLL (nats), others"),
)
MARKERS = "osD^v"
# Those that can be read on white.
COLOURS = [PARTS[number] for number in (0, 5, 2, 6, 7)]


def study_plot(found: Mapping[str, Any], form: Literal["svg", "png"]) -> bytes:
    """A row an outcome with its 95% intervals, the base model dotted; white ground, so that it can be read under any theme. The same
    result gives the same bytes."""
    import matplotlib
    from matplotlib.figure import Figure

    ranks, rates = found["config"]["ranks"], found["config"]["learning_rates"]
    policies = [policy["name"] for policy in found["config"]["policies"]]
    figure = Figure(figsize=(2.6 * len(ranks) + 0.6, 7.6), dpi=110, layout="constrained")
    grid = figure.subplots(len(ROWS), len(ranks), squeeze=False, sharex=True, sharey="row")
    for row, (part, name, label) in enumerate(ROWS):
        for column, rank in enumerate(ranks):
            axes = grid[row][column]
            axes.spines[["top", "right"]].set_visible(False)
            for number, policy in enumerate(policies):
                points = [
                    one for one in found["settings"] if (one["policy"], one["rank"], one["layers"]) == (policy, rank, ALL) and part in one
                ]
                # A little apart, so that intervals of equal places can be told from each other.
                x = [one["learning_rate"] * 1.06 ** (number - (len(policies) - 1) / 2) for one in points]
                y = [one[part][name] for one in points]
                reach = [one[part][f"{name}_interval"] for one in points]
                # An interval by Student's t knows no bounds; a share and a gold NLL do.
                most = 1.0 if name == "accuracy" else float("inf")
                whiskers = [
                    [v - max(low, 0.0) for v, (low, _) in zip(y, reach, strict=True)],
                    [min(high, most) - v for v, (_, high) in zip(y, reach, strict=True)],
                ]
                style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)], "markersize": 4}
                axes.errorbar(x, y, whiskers, label=policy, linewidth=1.2, elinewidth=0.7, capsize=2, **style)
            base = found["base"][part]
            if base[name] is not None:
                axes.axhline(base[name], color=INK, linestyle=":", linewidth=1, label="base model")
            axes.set_xscale("log")
            axes.set_xticks(rates, [f"{rate:g}" for rate in rates], fontsize=8)
            axes.minorticks_off()
            axes.tick_params(axis="y", labelsize=8)
            if name == "accuracy" and base["guessing"] is not None:
                axes.axhline(base["guessing"], color=INK, linestyle="--", linewidth=0.7, label="guessing")
            if not row:
                axes.set_title(f"rank {rank}", fontsize=10)
            if not column:
                axes.set_ylabel(label, fontsize=9)
            if row == len(ROWS) - 1:
                axes.set_xlabel("learning rate", fontsize=9)
    handles = dict(
        item for axes in grid[1] for item in zip(axes.get_legend_handles_labels()[1], axes.get_legend_handles_labels()[0], strict=True)
    )
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "study"}):
        figure.savefig(buffer, format=form, facecolor="white", metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()
