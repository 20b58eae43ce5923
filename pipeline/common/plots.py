"""Pictures for the UI and the report, as PNG bytes. matplotlib is imported when one is drawn: it takes half a second."""

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.common.escapes import picture_label
from pipeline.common.quiet import mute

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Once a machine, where it takes over five seconds.
mute("matplotlib.font_manager", "Matplotlib is building the font cache")

BASE, ADAPTER, MUTED = "#8a94a6", "#2f6fed", "#c9ced8"
# Of pictures without a ground: an ink that can be read on white and on black, a band, what was left out, what stands out.
INK, BAND, LOST, OUTSIDE = "#7a8496", "#9aa4b455", "#E69F00", "#D55E00"
# The colour-blind safe set of Okabe and Ito, for parts of a whole.
PARTS = ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#E69F00", "#D55E00", "#CC79A7", "#999999")


def loss_curve(lines: Sequence[Mapping[str, Any]], epochs: Sequence[Mapping[str, Any]] = (), kept_epoch: int | None = None) -> bytes:
    """Training loss by step, thin, with its running mean, and the validation loss where it was measured (nats a token).

    `epochs` are those of a manifest: each one's mean training loss, the share of validation questions that were right, and a mark at
    the one whose weights were kept.
    """
    steps = [line for line in lines if "loss" in line]
    held_out = [line for line in (epochs or lines) if line.get("validation_loss") is not None]
    figure, axes = _figure(6.4, 3.2)
    x, y = [line["step"] for line in steps], [line["loss"] for line in steps]
    axes.plot(x, y, color=MUTED, linewidth=1, label="training, each step")
    axes.plot(x, _running_mean(y, max(3, len(y) // 15)), color=ADAPTER, linewidth=2, label="training, running mean")
    if means := [line for line in epochs if line.get("train_loss") is not None]:
        at, losses = [line["step"] for line in means], [line["train_loss"] for line in means]
        axes.plot(at, losses, color=ADAPTER, marker="s", linestyle="none", markersize=5, label="training, mean of the epoch")
    if held_out:
        at, losses = [line["step"] for line in held_out], [line["validation_loss"] for line in held_out]
        axes.plot(at, losses, color=OUTSIDE, marker="o", linewidth=1.5, label="validation")
        for line in (line for line in held_out if line.get("asked")):
            place, share = (line["step"], line["validation_loss"]), f"{100 * line['right'] / line['asked']:.0f}%"
            axes.annotate(share, place, (0, 7), textcoords="offset points", ha="center", fontsize=8, color=OUTSIDE)
    if kept := next((line for line in epochs if line["epoch"] == kept_epoch and kept_epoch), None):
        axes.axvline(kept["step"], color="#222", linestyle="--", linewidth=1, label=f"kept: epoch {kept_epoch}")
    axes.set(xlabel="optimiser step", ylabel="loss (nats a labelled token)")
    measured = [line["validation_loss"] for line in held_out]
    if measured and max(measured) > 5 * min(measured) > 0:
        # The first steps teach how an answer looks, and would press the epochs that are compared into a line at the bottom.
        lowest = min([*measured, *(line["train_loss"] for line in means)])
        axes.set(yscale="log", ylabel="loss (nats a labelled token, log scale)", ylim=(0.6 * lowest, 1.5 * max(measured)))
    else:
        axes.set_ylim(0, None)
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def base_vs_adapter(comparisons: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Accuracy of both models in each comparison, by its name, with 95% intervals, and what guessing would give."""
    bars = [(name, mode) for name, mode in comparisons.items() if mode["n"]]
    figure, axes = _figure(1.8 + 2.2 * max(len(bars), 1), 3.4)
    for place, (_, mode) in enumerate(bars):
        for offset, model, colour in ((-0.19, "base", BASE), (0.19, "adapter", ADAPTER)):
            accuracy = mode[model]["accuracy"]
            low, high = mode[model]["interval"] or (accuracy, accuracy)
            axes.bar(place + offset, accuracy, 0.34, color=colour, label=model if not place else None)
            whisker = [[max(accuracy - low, 0)], [max(high - accuracy, 0)]]
            axes.errorbar(place + offset, accuracy, whisker, color="#222", capsize=4, linewidth=1)
            axes.text(place + offset, min(high, 1) + 0.02, f"{100 * accuracy:.0f}%", ha="center", fontsize=9)
        chance = mode["chance"]
        axes.plot(
            [place - 0.42, place + 0.42], [chance, chance], color="#222", linestyle=":", linewidth=1, label=None if place else "guessing"
        )
    axes.set_xticks(range(len(bars)), [f"{picture_label(name)}\n{mode['n']} questions" for name, mode in bars])
    axes.set(ylabel="accuracy", ylim=(0, 1.1))
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _png(figure)


def reliability(modes: Mapping[str, Mapping[str, Any]]) -> bytes:
    """How often answers are right (0-1) by how probable the model held them, a panel a mode: bins of as many answers each on the line of
    perfect calibration, with the gap to it, and below how many answers have which probability (bars by tenths)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.4 + 3.6 * max(len(modes), 1), 4.4), dpi=110, layout="constrained")
    panels = figure.subplots(2, max(len(modes), 1), squeeze=False, height_ratios=(3, 1), sharex=True)
    for (name, mode), above, below in zip(modes.items(), *panels, strict=False):
        above.plot([0, 1], [0, 1], color="#222", linestyle=":", linewidth=1, label="perfectly calibrated")
        for offset, model, colour in ((0, "base", BASE), (0.05, "adapter", ADAPTER)):
            found = mode[model]["calibration"]
            x, y = ([one[key] for one in found["bins"]] for key in ("confidence", "accuracy"))
            above.vlines(x, x, y, color=colour, linewidth=1, alpha=0.5)
            says = "no probabilities" if found["ece"] is None else f"plain ECE {100 * found['ece']:.1f}%, {len(x)} bins"
            above.plot(x, y, color=colour, marker="o", markersize=4, linewidth=1.5, label=f"{model}: {says}")
            tenths = len(found["histogram"])
            below.bar([(place + 0.25) / tenths + offset for place in range(tenths)], found["histogram"], 0.045, color=colour)
        above.set(title=f"{picture_label(name)}, {mode['n']} questions", xlim=(0, 1), ylim=(-0.02, 1.02), ylabel="share that is right")
        above.title.set_fontsize(9)
        above.legend(frameon=False, fontsize=7, loc="upper left")
        below.set(xlabel="probability of the answer given", ylabel="answers")
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def vram_bars(components: Mapping[str, float], capacity_gib: float) -> bytes:
    """GiB by component as one stacked bar, beside the memory that can be used."""
    figure, axes = _figure(7.2, 2.6)
    left = 0.0
    for (name, gib), colour in zip(components.items(), PARTS, strict=False):
        axes.barh(0, gib, left=left, color=colour, edgecolor="white", label=f"{picture_label(name)}  {gib:.2f}")
        left += gib
    axes.axvline(capacity_gib, color="#222", linestyle="--", linewidth=1)
    axes.text(capacity_gib, 0.52, f"usable {capacity_gib:.1f}", ha="right", va="bottom", fontsize=8)
    axes.set(yticks=[], xlabel=f"GiB (total {left:.2f})", xlim=(0, max(left, capacity_gib) * 1.03), ylim=(-0.5, 0.7))
    axes.legend(frameon=False, fontsize=7, ncol=2, loc="upper center", bbox_to_anchor=(0.5, -0.35))
    return _png(figure)


def funnel_bars(counts: Mapping[str, int], kept: Sequence[str], _: Callable[[str], str] = str, marked: Callable[[str], str] = str) -> bytes:
    """What became of the records read, step by step: each bar begins where what is left after it ends. `_` translates labels, `marked`
    writes numbers as the language does."""
    total = sum(counts.values())
    figure, axes = _figure(7.6, 1.2 + 0.3 * len(counts))
    left = total
    for place, (name, count) in enumerate([("read", total), *counts.items()]):
        left -= count if place else left
        axes.barh(place, count, left=left, height=0.62, color=BASE if not place else ADAPTER if name in kept else LOST)
        says = f"{count:,}  ({100 * count / total:.1f}%)" if place and total else f"{count:,}"
        # Beside the bar, on the side that has room.
        at, shift, side = (left, -4, "right") if place and left + count > 0.8 * total else (left + count, 4, "left")
        axes.annotate(marked(says), (at, place), (shift, 0), textcoords="offset points", va="center", ha=side, fontsize=8, color=INK)
        left = total if not place else left
    axes.set_yticks(range(len(counts) + 1), [_("read"), *map(picture_label, counts)])
    axes.invert_yaxis()
    axes.set(xlabel=_("records"), xlim=(0, max(total, 1) * 1.12))
    return _clear_png(figure)


def score_histogram(
    kept: Sequence[float],
    left_out: Sequence[float],
    threshold: float,
    _: Callable[[str], str] = str,
    marked: Callable[[str], str] = str,
) -> bytes:
    """Quality scores (0-1) in steps of 0.05, kept questions beside others, with the threshold; counts on a log scale. `_` translates
    labels, `marked` writes numbers as the language does."""
    figure, axes = _figure(7.6, 2.8)
    edges = [i / 20 for i in range(21)]
    axes.hist([kept, left_out], bins=edges, color=[ADAPTER, LOST], label=[_("in a split"), _("left out")], rwidth=0.85)
    axes.axvline(
        threshold, color=INK, linestyle="--", linewidth=1, label=_("threshold {threshold}").format(threshold=marked(f"{threshold:g}"))
    )
    axes.set(xlabel=_("quality score (1 = nothing to say against it)"), ylabel=_("questions"), yscale="symlog", xlim=(0, 1), ylim=(0, None))
    axes.yaxis.set_major_formatter(lambda count, place: marked(f"{count:,.0f}"))
    axes.xaxis.set_major_formatter(lambda score, place: marked(f"{score:.1f}"))
    axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper left")
    return _clear_png(figure)


def share_ranges(
    labels: Sequence[str], series: Mapping[str, Sequence[tuple[float, float, float]]], xlabel: str, _: Callable[[str], str] = str
) -> bytes:
    """A line a label: a dot for each series at its share (0-1) and a band for what chance gives: (share, low, high). `_` translates
    labels of ours."""
    figure, axes = _figure(7.6, 0.9 + 0.3 * len(labels) * max(1, 0.6 * len(series)))
    height = 0.7 / max(len(series), 1)
    colours = (BASE, ADAPTER)[-len(series) :]
    for number, (name, values) in enumerate(series.items()):
        lines = [place + (number - (len(series) - 1) / 2) * height for place in range(len(values))]
        lows, widths = [100 * low for _, low, _ in values], [100 * (high - low) for _, low, high in values]
        axes.barh(lines, widths, left=lows, height=0.5 * height, color=BAND, label=None if number else _("95% of chance"))
        rings = [colours[number] if low <= share <= high else OUTSIDE for share, low, high in values]
        axes.scatter([100 * share for share, _, _ in values], lines, s=30, color=colours[number], edgecolors=rings, linewidths=2, zorder=3)
        axes.scatter([], [], s=30, color=colours[number], label=picture_label(name))
    axes.scatter([], [], s=30, color="none", edgecolors=OUTSIDE, linewidths=2, label=_("outside"))
    axes.set_yticks(range(len(labels)), [picture_label(label) for label in labels])
    axes.invert_yaxis()
    axes.set(xlabel=xlabel)
    axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _clear_png(figure)


def _running_mean(values: Sequence[float], window: int) -> list[float]:
    return [sum(values[max(0, i - window + 1) : i + 1]) / len(values[max(0, i - window + 1) : i + 1]) for i in range(len(values))]


def _figure(width: float, height: float) -> tuple[Any, "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any, **how: Any) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A script that the font doesn't have is drawn as boxes; the table under the picture has the text.
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        figure.savefig(buffer, format="png", **how)
    return buffer.getvalue()


def _clear_png(figure: Any) -> bytes:
    """Without a ground and with an ink between light and dark: the same picture serves both themes."""
    (axes,) = figure.axes
    axes.tick_params(colors=INK, labelsize=8.5)
    axes.spines[:].set_color(INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(9)
    return _png(figure, transparent=True, dpi=140)
