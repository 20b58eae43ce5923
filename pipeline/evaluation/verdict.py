"""The verdict in words: whether training helped, said with what the data can carry, and first on the sources that were named beforehand."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Headline = Literal["all"] | Sequence[str]
"""Names of the sources that the verdict is given on."""


def verdict(headline: Mapping[str, Any], others: Mapping[str, Any] | None, sources: Headline, split: str, min_groups: int) -> str:
    """One sentence on the headline's questions, and a second on all others where there are any. Both are results of `compare`."""
    of = "" if sources == "all" else f" of {' and '.join(sources)}"
    first = sentence(headline, f"{split} questions{of}", min_groups)
    return f"{first} {_beside(others, split, min_groups)}" if others is not None and others["n"] else first


def sentence(mode: Mapping[str, Any], asked: str, min_groups: int) -> str:
    """What one comparison shows. Training helped (or hurt) when the test over groups says p < 0.05; the interval never says otherwise."""
    if mode["n"] == 0:
        return f"No verdict: there are no {asked} that the adapter wasn't trained on and that fit its length."
    base, adapter = mode["base"], mode["adapter"]
    scores = (
        f"The adapter answers {adapter['correct']} of {mode['n']} {asked} right, the base model {base['correct']} "
        f"({_percent(adapter['accuracy'])} against {_percent(base['accuracy'])}"
    )
    return _judged(scores, mode, _shown(mode), min_groups)


def between(mode: Mapping[str, Any], names: tuple[str, str], asked: str, min_groups: int) -> str:
    """What one comparison of two adapters shows, the first in `base` and the second in `adapter`, under these names."""
    first, second = names
    one, two = mode["base"], mode["adapter"]
    scores = (
        f"Of the {mode['n']} {asked} that both were asked, {second} answers {two['correct']} right, {first} {one['correct']} "
        f"({_percent(two['accuracy'])} against {_percent(one['accuracy'])}"
    )
    shown = _shown(mode) if mode["shown"] is None else f"{second if mode['shown'] == 'better' else first} is better"
    return _judged(scores, mode, shown, min_groups)


def _judged(scores: str, mode: Mapping[str, Any], shown: str, min_groups: int) -> str:
    if mode["groups"] < min_groups:
        return f"{scores}); no verdict: {_groups(mode)}, and under {min_groups} chance decides too much."
    return f"{scores}, {points(mode['delta'])} points, {_measured(mode)}): {shown}."


def _beside(others: Mapping[str, Any], split: str, min_groups: int) -> str:
    base, adapter = others["base"], others["adapter"]
    scores = f"Of the {others['n']} other {split} questions it answers {adapter['correct']} right, the base model {base['correct']}"
    if others["groups"] < min_groups:
        return f"{scores} ({_groups(others)}: no verdict)."
    return f"{scores} ({points(others['delta'])} points, {_measured(others)}): {_shown(others)}."


def _measured(mode: Mapping[str, Any]) -> str:
    limits = mode["delta_interval"]
    between = "no 95% interval" if limits is None else f"95% interval {points(limits[0])} to {points(limits[1])}"
    return f"{between}; {_p(mode['p_value'])} over {_groups(mode)}"


def _shown(mode: Mapping[str, Any]) -> str:
    if mode["shown"] is not None:
        return "training helped" if mode["shown"] == "better" else "training hurt"
    effect = mode["minimum_detectable_effect"]
    if effect is None:
        return "no difference shown, and none could be: too few answers changed"
    return f"no difference shown; a true one of {100 * effect:.3g} points would be in four of five such evaluations"


def _groups(mode: Mapping[str, Any]) -> str:
    return f"{mode['groups']} independent group{'' if mode['groups'] == 1 else 's'}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f}%"


def points(fraction: float) -> str:
    """Percentage points, whole; with decimals where a whole one would hide on which side of 0 it lies.

    >>> points(0.35), points(0.004), points(0.0)
    ('+35', '+0.4', '+0')
    """
    value = 100 * fraction
    return f"{value:+.0f}" if value == 0 or abs(value) >= 0.5 else f"{value:+.1g}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}" if value < 0.1 else f"p = {value:.2f}"
