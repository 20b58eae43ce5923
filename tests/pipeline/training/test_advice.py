"""What fits is the largest that fits, and advice is followed to a plan that fits."""

import re

import pytest
from hypothesis import given, strategies

from pipeline.training.advice import MAX_BATCH, advise, largest
from pipeline.training.hardware import Target
from pipeline.training.known_models import known_shape
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig

T4 = Target("t4", 14.0, shares_keys=False)


def advice(model="llama-3.1-8b", gib=14.0, tokens=1024, rows=None, **settings):
    train = TrainConfig(base_model=model, **settings)
    return advise(known_shape(model), train, RenderConfig(max_seq_tokens=tokens), Target("t4", gib, shares_keys=False), rows)


@given(strategies.integers(0, 50), strategies.integers(0, 50))
def test_the_largest_number_that_fits_is_found(limit, bound):
    assert largest(lambda number: number <= bound, limit) == min(bound, limit)


def test_no_batch_is_too_large_where_a_pass_fits_and_the_longest_sample_is_the_last_that_fits():
    found = advice(batch_size=4)
    assert found.plan.fits
    assert (found.largest_batch, found.batches) == (MAX_BATCH, "any")
    assert advice(batch_size=1000).plan.total_gib == pytest.approx(advice(batch_size=4).plan.total_gib)
    assert advice(batch_size=4, tokens=found.longest_tokens).plan.fits
    assert not advice(batch_size=4, tokens=found.longest_tokens + 1).plan.fits
    assert found.changes == []


def test_what_limits_is_said():
    assert advice(tokens=1024).limit.startswith("the longest sample (1024 tokens) sets the memory")
    assert advice(tokens=100, batch_size=8).limit.startswith("a batch goes in passes of at most 512 tokens")
    few = advice(tokens=100, batch_size=2)
    assert few.limit == (
        f"a batch is one pass of at most 200 tokens; from 512 on it goes in several; longest sample that fits: {few.longest_tokens}"
    )
    assert advice(gib=0.5).limit.endswith("longest sample that fits: none")
    assert advice(gib=0.5).batches == "none"


def test_a_batch_that_is_too_large_is_the_first_thing_to_change():
    found = advice(batch_size=4, tokens=128, gib=6.6, gradient_accumulation=2)
    assert not found.plan.fits
    (change,) = found.changes
    size, accumulation = map(int, re.findall(r"\d+", change))
    assert (size, size * accumulation >= 8) == (found.largest_batch, True)
    assert advice(batch_size=size, tokens=128, gib=6.6, gradient_accumulation=accumulation).plan.fits
    assert not advice(batch_size=size + 1, tokens=128, gib=6.6, gradient_accumulation=accumulation).plan.fits


def test_a_batch_is_no_change_where_the_longest_sample_sets_the_memory():
    found = advice(batch_size=4, tokens=8192)
    assert found.largest_batch == 0
    (change,) = found.changes
    tokens = int(re.search(r"max_seq_tokens: (\d+)", change)[1])
    assert advice(batch_size=4, tokens=tokens).plan.fits
    assert not advice(batch_size=4, tokens=tokens + 1).plan.fits


def test_blocks_that_may_not_compute_again_are_asked_to_where_no_length_fits():
    found = advice(gib=6.2, batch_size=1, tokens=64, gradient_checkpointing=False)
    assert not found.plan.fits
    assert "set train.gradient_checkpointing: null (blocks compute again where memory needs it)" in found.changes


def test_then_the_method_and_at_last_the_model():
    assert "set train.method: qlora" in advice(method="lora", batch_size=1).changes
    assert advice(gib=4.0, batch_size=1).changes[-1].startswith("take a smaller base model (")
    assert advice(gib=0.5, batch_size=1).changes[-1] == "take a GPU of more than 0.5 GiB"


def test_short_samples_leave_room_to_keep_activations():
    rows = [{"split": "train", "status": "ok", "prompt_tokens": 60, "completion_tokens": 2}] * 100
    assert advice(rows=rows).plan.recomputed == 0 < advice().plan.recomputed


def test_validation_asks_as_the_configuration_says():
    train, render = TrainConfig(base_model="llama-3.1-8b", batch_size=1), RenderConfig(max_seq_tokens=64)
    totals = [advise(known_shape("llama-3.1-8b"), train, render, T4, None, tokens).plan.total_gib for tokens in (0, 2048, 200_000)]
    assert totals[0] <= totals[1] < totals[2]


@pytest.mark.parametrize("name", sorted(path.name for path in (PROJECT_ROOT / "configs").glob("t4-*.yaml")))
def test_every_t4_configuration_fits_a_t4(name):
    config = load_config(PROJECT_ROOT / "configs" / name)
    found = advise(known_shape(config.train.base_model), config.train, config.render, T4)
    assert found.plan.fits
    assert found.largest_batch >= config.train.batch_size
