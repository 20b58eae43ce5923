"""What fits is the largest that fits, and advice is followed to a plan that fits."""

import re

import pytest
from hypothesis import given, strategies

from pipeline.training.advice import advise, largest
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


def test_the_largest_batch_and_the_longest_sample_are_the_last_that_fit():
    found = advice(batch_size=4)
    assert found.plan.fits
    assert advice(batch_size=found.largest_batch).plan.fits
    assert not advice(batch_size=found.largest_batch + 1).plan.fits
    assert advice(batch_size=4, tokens=found.longest_tokens).plan.fits
    assert not advice(batch_size=4, tokens=found.longest_tokens + 1).plan.fits
    assert found.changes == []


def test_a_batch_that_is_too_large_is_the_first_thing_to_change():
    found = advice(batch_size=16, gradient_accumulation=2)
    assert not found.plan.fits
    (change,) = found.changes
    size, accumulation = map(int, re.findall(r"\d+", change))
    assert (size, size * accumulation) >= (found.largest_batch, 32)
    assert advice(batch_size=size, gradient_accumulation=accumulation).plan.fits


def test_then_the_length():
    found = advice(batch_size=4, tokens=8192)
    assert found.largest_batch == 0
    assert found.changes[0] == "set train.batch_size: 1 and gradient_accumulation: 4 (the same updates)"
    tokens = int(re.search(r"max_seq_tokens: (\d+)", found.changes[1])[1])
    assert advice(batch_size=1, gradient_accumulation=4, tokens=tokens).plan.fits
    assert not advice(batch_size=1, gradient_accumulation=4, tokens=tokens + 1).plan.fits


def test_then_the_method_and_at_last_the_model():
    assert "set train.method: qlora" in advice(method="lora", batch_size=1).changes
    assert advice(gib=4.0, batch_size=1).changes[-1].startswith("take a smaller base model (")
    assert advice(gib=0.5, batch_size=1).changes[-1] == "take a GPU of more than 0.5 GiB"


def test_short_samples_leave_room_for_larger_batches():
    rows = [{"split": "train", "status": "ok", "prompt_tokens": 60, "completion_tokens": 2}] * 100
    assert advice(rows=rows).largest_batch > 10 * advice().largest_batch


@pytest.mark.parametrize("name", sorted(path.name for path in (PROJECT_ROOT / "configs").glob("t4-*.yaml")))
def test_every_t4_configuration_fits_a_t4(name):
    config = load_config(PROJECT_ROOT / "configs" / name)
    found = advise(known_shape(config.train.base_model), config.train, config.render, T4)
    assert found.plan.fits
    assert found.largest_batch >= config.train.batch_size
