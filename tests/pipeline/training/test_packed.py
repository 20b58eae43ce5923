"""A packed batch gives the losses and gradients of the padded one; where a model can't be packed exactly, it isn't."""

import pytest
import torch
import transformers

from pipeline.common.model.head import difference
from pipeline.training import packed
from pipeline.training.dataset import IGNORED, Sample, collate
from pipeline.training.loop import label_nll

SHAPE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
SHAPE |= {"vocab_size": 97, "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
PACKABLE = {
    "LlamaConfig": {},
    "Qwen2Config": {},
    "Qwen3Config": {"head_dim": 8},
    "Gemma3TextConfig": {"head_dim": 8, "sliding_window": 64},
    "Phi3Config": {},
    "MistralConfig": {"sliding_window": 64},
    "SmolLM3Config": {"no_rope_layers": [1, 0]},
    "GraniteConfig": {"logits_scaling": 6.0},
    "CohereConfig": {"logit_scale": 0.25},
    "Olmo2Config": {},
}
NOT_PACKABLE = {
    "Gemma2Config": {"head_dim": 8},  # attention spelt out
    "MistralConfig": {"sliding_window": 8},
    "Gemma3TextConfig": {"head_dim": 8, "sliding_window": 8},
    "MambaConfig": {"state_size": 4},
}


def build(name, more):
    torch.manual_seed(3)
    shape = SHAPE if name != "MambaConfig" else {key: SHAPE[key] for key in ("hidden_size", "vocab_size", "num_hidden_layers")}
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**shape | more), dtype=torch.float32)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def batch(head=5, samples=4):
    """Samples of different lengths with `head` common tokens."""
    return collate(
        [
            Sample(i, str(i), list(range(3, 3 + head)) + [20 + (7 * i + 3 * k) % 70 for k in range(3 + 5 * i)], [11 + i, 2][: 1 + i % 2])
            for i in range(samples)
        ]
    )


def gradients(model, nll):
    model.zero_grad()
    nll.sum().backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("head", [0, 5])
@pytest.mark.parametrize("name", PACKABLE)
def test_losses_and_gradients_are_those_of_the_padded_batch(name, head):
    model, tokens = build(name, PACKABLE[name]), batch(head)
    nll, counts = label_nll(model, tokens["input_ids"], tokens["labels"])
    expected = gradients(model, nll)
    assert packed.enable(model, 40)
    found, found_counts = label_nll(model, tokens["input_ids"], tokens["labels"])
    assert found_counts.tolist() == counts.tolist()
    assert difference(found, nll) <= 1e-5
    ours = gradients(model, found)
    assert ours.keys() == expected.keys()
    largest = max(gradient.abs().max() for gradient in expected.values())
    assert all((ours[key] - expected[key]).abs().max() <= 1e-5 * largest for key in expected)


def test_a_tokens_loss_depends_on_no_other_sample():
    model, tokens = build("LlamaConfig", {}), batch()
    assert packed.enable(model, 40)
    together = label_nll(model, tokens["input_ids"], tokens["labels"])[0].detach()
    changed = {key: value.clone() for key, value in tokens.items()}
    changed["input_ids"][1, 6] = 50
    others = label_nll(model, changed["input_ids"], changed["labels"])[0].detach()
    assert float(others[1]) != pytest.approx(float(together[1]), rel=1e-4)
    assert others[[0, 2, 3]].tolist() == pytest.approx(together[[0, 2, 3]].tolist(), rel=1e-5)


@pytest.mark.parametrize("name", NOT_PACKABLE)
def test_a_model_whose_layers_see_less_is_left_padded(name):
    model, tokens = build(name, NOT_PACKABLE[name]), batch()
    before, _ = label_nll(model, tokens["input_ids"], tokens["labels"])
    assert not packed.enable(model, 40)
    assert label_nll(model, tokens["input_ids"], tokens["labels"])[0].tolist() == before.tolist()


def test_a_model_that_forgets_the_layout_is_not_packed(monkeypatch):
    """What the trial at the start is for: attention that never hears of the row would see all samples."""
    model = build("LlamaConfig", {})
    monkeypatch.setattr(packed, "logits_at", lambda model, ids, kept, **inputs: model(input_ids=ids, logits_to_keep=kept).logits.float())
    assert not packed.enable(model, 40)
    assert not packed.enabled(model)


def test_the_prefix_ends_before_the_first_label():
    ids = torch.tensor([[5, 6, 7, 8, 9], [5, 6, 7, 8, 9]])
    labels = ids.masked_fill(torch.arange(5) < 3, IGNORED)
    assert packed.shared_prefix(ids, labels) == 2, "the token that predicts the first label is each sample's own"
    assert packed.shared_prefix(ids, ids) == 0
    one = packed.pack(ids[:1], labels[:1])
    assert (len(one.input_ids), one.positions.tolist(), one.targets.tolist()) == (5, [0, 1, 2, 3, 4], [IGNORED, IGNORED, 8, 9, IGNORED])


def test_passes_hold_all_samples_in_order_within_the_limit():
    labels = batch(samples=6)["labels"]
    counts = packed.lengths(labels)
    for limit in (1, 30, 60, 10_000):
        groups = packed.passes(labels, 5, limit)
        assert [place for group in groups for place in range(group.start, group.stop)] == list(range(6))
        for group in groups:
            tokens = 5 + sum(counts[place] - 5 for place in range(group.start, group.stop))
            assert tokens <= limit or group.stop - group.start == 1


def test_padded_samples_go_in_passes_whose_padding_counts():
    labels = batch(samples=6)["labels"]
    counts = packed.lengths(labels)
    for limit in (1, 30, 60, 10_000):
        groups = packed.passes(labels, None, limit)
        assert [place for group in groups for place in range(group.start, group.stop)] == list(range(6))
        for group in groups:
            assert (group.stop - group.start) * max(counts[group]) <= limit or group.stop - group.start == 1


def test_a_part_of_a_batch_has_only_its_own_columns():
    tokens = batch()
    part = packed.part(tokens, slice(0, 2))
    assert part["input_ids"].shape == (2, max(packed.lengths(tokens["labels"])[:2]))
    assert part["sample"].tolist() == [0, 1]
