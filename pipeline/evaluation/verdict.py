"""The verdict in one sentence: whether training helped, said with what the data can carry."""

from collections.abc import Mapping
from typing import Any

from pipeline.evaluation.statistics import CONFIDENCE


def sentence(mode: Mapping[str, Any], split: str, min_groups: int) -> str:
    """The verdict in words. Training helped (or hurt) when the exact test says p < 0.05 and the group interval leaves out 0."""
    if mode["n"] == 0:
        return f"No verdict: there is no {split} question that the adapter wasn't trained on."
    base, adapter = mode["base"], mode["adapter"]
    scores = (
        f"The adapter answers {adapter['correct']} of {mode['n']} {split} questions right, the base model {base['correct']} "
        f"({_percent(adapter['accuracy'])} against {_percent(base['accuracy'])}"
    )
    if mode["groups"] < min_groups:
        return f"{scores}); no verdict: {mode['groups']} independent groups, and under {min_groups} chance decides too much."
    low, high = mode["delta_interval"]
    p = mode["p_value"]
    measured = f"{scores}, {_points(mode['delta'])} points, 95% interval {_points(low)} to {_points(high)}; exact McNemar {_p(p)})"
    if p < 1 - CONFIDENCE and (low > 0 or high < 0):
        return f"{measured}: training {'helped' if mode['delta'] > 0 else 'hurt'}."
    effect = (
        mode["minimum_detectable_effect_at_10_percent_discordant"]
        if mode["minimum_detectable_effect"] is None
        else mode["minimum_detectable_effect"]
    )
    shown = f"; {mode['n']} questions would show a true difference of {100 * effect:.0f} points or more" if effect is not None else ""
    return f"{measured}: no difference shown{shown}."


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f}%"


def _points(fraction: float) -> str:
    return f"{100 * fraction:+.0f}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"
