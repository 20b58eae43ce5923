"""Validation asks as evaluation does, and a loss that isn't finite names its records."""

import contextlib
import math

import pyarrow.parquet as pq
import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.asked import answer_of, lengths
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.scoring import option_scores
from pipeline.evaluation.run import encode as encode_as_evaluation
from pipeline.training import packed
from pipeline.training.dataset import encode
from pipeline.training.history import History
from pipeline.training.loop import label_nll
from pipeline.training.validation import Validation, ask, asked_of, refuse_non_finite
from schemas.config.evaluate import EvaluateConfig
from schemas.errors import TrainingError


@pytest.fixture
def parts(make_job):
    """A job's model, chat, validation samples, questions by record and all rows."""
    job = make_job()
    chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
    model = base_model.load_model(job.train, job.models, torch.device("cpu"), quantised=False)
    rows = pq.read_table(job.examples).to_pylist()
    questions = {row["record_id"]: row for row in pq.read_table(job.questions).to_pylist()}
    return job, model, chat, encode(rows, chat, "validation"), questions, rows


@pytest.mark.parametrize("mode", ["letter", "cloze"])
def test_questions_right_and_gold_nll_are_those_of_evaluation(parts, mode):
    job, model, chat, samples, questions, rows = parts
    evaluate = EvaluateConfig(modes=[mode], primary=mode)
    validation = Validation(model, label_nll, samples, asked_of(samples, questions, chat, job.render, evaluate), [], evaluate, 2)
    history = History(len(rows))
    figures = validation.run(history, 1, contextlib.nullcontext())
    held_out = [questions[sample.record_id] for sample in samples]
    _, items = encode_as_evaluation(held_out, chat, job, mode)
    answers = [
        answer_of(option_scores(model, [item[0]])[0], lengths(item, "byte", mode), row["answer_index"])
        for row, item in zip(held_out, items, strict=True)
    ]
    right = [answer.best == row["answer_index"] for answer, row in zip(answers, held_out, strict=True)]
    assert (figures["mode"], figures["right"], figures["asked"]) == (mode, sum(right), len(samples))
    assert figures["gold_nll"] == pytest.approx(sum(answer.gold_nll for answer in answers) / len(answers), rel=1e-3)
    assert [history.gold_chosen[sample.index] for sample in samples] == [[one] for one in right]
    assert history.gold_probabilities[samples[0].index][0] == pytest.approx(math.exp(-answers[0].gold_nll), rel=1e-3)
    losses = [history.losses[sample.index][0] for sample in samples]
    assert figures["validation_loss"] == pytest.approx(sum(losses) / len(losses))


def test_what_memory_does_not_hold_is_halved_with_the_same_losses(parts, caplog):
    _, model, _, samples, _, rows = parts
    assert len(samples) == 4
    sizes = []

    def at_most(holds):
        def loss_of(model, input_ids, labels):
            sizes.append(len(input_ids))
            if len(input_ids) > holds:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
            return label_nll(model, input_ids, labels)

        return loss_of

    def figures(loss_of):
        history = History(len(rows))
        found = Validation(model, loss_of, samples, [], [], EvaluateConfig(), 4).run(history, 1, contextlib.nullcontext())
        return found["validation_loss"], [history.losses[sample.index] for sample in samples]

    whole, losses = figures(label_nll)
    halved, same = figures(at_most(1))
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert halved == pytest.approx(whole, rel=1e-4)
    assert same == [[pytest.approx(loss, rel=1e-4)] for (loss,) in losses]
    assert "out of memory with 4 validation samples at once; going on with 2" in caplog.text
    with pytest.raises(TrainingError, match=r"record .* of \d+ tokens doesn't fit alone"):
        figures(at_most(0))


def test_losses_are_computed_in_passes_of_so_many_tokens(parts, monkeypatch):
    _, model, _, samples, _, rows = parts
    monkeypatch.setattr(packed, "PASS_TOKENS", 2 * max(map(len, samples)))
    sizes = []

    def loss_of(model, input_ids, labels):
        sizes.append(len(input_ids))
        return label_nll(model, input_ids, labels)

    Validation(model, loss_of, samples, [], [], EvaluateConfig(), 16).run(History(len(rows)), 1, contextlib.nullcontext())
    assert sizes == [2, 2]


def test_questions_that_memory_does_not_hold_are_asked_in_halves(parts, monkeypatch):
    job, model, chat, samples, questions, _ = parts
    evaluate = EvaluateConfig(primary="letter")
    asked = asked_of(samples, questions, chat, job.render, evaluate)
    whole = ask(model, asked, evaluate)

    def at_most_two(model, items):
        if len(items) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return option_scores(model, items)

    monkeypatch.setattr("pipeline.common.model.scoring.option_scores", at_most_two)
    halved = ask(model, asked, evaluate)
    assert halved.keys() == whole.keys()
    assert [halved[index].gold_nll for index in whole] == pytest.approx([answer.gold_nll for answer in whole.values()], rel=1e-4)


def test_before_training_figures_are_told_and_nothing_is_noted(parts):
    job, model, chat, samples, questions, rows = parts
    evaluate = EvaluateConfig(primary="cloze")
    asked = asked_of(samples, questions, chat, job.render, evaluate)
    history = History(len(rows))
    assert Validation(model, label_nll, samples, asked, asked, evaluate, 2).run(history, 0, contextlib.nullcontext())
    assert history.losses == history.gold_chosen == [[]] * len(rows)
    assert Validation(model, label_nll, [], [], [], EvaluateConfig(), 2).run(history, 1, contextlib.nullcontext()) == {}


def test_a_question_too_long_to_be_asked_is_left_out(parts):
    job, _, chat, samples, questions, _ = parts
    short = job.render.model_copy(update={"max_seq_tokens": 32})
    assert len(asked_of(samples, questions, chat, job.render, EvaluateConfig())) == len(samples)
    assert asked_of(samples, questions, chat, short, EvaluateConfig()) == []


def test_a_loss_that_is_not_finite_names_its_records_first_and_those_beside():
    refuse_non_finite({"a": 1.0}, "training", "")
    for bad in (math.nan, math.inf):
        with pytest.raises(TrainingError, match=r"the training loss of record b \(beside a in the batch\) is not finite"):
            refuse_non_finite({"a": 1.0, "b": bad}, "training", "")
    with pytest.raises(TrainingError, match=r"record 0, 1, 2, 3, 4, 5, 6, 7 and 92 more is not finite"):
        refuse_non_finite({str(i): math.nan for i in range(100)}, "validation", "")
