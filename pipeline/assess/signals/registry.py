"""What a signal is, and the list of all: a signal registers itself where it is defined."""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.assess.signals.view import View

Measure = Callable[[View], float | None]


class Signal(NamedTuple):
    """`measure` gives a number or None (undefined). At `threshold` and above the signal fires and costs `penalty`; a graded one also
    costs its share of the penalty under the threshold, so that questions without flags can be ranked."""

    name: str
    measure: Measure
    span: str
    threshold: float
    penalty: float
    says: str
    says_vi: str
    source: str
    why: str
    graded: bool


SIGNALS: list[Signal] = []


def signal(
    span: str, threshold: float, penalty: float, says: str, says_vi: str, *, source: str, why: str = "", graded: bool = False
) -> Callable[[Measure], Measure]:
    """Registers a measure under its own name.

    Args:
        span: range of its values, in words.
        threshold: it fires from here on.
        penalty: what a flag takes off the score, 0-1; 0 only informs.
        says: the flag in English words.
        says_vi: the same in Vietnamese, shown for Vietnamese questions.
        source: where the rule comes from.
        why: why the threshold lies there.
        graded: whether smaller values cost their share.
    """

    def register(measure: Measure) -> Measure:
        SIGNALS.append(Signal(measure.__name__, measure, span, threshold, penalty, says, says_vi, source, why, graded))
        return measure

    return register
