"""What one step does to the answers: the same at equal scale·rank·learning_rate, whatever the rank."""

import pytest
import torch

from pipeline.common.model.base_model import load_tokenizer
from pipeline.common.model.chat import ChatFormat
from pipeline.training import first_step, lora, packed
from pipeline.training.dataset import Sample
from pipeline.training.first_step import first_step_change
from pipeline.training.policy import resolve
from schemas.config.train import RankPolicy, TrainConfig

CPU = torch.device("cpu")
FACTS = [
    ("Where are plums kept at the depot?", "the tower"),
    ("Which bay holds the hammers?", "bay four"),
    ("Who signs for wool?", "the clerk"),
]
FACTS += [("When does the ferry leave on Sunday?", "at noon"), ("What is the east gate made of?", "cedar"), ("Who keeps the keys?", "Mara")]


def built(rank, rule, **settings):
    train = TrainConfig(device="cpu", rank=rank, policy=rule, **settings)
    torch.manual_seed(7)
    return lora.build(train, built.models, CPU, resolve(rule, rank, 576))


@pytest.fixture
def samples(models):
    built.models = models
    chat = ChatFormat(load_tokenizer(TrainConfig(device="cpu"), models))
    prompts = [chat.prompt([{"role": "user", "content": question}]) for question, _ in FACTS]
    answers = [chat.completion(answer) for _, answer in FACTS]
    return [Sample(i, str(i), chat.encode(p), chat.encode(a)) for i, (p, a) in enumerate(zip(prompts, answers, strict=True))]


@pytest.mark.usefixtures("fp32")
def test_equal_coordinates_take_equal_first_steps_from_rank_4_to_64(samples):
    coordinate = 3.2e-3
    changes = []
    for rank in (4, 16, 64):
        rule = RankPolicy()
        learning_rate = coordinate / resolve(rule, rank, 576).coordinate(1.0)
        changes.append(first_step_change(built(rank, rule), samples, learning_rate))
    assert min(changes) > 0.1
    assert max(changes) / min(changes) <= 1.1, changes


def test_many_samples_go_in_passes_with_the_same_outcome(tiny_model, models, monkeypatch):
    built.models = models
    model = built(4, RankPolicy(), base_model=str(tiny_model))
    some = [Sample(i, str(i), [10 + i, 11, 12], [13, 14]) for i in range(6)]
    whole, called = first_step_change(model, some, 1e-3), []
    label_nll = first_step.label_nll
    monkeypatch.setattr(first_step, "label_nll", lambda model, ids, labels: called.append(len(ids)) or label_nll(model, ids, labels))
    monkeypatch.setattr(packed, "PASS_TOKENS", 11)
    assert first_step_change(model, some, 1e-3) == pytest.approx(whole, rel=1e-3)
    assert called == [2, 2, 2] * 2


def test_nothing_of_the_model_is_changed_by_measuring(samples, tiny_model):
    model = built(4, RankPolicy(), base_model=str(tiny_model))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    short = [Sample(0, "a", [10, 11, 12], [13, 14]), Sample(1, "b", [15, 16], [17])]
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    first = first_step_change(model, short, 1e-3)
    assert torch.equal(state, torch.random.get_rng_state())
    assert first_step_change(model, short, 1e-3) == first
    assert all(torch.equal(parameter, before[name]) and parameter.grad is None for name, parameter in model.named_parameters())
