"""The plan of a project, before anything was rendered and after."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.resources import memory
from pipeline.training.hardware import named_target
from pipeline.training.shapes import UnknownShapeError


def test_before_anything_is_published_samples_are_as_long_as_they_may_be(make_foundry, questions):
    foundry = make_foundry(questions, render={"max_seq_tokens": 300}, train={"base_model": "Qwen/Qwen2.5-1.5B-Instruct"})
    assert memory.lengths_of(foundry) == []
    plan = memory.advice_for(foundry, named_target("t4")).plan
    assert (plan.workload.longest, plan.target.name, plan.fits) == (300, "t4", True)


def test_rendered_examples_tell_their_lengths(make_foundry, questions, monkeypatch, tmp_path):
    foundry = make_foundry(questions)
    row = {"split": "train", "status": "ok", "prompt_tokens": 40, "completion_tokens": 2, "prompt": "?"}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "examples.parquet")
    monkeypatch.setattr(type(foundry.lake), "current", lambda _: "a version")
    monkeypatch.setattr(memory, "places", lambda _: type("At", (), {"examples": tmp_path / "examples.parquet"}))
    assert memory.advice_for(foundry).plan.workload.longest == 42


def test_a_family_that_can_not_be_planned_is_told(make_foundry, questions, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(UnknownShapeError, match="mamba"):
        memory.advice_for(make_foundry(questions, train={"base_model": str(tmp_path / "model")}))
