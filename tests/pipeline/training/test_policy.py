"""Rank policies: what they resolve to, and what is worth a warning."""

import math

import pytest

from pipeline.training.policy import policy_table, resolve, warnings
from schemas.config.train import LINEAR_KINDS, RankPolicy, TrainConfig


@pytest.mark.parametrize(
    ("policy", "rank", "alpha", "rslora", "scale"),
    [
        (RankPolicy(), 16, 32, False, 2.0),
        (RankPolicy(), 256, 512, False, 2.0),
        (RankPolicy(name="fixed", alpha=16), 64, 16, False, 0.25),
        (RankPolicy(name="sqrt_hidden"), 16, 64, True, 16.0),
        (RankPolicy(name="sqrt_hidden"), 256, 64, True, 4.0),
    ],
)
def test_a_policy_resolves_to_alpha_and_scale(policy, rank, alpha, rslora, scale):
    found = resolve(policy, rank, 4096)
    assert (found.alpha, found.use_rslora, found.scale) == (alpha, rslora, scale)
    assert found.equivalent_alpha / rank == pytest.approx(scale)


@pytest.mark.parametrize(("rank", "warned"), [(7, True), (8, True), (9, False)])
def test_small_ranks_warn(rank, warned):
    train = TrainConfig(rank=rank)
    assert any(note.startswith(f"rank {rank}") for note in warnings(train, resolve(train.policy, rank, 4096))) is warned


def test_a_missing_linear_kind_warns_by_name():
    train = TrainConfig(target_modules=[kind for kind in LINEAR_KINDS if kind != "gate_proj"])
    (note,) = warnings(train, resolve(train.policy, train.rank, 4096))
    assert "gate_proj" in note


@pytest.mark.parametrize(("rate", "side"), [(1.9e-4, "under"), (2e-4, None), (6.25e-4, None), (6.3e-4, "over")])
def test_a_step_size_outside_the_published_band_warns_and_names_the_band(rate, side):
    train = TrainConfig(learning_rate=rate)
    notes = warnings(train, resolve(train.policy, train.rank, 4096))
    assert [side in note for note in notes] == ([True] if side else [])


def test_the_table_covers_every_policy_and_its_rates_lie_in_the_band():
    rows = policy_table(4096, [16, 64])
    assert [(row.policy, row.rank) for row in rows] == [(p, r) for p in ("twice_rank", "fixed", "sqrt_hidden") for r in (16, 64)]
    for row in rows:
        assert row.scale * math.sqrt(row.rank) * row.learning_rate_low == pytest.approx(1.6e-3)
