"""The loss over labels alone equals the full one, with padding or without."""

import torch

from pipeline.training import lora, policy
from pipeline.training.dataset import IGNORED, Sample, collate
from pipeline.training.loop import label_nll
from schemas.config.train import RankPolicy, TrainConfig

CPU = torch.device("cpu")


def test_label_only_loss_equals_the_full_one_with_its_gradients(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method="lora", rank=4)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64)).float()
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    ids = torch.randint(5, 500, (3, 14))
    labels = ids.masked_fill(torch.arange(14) < 9, IGNORED)
    labels[1, 11:] = IGNORED

    def gradients(loss):
        model.zero_grad()
        loss.backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}

    nll, tokens = label_nll(model, ids, labels)
    ours = gradients(nll.sum() / tokens.sum())
    full = gradients(model(input_ids=ids, labels=labels).loss)
    assert tokens.tolist() == [5, 2, 5]
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, full[name], rtol=1e-5, atol=1e-7)


def test_padding_changes_no_loss(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method="lora", rank=4)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64)).float().eval()
    samples = [Sample(i, str(i), list(range(20, 26 + 5 * i)), [7, 8 + i]) for i in range(3)]
    together = collate(samples)
    nll, _ = label_nll(model, together["input_ids"], together["labels"])
    for sample, value in zip(samples, nll, strict=True):
        alone = collate([sample])
        torch.testing.assert_close(label_nll(model, alone["input_ids"], alone["labels"])[0][0], value, rtol=1e-5, atol=1e-5)
