"""Every quality signal of one question as people read it: its value, where it fires, whether it did."""

from typing import Any, NamedTuple

from pipeline.assess.signals import SIGNALS
from pipeline.assess.signals.model import MODEL_SIGNALS


class ShownSignal(NamedTuple):
    """`value` is None where it is undefined; `measured` says whether it was looked for at all (a model may not have been asked)."""

    name: str
    says: str
    value: float | None
    measured: bool
    span: str
    threshold: float
    penalty: float
    fired: bool
    source: str
    why: str


def shown_signals(quality: dict[str, Any], language: str) -> list[ShownSignal]:
    """All signals, those that fired first, then by their names' order in the code. What a table doesn't name is 0."""
    values, fired = quality["signals"], set(quality["flags"])
    found = []
    for signal in (*SIGNALS, *MODEL_SIGNALS):
        asked_models = signal in MODEL_SIGNALS and signal.name not in values
        found.append(
            ShownSignal(
                signal.name,
                signal.says_vi if language == "vi" else signal.says,
                None if asked_models else values.get(signal.name, 0.0),
                not asked_models,
                signal.span,
                signal.threshold,
                signal.penalty,
                signal.name in fired,
                signal.source,
                signal.why,
            )
        )
    return sorted(found, key=lambda one: not one.fired)
