"""Which blocks of a model compute their activations again on the way back instead of keeping them: the same gradients in less memory."""

from typing import Any

from transformers.modeling_layers import GradientCheckpointingLayer

from pipeline.common.model.head import causal_model


def blocks(model: Any) -> list[Any]:
    """The model's blocks in order, with or without an adapter in them."""
    return [module for module in causal_model(model).modules() if isinstance(module, GradientCheckpointingLayer)]


def recompute(model: Any, first: int) -> None:
    """Lets the `first` so many blocks compute again, and the others keep. The last ones' activations are gone by the time that the
    first ones' are needed, so memory is least that way round."""
    if first:
        causal_model(model).gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    for place, block in enumerate(blocks(model)):
        block.gradient_checkpointing = place < first


def recomputed(model: Any) -> int:
    """How many blocks compute again."""
    return sum(block.gradient_checkpointing for block in blocks(model))
