"""`train:` base model, adapter and the training loop's settings."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Strict


class RankPolicy(Strict):
    """How alpha follows from the rank. An update is scaled by alpha/r, or by alpha/sqrt(r) with rsLoRA (arXiv 2312.03732)."""

    name: Literal["equal_rank", "twice_rank", "fixed", "sqrt_hidden"] = Field(
        "twice_rank",
        description="alpha: `equal_rank`: the rank; `twice_rank`: twice that; `fixed`: your own; `sqrt_hidden`: sqrt(width), with rsLoRA",
    )
    alpha: float | None = Field(None, gt=0, description="for `fixed` only")
    rslora: bool | None = Field(None, description="rsLoRA's scale; null: with `sqrt_hidden` alone")

    @model_validator(mode="after")
    def _alpha_belongs_to_fixed(self) -> Self:
        if (self.name == "fixed") != (self.alpha is not None):
            raise ValueError("`alpha` is needed with policy `fixed`, and with no other")
        return self


LINEAR_KINDS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class TrainConfig(Strict):
    """QLoRA (arXiv 2305.14314) by default: NF4, double quantisation, every linear layer."""

    base_model: str = Field("smollm2-135m", description="`smollm2-135m` (ships with the demo-model extra), a folder, or a hub name")
    revision: str = Field("main", description="of the base model, on a hub")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU where there is one")
    method: Literal["full", "lora", "qlora", "dora"] = Field(
        "qlora",
        description="qlora: the base in NF4; lora: in 16 bit; dora: NF4 with DoRA's magnitudes (arXiv 2402.09353); full: every weight",
    )
    init: Literal["default", "gaussian", "pissa", "loftq"] = Field(
        "default",
        description="the adapter's first weights: `default` (B = 0, A uniform), `gaussian` (B = 0), `pissa` (arXiv 2404.02948, for `lora`)",
    )
    rank: int = Field(16, ge=1, le=512, description="of the adapter's matrices; at most the shorter side of the smallest adapted layer")
    policy: RankPolicy = RankPolicy()
    target_modules: list[str] = Field(default_factory=lambda: list(LINEAR_KINDS), description="linear layers that get an adapter")
    dropout: float = Field(0.0, ge=0, lt=1, description="on the adapter's input")
    epochs: float = Field(3, gt=0, description="passes over the training split")
    learning_rate: float = Field(2e-4, gt=0, description="peak of a linear schedule with warm-up")
    batch_size: int = Field(8, ge=1, description="examples a forward pass")
    gradient_accumulation: int = Field(1, ge=1, description="forward passes an optimiser step")
    warmup_fraction: float = Field(0.05, ge=0, lt=1, description="share of the steps until the learning rate is at its peak")
    optimizer: Literal["auto", "adamw", "adamw_8bit", "sgd"] = Field(
        "auto", description="auto: 8-bit AdamW, paged, on a GPU, AdamW on a CPU; sgd: plain, for `full` where memory is short"
    )
    weight_decay: float = Field(0.0, ge=0, description="of the optimiser")
    max_grad_norm: float = Field(1.0, gt=0, description="gradients are clipped to this norm")
    gradient_checkpointing: bool | None = Field(
        None, description="recompute activations to save memory: in every block, or in none; null: in as few blocks as the plan needs"
    )
    save_steps: int = Field(20, ge=1, description="a checkpoint every so many optimiser steps; an interrupted run resumes from the last")
    keep: Literal["best", "last"] = Field(
        "best",
        description="whose weights are kept: those of the epoch with the lowest validation loss, or of the last; no validation: the last",
    )
    early_stopping: int | None = Field(
        None, ge=1, description="patience: training ends after so many epochs without a lower validation loss; null: every epoch is run"
    )
    permute_options: bool = Field(
        True,
        description="another order of the options each epoch, where the prompt lists them (`render.style: letter`); options that refer "
        "to others and numbers that rise or fall keep theirs",
    )
    cartography: bool = Field(
        False,
        description="ask the trained questions too after each epoch, for dataset cartography (arXiv 2009.10795): a forward pass a question",
    )
    tracker: Literal["none", "tensorboard", "mlflow"] = Field(
        "none",
        description="where losses, settings and the verdict are shown too: TensorBoard's files beside the adapter, or MLflow in the store "
        "that `MLFLOW_TRACKING_URI` names, else in data/models/mlflow.db; needs the extra of that name",
    )
    seed: int = Field(7, description="of shuffling, of the options' orders and of the adapter's first weights")
    gpu_memory_gib: float | None = Field(None, gt=0, description="memory to plan for; default: what the GPU reports, 14.0 usable on a T4")

    @model_validator(mode="after")
    def _init_fits_the_method(self) -> Self:
        if self.init == "loftq":
            raise ValueError(
                "`init: loftq` starts from what rounding to 4 bit took from the base's weights, so those have to be there in 16 bit too, "
                "which is the memory that 4 bit saves; take `init: default`"
            )
        if self.init == "pissa" and self.method != "lora":
            raise ValueError(
                f"`init: pissa` splits the base's weights by their singular values and can't from 4 bit; with `method: {self.method}` take "
                "`init: default`, or `method: lora` with `init: pissa`"
            )
        return self

    @property
    def quantised(self) -> bool:
        """Whether the base is held in NF4."""
        return self.method in ("qlora", "dora")
