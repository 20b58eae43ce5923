"""Options' scores: none gains by being short, and the right one's share is a probability of the model's own."""

import math
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.model.likelihood import gold_nll, normalise, option_lengths, option_probabilities, per_byte


def test_scores_are_nats_a_byte_of_the_option_as_it_is_asked():
    assert per_byte([-6.0, -6.0, -6.0], ["Huế", " Huế ", "Huế Huế"]) == [-1.2, -1.2, pytest.approx(-6 / 11)]


@pytest.mark.parametrize("unit", ["none", "token", "byte", "character"])
def test_an_empty_option_has_a_score(unit):
    assert normalise([-3.0], option_lengths([" "], [0], unit)) == [-3.0]


def test_letters_with_marks_are_as_long_as_letters_without_them_in_characters_alone():
    options = ["Lực lượng", "Luc luong", unicodedata.normalize("NFD", "Lực lượng")]
    assert option_lengths(options, [7, 4, 9], "byte") == [14, 9, 19]
    assert option_lengths(options, [7, 4, 9], "character") == [9, 9, 9], "however the marks are encoded"
    assert option_lengths(options, [7, 4, 9], "token") == [7, 4, 9]
    assert option_lengths(options, [7, 4, 9], "none") == [1, 1, 1]


def test_the_right_options_likelihood_is_its_share_and_certainty_is_zero():
    assert gold_nll([-1.0, -1.0, -1.0, -1.0], 2) == pytest.approx(math.log(4))
    assert math.copysign(1, gold_nll([0.0, -1e9], 0)) == 1


@given(st.lists(st.floats(-500, 0), min_size=2, max_size=10))
def test_probabilities_add_up_and_agree_with_the_gold_nll(sums):
    found = option_probabilities(sums)
    assert sum(found) == pytest.approx(1)
    assert [-math.log(max(share, 1e-300)) for share in found] == pytest.approx(
        [gold_nll(sums, place) for place in range(len(sums))], abs=1e-6
    )


def test_only_the_sum_is_a_probability_and_so_a_proper_score():
    """A writer whose probabilities are known picks one of four texts. That a text is long is no reason to expect it less than it is."""
    draw = np.random.default_rng(3)
    options = ["Rome", "the old harbour town of Ostia", "Vienna", "the Republic of San Marino"]
    lengths = option_lengths(options, [1, 6, 2, 6], "byte")
    nll = {"sum": [], "byte": []}
    expected = []
    for _ in range(1500):
        truth = draw.dirichlet([1.0] * 4)
        written = np.log(truth * 1e-6)  # the rest of what it could write is something else
        gold = draw.choice(4, p=truth)
        assert option_probabilities(written) == pytest.approx(truth)
        nll["sum"].append(gold_nll(written, gold))
        nll["byte"].append(gold_nll(normalise(written, lengths), gold))
        expected.append(-(truth * np.log(truth)).sum())
    assert np.mean(nll["sum"]) == pytest.approx(np.mean(expected), abs=0.06), "the entropy, under which no forecast comes"
    assert np.mean(nll["byte"]) > np.mean(nll["sum"]) + 0.3
