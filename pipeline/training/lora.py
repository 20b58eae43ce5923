"""Puts the adapter on the frozen base model, and proves of what was built that it is what the config asked for."""

import shutil
from pathlib import Path
from typing import Any

import peft
import torch
from peft.tuners.lora import LoraLayer

from pipeline.common.model.base_model import load_model
from pipeline.training.policy import Resolution
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def build(train: TrainConfig, models: Path, device: torch.device, resolution: Resolution) -> Any:
    """The PEFT model in train mode: base frozen (NF4 unless `method: lora`), adapter fp32.

    Raises TrainingError when a target module doesn't exist in the model, when a built scale differs from the resolved one, or
    when a trainable parameter isn't fp32 (the fp16 gradient scaler fails on any other).
    """
    base = load_model(train, models, device, quantised=train.method != "lora")
    kinds = {name.rpartition(".")[2] for name, module in base.named_modules() if hasattr(module, "in_features")}
    if absent := sorted(set(train.target_modules) - kinds):
        raise TrainingError(
            f"train.target_modules names {absent[0]!r}, which {train.base_model!r} doesn't have; it has: {', '.join(sorted(kinds))}"
        )
    if train.gradient_checkpointing if train.gradient_checkpointing is not None else device.type == "cuda":
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=train.rank,
        lora_alpha=resolution.alpha,
        use_rslora=resolution.use_rslora,
        use_dora=train.method == "dora",
        lora_dropout=train.dropout,
        target_modules=list(train.target_modules),
    )
    model = peft.get_peft_model(base, config, autocast_adapter_dtype=True)
    # By this name PEFT would ask the hub for a config at every checkpoint.
    model.peft_config["default"].base_model_name_or_path = None
    check_scale(model, resolution)
    if wrong := [name for name, p in model.named_parameters() if p.requires_grad and p.dtype != torch.float32]:
        raise TrainingError(f"trainable parameter {wrong[0]} is not float32 but must be; {len(wrong)} are so")
    return model.train()


def built_scale(model: Any) -> float:
    """The scale that the built LoRA layers multiply B·A with. Raises TrainingError when they disagree or there are none."""
    scales = {float(module.scaling["default"]) for module in model.modules() if isinstance(module, LoraLayer)}
    if len(scales) != 1:
        raise TrainingError(f"the built adapter has {len(scales)} different scales, expected one: {sorted(scales)[:5]}")
    return scales.pop()


def check_scale(model: Any, resolution: Resolution) -> None:
    """Raises TrainingError when the built layers scale otherwise than the policy resolved to."""
    built = built_scale(model)
    if abs(built - resolution.scale) > 1e-6 * resolution.scale:
        raise TrainingError(
            f"the built adapter scales by {built:g}, but the policy resolves to {resolution.scale:g} "
            f"(rank {resolution.rank}, alpha {resolution.alpha:g}, rsLoRA {resolution.use_rslora}); check the installed peft version"
        )


def save(model: Any, base_name: str, folder: Path) -> None:
    """Writes `adapter_model.safetensors` and `adapter_config.json` into `folder`, and nothing else.

    `base_name` is the config's name of the base model, the same on every machine, and not the folder it was loaded from.
    """
    aside = folder / ".adapter"
    model.peft_config["default"].base_model_name_or_path = base_name
    model.save_pretrained(aside, save_embedding_layers=False)
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        (aside / name).replace(folder / name)
    shutil.rmtree(aside)


def trainable_parameters(model: Any) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
