"""What an option's log-likelihood says beside the others': no torch, any model."""

from collections.abc import Sequence

from scipy.special import log_softmax


def per_byte(log_likelihoods: Sequence[float], options: Sequence[str]) -> list[float]:
    """Summed log-likelihoods (nats) over the options' UTF-8 bytes: a longer option is not less likely for its length.

    >>> per_byte([-8.0, -8.0], ["Huế", "Vinh"])
    [-1.6, -2.0]
    """
    return [value / max(len(option.strip().encode()), 1) for value, option in zip(log_likelihoods, options, strict=True)]


def gold_nll(scores: Sequence[float], answer_index: int) -> float:
    """Negative log-likelihood (nats) of the right option under a softmax over the options' scores.

    >>> round(gold_nll([-0.8, -2.0], 0), 4)
    0.2633
    """
    return abs(float(log_softmax(scores)[answer_index]))  # abs, as a minus would make certainty -0.0
