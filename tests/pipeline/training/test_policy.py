"""Rank policies: what they resolve to, and what is worth a warning."""

import pytest
from pydantic import ValidationError

from pipeline.training.policy import RECIPES, policy_table, resolve, warnings
from schemas.config.train import LINEAR_KINDS, RankPolicy, TrainConfig


@pytest.mark.parametrize(
    ("policy", "rank", "alpha", "rslora", "scale"),
    [
        (RankPolicy(), 16, 32, False, 2.0),
        (RankPolicy(), 256, 512, False, 2.0),
        (RankPolicy(name="fixed", alpha=16), 64, 16, False, 0.25),
        (RankPolicy(name="equal_rank"), 64, 64, False, 1.0),
        (RankPolicy(name="twice_rank", rslora=True), 16, 32, True, 8.0),
        (RankPolicy(name="sqrt_hidden"), 16, 64, True, 16.0),
        (RankPolicy(name="sqrt_hidden", rslora=False), 16, 64, False, 4.0),
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


@pytest.mark.parametrize(("rate", "side"), [(4.9e-5, "under"), (5e-5, None), (3.2e-3, None), (3.3e-3, "over")])
def test_a_first_step_outside_all_published_recipes_warns_and_names_the_rates_inside(rate, side):
    train = TrainConfig(learning_rate=rate)
    notes = warnings(train, resolve(train.policy, train.rank, 4096))
    assert [f"is {side} that of every published recipe" in note for note in notes] == ([True] if side else [])


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.name for recipe in RECIPES])
def test_no_published_recipe_is_warned_of_its_learning_rate(recipe):
    policy = RankPolicy(name="fixed", alpha=recipe.alpha)
    train = TrainConfig(rank=recipe.rank, policy=policy, learning_rate=recipe.learning_rate)
    assert not [note for note in warnings(train, resolve(policy, recipe.rank, 4096)) if "learning_rate" in note]


def test_the_table_covers_every_policy_and_its_rates_are_those_of_published_first_steps():
    rows = policy_table(4096, [16, 64])
    policies = ("equal_rank", "twice_rank", "fixed", "sqrt_hidden")
    assert [(row.policy, row.rank) for row in rows] == [(p, r) for p in policies for r in (16, 64)]
    for row in rows:
        assert row.scale * row.rank * row.learning_rate_low == pytest.approx(min(recipe.coordinate for recipe in RECIPES))
        assert row.scale * row.rank * row.learning_rate_high == pytest.approx(max(recipe.coordinate for recipe in RECIPES))


@pytest.mark.parametrize(
    ("init", "method", "said"), [("loftq", "qlora", "in 16 bit too"), ("pissa", "qlora", "from 4 bit"), ("pissa", "full", "from 4 bit")]
)
def test_starting_points_that_cannot_work_are_refused_with_the_reason(init, method, said):
    with pytest.raises(ValidationError, match=said):
        TrainConfig(init=init, method=method)
