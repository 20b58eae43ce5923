"""Loss, gradients and scores are those of the model's own forward pass, family by family; others are refused by name.

A new family joins by one line in FAMILIES: its configuration class and what it needs beyond the common small shape.
"""

import pytest
import torch
import transformers

from pipeline.common.model import head, scoring
from pipeline.common.model.scoring import EncodedQuestion, option_scores, separate_scores
from pipeline.training.dataset import Sample, collate
from pipeline.training.loop import label_nll
from schemas.errors import TrainingError

SHAPE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
SHAPE |= {"vocab_size": 97, "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
# Windows of 4 tokens: shorter than every prompt here. The small soft caps bend nearly every logit.
FAMILIES = {
    "llama": ("LlamaConfig", {"attention_bias": True}),
    "qwen2": ("Qwen2Config", {"tie_word_embeddings": True}),
    "qwen2_window": ("Qwen2Config", {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}),
    "qwen3": ("Qwen3Config", {"head_dim": 8}),
    "gemma2": ("Gemma2Config", {"head_dim": 8, "final_logit_softcapping": 2.0, "attn_logit_softcapping": 3.0, "sliding_window": 4}),
    "gemma3": ("Gemma3TextConfig", {"head_dim": 8, "sliding_window": 4, "layer_types": ["sliding_attention"] * 2 + ["full_attention"]}),
    "phi3": ("Phi3Config", {}),
    "phi3_window": ("Phi3Config", {"sliding_window": 4}),
    "mistral": ("MistralConfig", {"sliding_window": None}),
    "mistral_window": ("MistralConfig", {"sliding_window": 4}),
    "smollm3": ("SmolLM3Config", {"no_rope_layers": [1, 0, 1]}),
    "granite": ("GraniteConfig", {"logits_scaling": 6.0, "embedding_multiplier": 3.0, "residual_multiplier": 0.5}),
    "cohere": ("CohereConfig", {"logit_scale": 0.25}),
    "olmo2": ("Olmo2Config", {}),
}
SCALED_HEADS = ("gemma2", "granite", "cohere")


def build(family):
    name, more = FAMILIES[family]
    torch.manual_seed(3)
    config = getattr(transformers, name)(**SHAPE | more)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    # At their usual 0.02 the weights of a small model give logits near zero, where capped and uncapped are the same.
    for parameter in model.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


def samples():
    return [Sample(i, str(i), [5 + (7 * i + 3 * k) % 90 for k in range(9 + 4 * i)], [11 + i, 2]) for i in range(3)]


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


def close(found, expected):
    return head.difference(found, expected) <= 1e-4


def test_the_loss_and_its_gradients_are_the_models_own(family):
    model = build(family)
    batch = collate(samples())
    nll, tokens = label_nll(model, batch["input_ids"], batch["labels"])
    ours = gradients(model, nll.sum() / tokens.sum())
    loss = model(input_ids=batch["input_ids"], labels=batch["labels"]).loss
    theirs = gradients(model, loss)
    assert close(nll.sum() / tokens.sum(), loss)
    assert ours.keys() == theirs.keys()
    assert all(close(ours[name], theirs[name]) for name in theirs if theirs[name].abs().max() > 1e-6)


def test_option_scores_are_the_models_own(family):
    """Of questions that all begin alike."""
    model = build(family)
    torch.manual_seed(1)
    start = torch.randint(3, 97, (4,)).tolist()
    items = [
        EncodedQuestion(start + torch.randint(3, 97, (2 + i,)).tolist(), [torch.randint(3, 97, (1 + j,)).tolist() for j in range(3)])
        for i in range(4)
    ]
    assert scoring.shared_prefix(items) == 4
    for item, scores in zip(items, option_scores(model, items), strict=True):
        expected = []
        for ids in item.option_ids:
            logits = model(torch.tensor([item.prompt_ids + ids])).logits[0].log_softmax(-1)
            expected.append(sum(float(logits[len(item.prompt_ids) - 1 + k, token]) for k, token in enumerate(ids)))
        assert scores == pytest.approx(expected, rel=1e-4)


def test_every_family_proves_itself(family):
    head.prove(build(family), family)


@pytest.mark.parametrize("name", SCALED_HEADS)
def test_a_head_without_the_familys_cap_or_scale_would_be_seen(name, monkeypatch):
    """What the comparison above is worth: the head's matrix alone, as this project once applied it, is far outside it."""
    model = build(name)
    batch = collate(samples())

    def bare(model, input_ids, kept, **inputs):
        hidden = model.get_decoder()(input_ids=input_ids, use_cache=False, **inputs).last_hidden_state
        return model.get_output_embeddings()(hidden[kept]).float()

    loss = model(input_ids=batch["input_ids"], labels=batch["labels"]).loss
    monkeypatch.setattr("pipeline.training.loop.logits_at", bare)
    monkeypatch.setattr(head, "logits_at", bare)
    nll, tokens = label_nll(model, batch["input_ids"], batch["labels"])
    assert not close(nll.sum() / tokens.sum(), loss)
    with pytest.raises(TrainingError, match=f"'mine' \\({name}\\).*differ by"):
        head.prove(model, "mine")


@pytest.mark.parametrize("name", ["gemma2", "gemma3", "mistral_window", "phi3_window"])
def test_a_window_shorter_than_the_question_is_not_shared_over(name):
    """The shared pass has one mask for all layers, so it would be wrong there, and the model's own masks must tell."""
    model = build(name)
    item = EncodedQuestion(list(range(5, 14)), [[20, 21], [30]])
    own = separate_scores(model, item)
    assert scoring.shared_scores(model, [item])[0] != pytest.approx(own, rel=1e-3)
    assert option_scores(model, [item])[0] == pytest.approx(own, rel=1e-6)


def test_a_window_wider_than_the_question_is_shared_over():
    model = build("gemma2")
    model.config.sliding_window = 64
    for layer in model.model.layers:
        layer.self_attn.sliding_window = 64 if layer.self_attn.sliding_window else None
    item = EncodedQuestion(list(range(5, 14)), [[20, 21], [30]])
    assert scoring.sees_all_before(model, len(item))
    assert scoring.shared_scores(model, [item])[0] == pytest.approx(separate_scores(model, item), rel=1e-4)


def test_options_are_not_shared_where_tokens_leave_a_state_behind():
    shape = {"vocab_size": 97, "hidden_size": 16, "num_hidden_layers": 2, "state_size": 4}
    model = transformers.AutoModelForCausalLM.from_config(transformers.MambaConfig(**shape)).eval()
    item = EncodedQuestion(list(range(5, 14)), [[20, 21], [30]])
    assert option_scores(model, [item])[0] == pytest.approx(separate_scores(model, item), rel=1e-6)
    assert not scoring._sharing_is_exact(model)


def test_a_family_that_gives_all_logits_whatever_is_asked_is_refused():
    config = transformers.ProphetNetConfig(
        vocab_size=97, hidden_size=16, decoder_ffn_dim=16, num_decoder_layers=1, num_decoder_attention_heads=2, is_decoder=True
    )
    model = transformers.ProphetNetForCausalLM(config).eval()
    with pytest.raises(TrainingError, match=r"'nobody/odd' \(prophetnet\)"):
        head.prove(model, "nobody/odd")


def test_logits_that_are_no_numbers_are_refused():
    model = build("llama")
    model.lm_head.weight.data[0] = float("nan")
    with pytest.raises(TrainingError, match="differ by inf"):
        head.prove(model, "mine")


def test_difference_is_relative_to_the_largest_value():
    assert head.difference(torch.tensor([1.0, 100.0]), torch.tensor([2.0, 100.0])) == pytest.approx(0.01)
    assert head.difference(torch.tensor([float("nan")]), torch.ones(1)) == float("inf")
