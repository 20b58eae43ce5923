"""What one block keeps, counted by hand for a shape of small numbers."""

from pipeline.training.activations import Adapted, arithmetic, attention_matrix, head_bytes, kept_by_a_block, worked_in_a_block
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


def adapted(**more):
    return Adapted(**{"rank": 5, "linears": EVERY, "dropout": 0.0, "magnitudes": False} | more)


def test_a_quantised_block_without_autocast_keeps_fp32_and_shares_inputs():
    norms, attention, gates = 2 * (256 + 4), 4 * (2 * 96 + 2 * 48) + 16, 3 * 640
    inputs, inner = 256 + 256 + 640, 7 * 20
    assert kept_by_a_block(SHAPE, arithmetic(True, 4, False), adapted()) == norms + attention + gates + inputs + inner


def test_under_autocast_each_adapter_keeps_a_copy_of_its_own():
    norms, attention, gates = 2 * (256 + 4), 2 * (2 * 96 + 2 * 48) + 16, 3 * 640
    inputs, inner = 2 * (5 * 64 + 96 + 160), 7 * 10
    assert kept_by_a_block(SHAPE, arithmetic(True, 2, True), adapted()) == norms + attention + gates + inputs + inner


def test_dropout_and_magnitudes_keep_more():
    numbers = arithmetic(True, 4, False)
    plain = kept_by_a_block(SHAPE, numbers, adapted())
    assert kept_by_a_block(SHAPE, numbers, adapted(dropout=0.1)) == plain + 5 * (5 * 64 + 96 + 160)
    assert kept_by_a_block(SHAPE, numbers, adapted(magnitudes=True)) == plain + 8 * (96 + 48 + 48 + 64 + 160 + 160 + 64)


def test_a_weight_that_is_dequantised_counts_where_positions_are_few():
    numbers = arithmetic(True, 2, True)
    few, many = (worked_in_a_block(SHAPE, numbers, adapted(), positions, True) for positions in (1, 1000))
    assert few == 2 * 640 + 2 * 160 * 64 - 320
    assert many == 1000 * (3 * 640 - 320)


def test_logits_are_those_of_labelled_positions_alone():
    assert head_bytes(SHAPE, arithmetic(True, 2, True), 7) == 7 * 300 * 10
    assert head_bytes(SHAPE, arithmetic(True, 4, False), 7) == 7 * 300 * 8


def test_attention_that_is_not_fused_has_a_matrix_a_head():
    assert attention_matrix(SHAPE, 3, 10) == 4 * 3 * 4 * 100
