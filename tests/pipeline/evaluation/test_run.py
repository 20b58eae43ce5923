"""Evaluation for real: scores against plain forward passes, what is asked and what is left out, and what the cache may not change."""

import json
import math

import peft
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.scoring import EncodedQuestion, option_scores
from pipeline.evaluation.job import EvaluationJob
from pipeline.evaluation.run import evaluate, lengths, predict
from pipeline.training import lora, policy
from schemas.config import Config
from schemas.config.train import RankPolicy, TrainConfig
from schemas.errors import TrainingError

CPU = torch.device("cpu")


def question(i, split="test", **more):
    row = {"record_id": f"{i:016x}", "content_id": f"{i:016x}", "split": split, "split_group": f"{i:016x}", "source": "s", "subject": "x"}
    row |= {
        "language": "en",
        "context": None,
        "stem": f"What is number {i}?",
        "options": ["one", "two or three", "four"],
        "fixed_order": False,
    }
    return row | {"answer_index": i % 3} | more


@pytest.fixture
def adapter(tiny_model, models, tmp_path):
    """A folder with an adapter whose weights do something, and its manifest."""
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64))
    torch.manual_seed(3)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    folder = tmp_path / "adapter"
    folder.mkdir()
    lora.save(model, settings.base_model, folder)
    facts = {"trained_groups": [f"{3:016x}"], "base_revision": base_model.revision_of(model), "base_model": settings.base_model}
    (folder / "manifest.json").write_text(json.dumps({"dataset_version": "v1", **facts}))
    return folder


@pytest.fixture
def make_job(tiny_model, models, adapter, tmp_path):
    def make(questions, output="out", evaluate=None, **render):
        config = Config.model_validate(
            {
                **{
                    "dataset": "d",
                    "sources": [{"name": name, "path": "*"} for name in ("s", "handbook", "trivia")],
                    "render": {"max_seq_tokens": 128, **render},
                },
                **{"train": {"base_model": str(tiny_model), "device": "cpu", "rank": 4}, "evaluate": evaluate or {}},
            }
        )
        file = tmp_path / "questions.parquet"
        pq.write_table(pa.Table.from_pylist(questions), file)
        places = {"questions": file, "examples": file, "output": tmp_path / output, "models": tmp_path / "models", "adapter": adapter}
        return EvaluationJob(config=config.model_dump(mode="json"), dataset_version="v", run_id="run", **places)

    return make


def results(job):
    evaluate(job)
    return json.loads((job.output / "result.json").read_text()), pq.read_table(job.output / "predictions.parquet").to_pylist()


def test_both_models_answer_every_question_in_every_mode(make_job):
    rows = [question(i) for i in range(12)]
    result, predictions = results(make_job(rows))
    assert len(predictions) == 11 * 2 * 2, "one group was trained on"
    assert {(row["model"], row["mode"]) for row in predictions} == {(m, k) for m in ("base", "adapter") for k in ("letter", "cloze")}
    assert result["counts"]["left_out_trained_groups"] == 1
    assert all(row["record_id"] != f"{3:016x}" for row in predictions)
    for mode in ("letter", "cloze"):
        entry = result["modes"][mode]
        correct = sum(row["correct"] for row in predictions if row["mode"] == mode and row["model"] == "adapter")
        assert (entry["n"], entry["adapter"]["correct"]) == (11, correct)
    assert "no verdict" in result["verdict"]
    different = [r["option_scores"] for r in predictions if r["mode"] == "cloze"]
    assert different[:11] != different[11:], "the adapter changes the scores"


def test_the_base_models_scores_are_those_without_an_adapter(make_job, tiny_model, models):
    job = make_job([question(0)], evaluate={"modes": ["letter"]})
    _, predictions = results(job)
    model = base_model.load_model(job.train, models, CPU, quantised=True)
    with_adapter = peft.PeftModel.from_pretrained(model, str(job.adapter)).eval()
    base, adapted = (next(row["option_scores"] for row in predictions if row["model"] == name) for name in ("base", "adapter"))
    assert base != adapted
    with with_adapter.disable_adapter():
        from pipeline.common.model.chat import ChatFormat
        from pipeline.evaluation.run import encode

        chat = ChatFormat(base_model.load_tokenizer(job.train, models))
        _, items = encode([question(0)], chat, job, "letter")
        assert option_scores(with_adapter, [items[0][0]])[0] == pytest.approx(base, abs=1e-4)


def test_benchmark_questions_are_reported_apart_and_decide_nothing(make_job):
    rows = [question(i) for i in range(6)] + [question(i, "benchmark") for i in range(20, 24)] + [question(30, "train")]
    result, predictions = results(make_job(rows, evaluate={"modes": ["letter"]}))
    assert (result["modes"]["letter"]["n"], result["benchmark"]["letter"]["n"]) == (5, 4)
    assert {row["split"] for row in predictions} == {"test", "benchmark"}


def test_a_second_evaluation_from_the_cache_gives_the_same(make_job, monkeypatch):
    rows = [question(i) for i in range(8)]
    first = results(make_job(rows, output="one"))

    def refuse(*_):
        raise AssertionError("every score is known already")

    monkeypatch.setattr("pipeline.common.model.scoring.option_scores", refuse)
    second = results(make_job(rows, output="two"))
    assert second[1] == first[1]
    assert second[0]["modes"] == first[0]["modes"]


def test_other_option_orders_and_prompts_are_not_served_from_the_cache(make_job):
    _, first = results(make_job([question(0)], output="one", evaluate={"modes": ["cloze"], "primary": "cloze"}))
    turned = question(0, options=["four", "two or three", "one"])
    _, second = results(make_job([turned], output="two", evaluate={"modes": ["cloze"], "primary": "cloze"}))
    assert second[0]["option_scores"] == pytest.approx(first[0]["option_scores"][::-1], abs=1e-4)


def test_questions_too_long_for_the_model_are_counted(make_job):
    result, predictions = results(make_job([question(0), question(1, stem="word " * 400)], evaluate={"modes": ["letter"]}))
    assert result["counts"]["not_evaluated_too_long"] == {"letter": 1}
    assert len(predictions) == 2


def test_a_sample_of_questions_is_the_same_for_every_adapter(make_job):
    rows = [question(i) for i in range(12)]
    _, one = results(make_job(rows, output="one", evaluate={"modes": ["letter"], "max_questions": 4}))
    _, other = results(make_job(rows[::-1], output="two", evaluate={"modes": ["letter"], "max_questions": 4}))
    assert {row["record_id"] for row in one} == {row["record_id"] for row in other}
    assert len({row["record_id"] for row in one}) == 4


def test_no_question_at_all_is_no_verdict_and_no_crash(make_job):
    result, predictions = results(make_job([question(0, "train")]))
    assert predictions == []
    assert result["verdict"].startswith("No verdict")
    assert result["modes"]["letter"]["base"]["accuracy"] is None


def test_an_adapter_of_another_base_or_an_unfinished_one_is_refused(make_job):
    job = make_job([question(0)])
    facts = json.loads((job.adapter / "manifest.json").read_text())
    (job.adapter / "manifest.json").write_text(json.dumps({**facts, "base_revision": "another"}))
    with pytest.raises(TrainingError, match="base revision another"):
        evaluate(job)
    (job.adapter / "manifest.json").unlink()
    with pytest.raises(TrainingError, match="no finished adapter"):
        evaluate(job)


def test_cloze_scores_are_over_lengths_and_ties_go_to_the_first():
    row = question(0, options=["ab", "đ", "abcd"])
    found = predict(row, [-4.0, -4.0, -8.0], [2, 2, 4], "base", "cloze")
    assert found["option_scores"] == [-2.0, -2.0, -2.0]
    assert (found["predicted_index"], found["correct"]) == (0, True)
    assert found["option_log_likelihoods"] == [-4.0, -4.0, -8.0]
    assert found["gold_nll"] == pytest.approx(math.log(2 + math.exp(-4))), "of the sums: as much of a probability as the model gives"
    assert predict(row, [-4.0, -3.0, -8.0], [1, 1, 1], "base", "letter")["predicted_index"] == 1


@pytest.mark.parametrize(("unit", "chosen"), [("none", 1), ("byte", 0), ("character", 2), ("token", 1)])
def test_the_unit_of_the_configuration_decides_between_cloze_options_and_never_between_letters(unit, chosen):
    row = question(0, options=["được", "no", "yes, it is"])
    item = (EncodedQuestion([1], [[2] * 4, [3] * 2, [4] * 6]), "prompt", row["options"])
    sums = [-8.0, -3.6, -17.0]
    assert predict(row, sums, lengths(item, unit, "cloze"), "base", "cloze")["predicted_index"] == chosen
    assert lengths(item, unit, "letter") == [1, 1, 1]


@pytest.mark.parametrize("score", [math.nan, -math.inf])
def test_scores_that_are_no_numbers_are_refused_by_name(score):
    with pytest.raises(TrainingError, match=r"the adapter model's scores of question 0{16} \(cloze\) are .*its numbers overflow"):
        predict(question(0), [score, -1.0, -2.0], [1, 1, 1], "adapter", "cloze")


@pytest.mark.parametrize(
    ("sums", "nll"), [([-5e3, -6e3, -6e3], "0.0"), ([-6e3, -5e3, -6e3], "1000.0"), ([-2e4, -2e4, -3e4], str(math.log(2)))]
)
def test_scores_far_below_zero_neither_overflow_nor_vanish(sums, nll):
    assert str(predict(question(0), sums, [1, 1, 1], "base", "letter")["gold_nll"]) == nll


def test_the_verdict_is_given_on_the_headlines_sources_with_all_others_beside_it(make_job):
    rows = [question(i, source="handbook" if i < 5 else "trivia") for i in range(10)] + [question(i, "benchmark") for i in range(20, 23)]
    result, _ = results(make_job(rows, evaluate={"modes": ["letter"], "headline": ["handbook"], "min_groups": 1}))
    headline, others, whole = (found["modes"]["letter"] for found in (result["headline"], result["others"], result))
    assert result["headline"]["sources"] == ["handbook"]
    assert (headline["n"], others["n"], whole["n"]) == (4, 5, 9), "one group was trained on, and benchmarks stand apart"
    assert [row["source"] for row in headline["by_source"]] == ["handbook"]
    assert f"{headline['adapter']['correct']} of 4 test questions of handbook right" in result["verdict"]
    assert "Of the 5 other test questions" in result["verdict"]


def test_one_group_is_asked_without_a_verdict_on_more_than_it_is(make_job):
    rows = [question(i, split_group=f"{1:016x}") for i in range(3)]
    result, _ = results(make_job(rows, evaluate={"modes": ["letter"], "min_groups": 1}))
    assert (result["others"], result["headline"]["sources"]) == (None, "all")
    assert result["modes"]["letter"]["delta_interval"] is None
    assert "no 95% interval" in result["verdict"]
