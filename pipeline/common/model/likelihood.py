"""What an option's log-likelihood says beside the others': no torch, any model."""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from scipy.special import log_softmax, softmax

Normalisation = Literal["none", "token", "byte", "character"]
"""What a summed log-likelihood is divided by before options of different lengths are compared."""


def option_lengths(options: Sequence[str], token_counts: Sequence[int], unit: Normalisation) -> list[int]:
    """The length of each option in a unit, at least 1. `none` counts 1 for all. Characters are those of the composed text (NFC).

    >>> [option_lengths(["Huế"], [3], unit) for unit in ("none", "token", "byte", "character")]
    [[1], [3], [5], [3]]
    """
    if unit == "none":
        return [1] * len(options)
    if unit == "token":
        return [max(count, 1) for count in token_counts]
    texts = [option.strip() for option in options]
    sizes = [len(text.encode()) if unit == "byte" else len(unicodedata.normalize("NFC", text)) for text in texts]
    return [max(size, 1) for size in sizes]


def normalise(log_likelihoods: Sequence[float], lengths: Sequence[int]) -> list[float]:
    """Summed log-likelihoods (nats) over lengths: what options are chosen by. No probability comes of them, see `gold_nll`."""
    return [value / length for value, length in zip(log_likelihoods, lengths, strict=True)]


def per_byte(log_likelihoods: Sequence[float], options: Sequence[str]) -> list[float]:
    """Summed log-likelihoods (nats) over the options' UTF-8 bytes: a longer option is not less likely for its length.

    >>> per_byte([-8.0, -8.0], ["Huế", "Vinh"])
    [-1.6, -2.0]
    """
    return normalise(log_likelihoods, option_lengths(options, [], "byte"))


def option_probabilities(log_likelihoods: Sequence[float]) -> list[float]:
    """The model's own probability of each option, given that it writes one of them: a softmax over *summed* log-likelihoods, 0-1.

    Each sum is the logarithm of a probability that the model gives to a text, so this is Bayes' rule, for options of any length.
    Divided by lengths they are logarithms of no probability any more, and a softmax over them measures the unit, not the model.

    >>> [round(value, 3) for value in option_probabilities([-8.0, -9.0])]
    [0.731, 0.269]
    """
    found: list[float] = softmax(log_likelihoods).tolist()
    return found


def gold_nll(log_likelihoods: Sequence[float], answer_index: int) -> float:
    """Negative logarithm (nats) of the right option's share under a softmax: a proper score where these are summed log-likelihoods.

    >>> round(gold_nll([-0.8, -2.0], 0), 4)
    0.2633
    """
    return abs(float(log_softmax(log_likelihoods)[answer_index]))  # abs, as a minus would make certainty -0.0
