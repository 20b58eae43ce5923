"""Puts the adapter on the frozen base model, and proves of what was built that it is what the config asked for."""

import shutil
from pathlib import Path
from typing import Any

import peft
import torch
from peft.tuners.lora import LoraLayer

from pipeline.common.model.base_model import load_model
from pipeline.training.micro_batches import trained_parameters
from pipeline.training.policy import Resolution
from pipeline.training.recomputing import blocks, recompute
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError

# Phi-3 and Phi-4 hold several kinds in one layer: an adapter on it adapts all of them.
FUSED = {"qkv_proj": {"q_proj", "k_proj", "v_proj"}, "gate_up_proj": {"gate_proj", "up_proj"}}
INITIAL = "initial"


def build(
    train: TrainConfig,
    models: Path,
    device: torch.device,
    resolution: Resolution,
    folder: Path | None = None,
    planned: int | None = None,
) -> Any:
    """The base model (NF4, or 16 bit with `method: lora`) with the adapter that `attach` puts on it."""
    return attach(load_model(train, models, device, quantised=train.quantised), train, device, resolution, folder, planned)


def attach(
    base: Any,
    train: TrainConfig,
    device: torch.device,
    resolution: Resolution,
    folder: Path | None = None,
    planned: int | None = None,
) -> Any:
    """The PEFT model in train mode: `base` frozen, the adapter fp32 with the first weights that torch's random state gives.

    `planned` blocks compute their activations again where the configuration leaves that open. `folder` is where the adapter's first
    weights are kept that `init: pissa` needs when it is saved. Raises TrainingError when a target module doesn't exist in the model or
    is smaller than the rank, when a built scale differs from the resolved one, or when a trainable parameter isn't fp32 (the fp16
    gradient scaler fails on any other).
    """
    targets = targets_in(base, train)
    recompute(base, blocks_to_recompute(base, train, device, planned))
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=train.rank,
        lora_alpha=resolution.alpha,
        use_rslora=resolution.use_rslora,
        use_dora=train.method == "dora",
        lora_dropout=train.dropout,
        target_modules=targets,
        init_lora_weights=True if train.init == "default" else train.init,
    )
    model = peft.get_peft_model(base, config, autocast_adapter_dtype=True)
    # By this name PEFT would ask the hub for a config at every checkpoint.
    model.peft_config["default"].base_model_name_or_path = None
    if train.init == "pissa" and folder is not None:
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(folder / INITIAL, save_embedding_layers=False)
        model.peft_config["default"].init_lora_weights = train.init
    check_scale(model, resolution)
    if wrong := [name for name, p in model.named_parameters() if p.requires_grad and p.dtype != torch.float32]:
        raise TrainingError(f"trainable parameter {wrong[0]} is not float32 but must be; {len(wrong)} are so")
    return model.train()


def build_full(train: TrainConfig, models: Path, device: torch.device, planned: int | None = None) -> Any:
    """The base model in train mode with every weight trainable, in fp32: gradients of a T4's fp16 can't be scaled otherwise, and steps
    of a small learning rate are lost in 16 bit."""
    model = load_model(train, models, device, quantised=False).float().requires_grad_(True)
    recompute(model, blocks_to_recompute(model, train, device, planned))
    return model.train()


def blocks_to_recompute(model: Any, train: TrainConfig, device: torch.device, planned: int | None) -> int:
    """How many blocks compute their activations again: all or none as configured, else as planned; without a plan all of them on a GPU."""
    if train.gradient_checkpointing is not None:
        planned = len(blocks(model)) if train.gradient_checkpointing else 0
    elif planned is None:
        planned = len(blocks(model)) if device.type == "cuda" else 0
    return planned


def targets_in(base: Any, train: TrainConfig) -> list[str]:
    """The names that the configured kinds of linear layers have in this model. Raises TrainingError for one that it lacks, and for a
    layer with a side shorter than the rank: more directions than it has can't be told apart."""
    sides: dict[str, int] = {}
    for name, module in base.named_modules():
        if hasattr(module, "in_features"):
            kind = name.rpartition(".")[2]
            shorter = min(module.in_features, module.out_features)
            sides[kind] = min(sides.get(kind, shorter), shorter)
    fused = {part: whole for whole, parts in FUSED.items() if whole in sides for part in parts}
    targets = list(dict.fromkeys(fused.get(kind, kind) for kind in train.target_modules))
    if absent := sorted(set(targets) - sides.keys()):
        raise TrainingError(
            f"train.target_modules names {absent[0]!r}, which {train.base_model!r} doesn't have; it has: {', '.join(sorted(sides))}"
        )
    if narrow := [kind for kind in targets if sides[kind] < train.rank]:
        raise TrainingError(
            f"train.rank {train.rank} is more than the shorter side of {narrow[0]} in {train.base_model!r} ({sides[narrow[0]]}); "
            f"take {min(sides[kind] for kind in targets)} or less"
        )
    return targets


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


def save(model: Any, train: TrainConfig, folder: Path) -> None:
    """Writes `adapter_model.safetensors` and `adapter_config.json` into `folder`, and nothing else; with `method: full` the model.

    The base is named as in the config, the same on every machine, and not by the folder it was loaded from. An adapter that began as
    PiSSA is saved as the difference to the untouched base, at twice the rank (arXiv 2404.02948, section 4).
    """
    aside = folder / ".saving"
    if train.method == "full":
        model.to(torch.bfloat16).save_pretrained(aside, max_shard_size="1000GB")
    else:
        model.peft_config["default"].base_model_name_or_path = train.base_model
        initial = folder / INITIAL
        converted = {"path_initial_model_for_weight_conversion": str(initial)} if train.init == "pissa" else {}
        model.save_pretrained(aside, save_embedding_layers=False, **converted)
        shutil.rmtree(initial, ignore_errors=True)
    for name in weight_files(train):
        (aside / name).replace(folder / name)
    shutil.rmtree(aside)


def weight_files(train: TrainConfig) -> tuple[str, str]:
    """The two files that hold what was trained: weights, then their configuration."""
    return ("model.safetensors", "config.json") if train.method == "full" else ("adapter_model.safetensors", "adapter_config.json")


def trainable_parameters(model: Any) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in trained_parameters(model))
