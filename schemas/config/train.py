"""`train:` base model, adapter and the training loop's settings."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Strict


class RankPolicy(Strict):
    """How alpha follows from the rank. `sqrt_hidden`: alpha = sqrt(hidden size) with rsLoRA's alpha/sqrt(r) scale (arXiv 2312.03732)."""

    name: Literal["twice_rank", "fixed", "sqrt_hidden"] = "twice_rank"
    alpha: float | None = Field(None, gt=0, description="for `fixed` only")

    @model_validator(mode="after")
    def _alpha_belongs_to_fixed(self) -> Self:
        if (self.name == "fixed") != (self.alpha is not None):
            raise ValueError("`alpha` is needed with policy `fixed`, and with no other")
        return self


LINEAR_KINDS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class TrainConfig(Strict):
    """QLoRA (arXiv 2305.14314) by default: NF4, double quantisation, every linear layer."""

    base_model: str = Field("smollm2-135m", description="`smollm2-135m` (ships with the demo-model extra), a folder, or a hub name")
    revision: str = "main"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    method: Literal["lora", "qlora", "dora"] = "qlora"
    rank: int = Field(16, ge=1, le=512)
    policy: RankPolicy = RankPolicy()
    target_modules: list[str] = Field(default_factory=lambda: list(LINEAR_KINDS))
    dropout: float = Field(0.0, ge=0, lt=1)
    epochs: float = Field(3, gt=0)
    learning_rate: float = Field(2e-4, gt=0)
    batch_size: int = Field(8, ge=1)
    gradient_accumulation: int = Field(1, ge=1)
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    gradient_checkpointing: bool | None = Field(None, description="recompute activations to save memory; null: on a GPU only")
    save_steps: int = Field(20, ge=1, description="a checkpoint every so many optimiser steps; an interrupted run resumes from the last")
    seed: int = 7
    gpu_memory_gib: float | None = Field(None, gt=0, description="memory to plan for; default: what the GPU reports, 14.0 usable on a T4")
