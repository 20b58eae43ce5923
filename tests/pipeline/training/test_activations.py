"""What one block keeps, counted by hand for a shape of small numbers."""

import pytest

from pipeline.training.activations import (
    PASS_TOKENS,
    Adapted,
    Pass,
    arithmetic,
    asked_bytes,
    head_bytes,
    kept_by_a_block,
    pass_of,
    worked_in_a_block,
)
from pipeline.training.shapes import read_shape

SHAPE = read_shape(
    {
        "model_type": "llama",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "intermediate_size": 160,
        "vocab_size": 300,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 24,
    },
    "hand",
)
EVERY = list(SHAPE.linears().values())
PADDED = Pass(2, 50)
NORMS = 2 * (256 + 4)


def adapted(**more):
    return Adapted(**{"rank": 5, "linears": EVERY, "dropout": 0.0, "magnitudes": False} | more)


def a_position(numbers, trained, at_once=PADDED):
    return kept_by_a_block(SHAPE, numbers, trained, at_once) / at_once.positions


def test_a_fused_block_keeps_each_input_once_and_no_product():
    attention, gates, inputs, inner = 4 * (2 * 96 + 2 * 48) + 16, 4 * 2 * 160, 4 * (64 + 64), 4 * 7 * 5
    assert a_position(arithmetic(True, 4, False), adapted()) == NORMS + attention + gates + inputs + inner
    # On a GPU layers give 16 bits, and attention reads them.
    half = (attention - 16) // 2 + 16 + (gates + inputs + inner) // 2
    assert a_position(arithmetic(True, 2, True), adapted()) == NORMS + half


def test_a_packed_row_keeps_queries_apart_and_keys_behind_the_prefix_of_each_sample():
    numbers, row = arithmetic(True, 4, False), Pass(3, 50, 10, packed=True)
    assert row.positions == 10 + 3 * 40
    more = kept_by_a_block(SHAPE, numbers, adapted(), row) - kept_by_a_block(SHAPE, numbers, adapted(), Pass(130 / 50, 50))
    put_in_order, keys, mask = 96 * 130, 2 * 48 * 150, 40 * 50
    assert more == 4 * (put_in_order + keys + 96 * 120 + mask)


def test_a_feed_forward_without_an_adapter_behind_it_keeps_its_activation_and_what_it_multiplies():
    numbers = arithmetic(True, 4, False)
    without = [linear for linear in EVERY if linear.reads != "product"]
    assert a_position(numbers, adapted(linears=without)) == a_position(numbers, adapted()) + 4 * 160 - 4 * 5
    attention_alone = [linear for linear in EVERY if linear.reads == "block"]
    assert a_position(numbers, adapted(linears=attention_alone)) == NORMS + 4 * (2 * 96 + 2 * 48) + 16 + 4 * (3 * 160 + 64 + 3 * 5)


def test_dora_is_pefts_own_and_under_autocast_each_adapter_keeps_a_copy_of_its_own():
    attention, gates = 2 * (2 * 96 + 2 * 48) + 16, 3 * 640
    inputs, inner = 2 * (5 * 64 + 96 + 160), 7 * 10
    scaled = (4 + 2) * (96 + 48 + 48 + 64 + 160 + 160 + 64)
    assert a_position(arithmetic(True, 2, True), adapted(magnitudes=True)) == NORMS + attention + gates + inputs + inner + scaled


def test_dropout_and_magnitudes_are_pefts_own_and_keep_more():
    numbers = arithmetic(True, 4, False)
    pefts = NORMS + 4 * (2 * 96 + 2 * 48) + 16 + 3 * 640 + 256 + 256 + 640 + 7 * 20
    assert a_position(numbers, adapted(dropout=0.1)) == pefts + 5 * (5 * 64 + 96 + 160)
    assert a_position(numbers, adapted(magnitudes=True)) == pefts + 8 * (96 + 48 + 48 + 64 + 160 + 160 + 64)


def test_a_weight_that_is_dequantised_counts_where_positions_are_few():
    numbers = arithmetic(True, 2, True)
    few, many = (worked_in_a_block(SHAPE, numbers, adapted(), Pass(1, tokens), True) for tokens in (1, 1000))
    incoming = (4 + 2) * 64
    assert few == incoming + (2 * 2 + 2) * 160 + 2 * 160 * 64
    assert many == 1000 * (incoming + 4 * 2 * 160)
    assert worked_in_a_block(SHAPE, numbers, adapted(), Pass(1, 1), False) == max(incoming + 4 * 2 * 160, 5 * 4 * 64)


def test_logits_are_those_of_labelled_positions_alone():
    assert head_bytes(SHAPE, arithmetic(True, 2, True), 7) == 7 * 300 * 10
    assert head_bytes(SHAPE, arithmetic(True, 4, False), 7) == 7 * 300 * 8


def test_attention_that_is_spelt_out_has_a_matrix_a_head_and_a_head_of_keys_each():
    numbers = arithmetic(True, 2, True)
    plain, spelt_out = (kept_by_a_block(SHAPE, numbers, adapted(), Pass(3, 10, spelt_out=spelt)) for spelt in (False, True))
    instead = 4 * 3 * 96 + 4 * 4 * 10 + 2 * 96 - 2 * (2 * 96 + 2 * 48) - 16
    assert spelt_out - plain == 30 * instead


@pytest.mark.parametrize(
    ("batch", "longest", "positions"), [(1, 100, 100), (4, 128, PASS_TOKENS), (5, 128, PASS_TOKENS), (64, 8, PASS_TOKENS), (8, 900, 900)]
)
def test_a_pass_is_a_batch_or_512_tokens_or_one_longer_sample(batch, longest, positions):
    assert pass_of(batch, longest, 0, 3, False, False).positions == positions


def test_what_all_samples_begin_with_is_computed_once_where_batches_are_packed():
    assert pass_of(4, 100, 40, 3, True, False).positions == 40 + 4 * 60
    assert pass_of(4, 100, 40, 3, False, False).positions == 400
    assert pass_of(50, 100, 40, 3, True, False).positions == PASS_TOKENS
    alone = pass_of(1, 100, 40, 3, True, False)
    assert (alone.prefix, alone.positions) == (96, 100), "a sample alone shares all of its prompt"
    assert pass_of(1, 5, 40, 30, True, False).positions == 5


def test_validation_works_in_one_feed_forward_or_its_logits():
    numbers = arithmetic(True, 4, False)
    assert asked_bytes(SHAPE, numbers, 100, 50, 2, False) == (8 * 64 + 20 * 160) * 100
    assert asked_bytes(SHAPE, numbers, 100, 50, 100, False) == max(100 * 300 * 8, (8 * 64 + 20 * 160) * 100)
    assert asked_bytes(SHAPE, numbers, 100, 50, 2, True) == max(3 * 4 * 4 * 100 * 50, (8 * 64 + 20 * 160) * 100)
