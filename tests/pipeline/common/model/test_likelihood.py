"""Options' scores: none gains by being short, and the right one's share is a likelihood."""

import math

import pytest

from pipeline.common.model.likelihood import gold_nll, per_byte


def test_scores_are_nats_a_byte_of_the_option_as_it_is_asked():
    assert per_byte([-6.0, -6.0, -6.0], ["Huế", " Huế ", "Huế Huế"]) == [-1.2, -1.2, pytest.approx(-6 / 11)]


def test_an_empty_option_has_a_score():
    assert per_byte([-3.0], [" "]) == [-3.0]


def test_the_right_options_likelihood_is_its_share_and_certainty_is_zero():
    assert gold_nll([-1.0, -1.0, -1.0, -1.0], 2) == pytest.approx(math.log(4))
    assert math.copysign(1, gold_nll([0.0, -1e9], 0)) == 1
