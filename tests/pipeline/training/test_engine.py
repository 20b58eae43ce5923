"""A run packs and fuses what it can, in parts that fit, and its steps are those of whole padded batches."""

import pytest
import torch
from transformers import TrainingArguments

from pipeline.common.model.head import difference
from pipeline.training import engine, lora, packed, policy
from pipeline.training.dataset import Sample
from pipeline.training.history import History
from pipeline.training.loop import LabelTrainer
from pipeline.training.permutation import Permutations
from schemas.config.train import RankPolicy, TrainConfig

CPU = torch.device("cpu")


@pytest.mark.parametrize(("limit", "recomputing"), [(packed.PASS_TOKENS, False), (40, False), (40, True)])
def test_a_step_is_that_of_the_whole_padded_batch(limit, recomputing, tiny_model, models, tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "PASS_TOKENS", limit)
    samples = [Sample(i, str(i), [3, 4, 5, 6, *range(20 + i, 25 + 4 * i)], [7, 8 + i]) for i in range(6)]

    def gradients(prepared):
        torch.manual_seed(0)
        config = TrainConfig(
            base_model=str(tiny_model), device="cpu", method="lora", rank=4, gradient_checkpointing=prepared and recomputing
        )
        model = lora.build(config, models, CPU, policy.resolve(RankPolicy(), 4, 64)).float()
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        if prepared:
            assert engine.prepare(model, 64) == {"fused_layers": 14, "packed": True}
        arguments = TrainingArguments(
            output_dir=str(tmp_path), use_cpu=True, per_device_train_batch_size=6, report_to="none", remove_unused_columns=False
        )
        trainer = LabelTrainer(History(6), Permutations.fixed(samples), model=model, args=arguments)
        loss = trainer.training_step(model, next(iter(trainer.get_train_dataloader())))
        return (
            loss,
            {name: p.grad for name, p in model.named_parameters() if p.grad is not None},
            [loss for seen in trainer.history.losses for loss in seen],
        )

    (ours, our_gradients, seen), (theirs, their_gradients, expected) = gradients(True), gradients(False)
    assert difference(ours, theirs) <= 1e-5
    assert seen == pytest.approx(expected, rel=1e-5)
    assert max(difference(our_gradients[name], their_gradients[name]) for name in their_gradients) <= 1e-4
