"""Memory of a training run by component, from the model's shape and the configuration alone: no model is loaded.

The bytes of a step are those of the program as built (`activations.py`); measured peaks beside them stand in docs/memory.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.training.activations import (
    FP32,
    Adapted,
    arithmetic,
    attention_matrix,
    head_bytes,
    kept_by_a_block,
    worked_in_a_block,
)
from pipeline.training.hardware import GIB, Target
from pipeline.training.shapes import ModelShape
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig

# NF4 with double quantisation: 4 bits, an 8-bit constant for 64 weights, and a 32-bit one for 256 of those (arXiv 2305.14314).
NF4_BITS = 4 + 8 / 64 + 32 / (64 * 256)
# Until examples are rendered: an answer of some words and its end-of-turn token.
ASSUMED_LABELS = 32

Optimiser = Literal["sgd", "momentum", "adamw", "adamw_8bit"]
# State bytes a trained value: nothing; one fp32; two; two of 8 bits (arXiv 2110.02861).
STATE_BYTES: Mapping[str, float] = {"sgd": 0, "momentum": 4, "adamw": 8, "adamw_8bit": 2}
METHODS = ("qlora", "lora", "dora", "full")


@dataclass(frozen=True)
class Workload:
    """How long the samples are: `longest` tokens of the longest, and the labelled tokens of samples, most first.

    Where samples are more than `labelled` holds, each of the rest has `assumed` labelled tokens.
    """

    longest: int
    labelled: tuple[int, ...] = ()
    assumed: int = ASSUMED_LABELS

    def most_labelled(self, batch: int) -> int:
        """Labelled tokens of the batch that has most."""
        known = self.labelled[:batch]
        return sum(known) + (0 if self.labelled else self.assumed * batch)


def workload_of(rows: Iterable[Mapping[str, Any]], render: RenderConfig) -> Workload:
    """The workload of rendered training examples; without any, samples of `render.max_seq_tokens`, their longest."""
    trained = [row for row in rows if row["split"] == "train" and row["status"] == "ok"]
    if not trained:
        return Workload(render.max_seq_tokens)
    longest = max(row["prompt_tokens"] + row["completion_tokens"] for row in trained)
    return Workload(longest, tuple(sorted((row["completion_tokens"] for row in trained), reverse=True)), 0)


@dataclass(frozen=True)
class Request:
    """What is planned: a method with its sizes. `full` trains every weight, kept in fp32 under autocast or (`master` False) in 16 bits."""

    method: str
    rank: int
    kinds: tuple[str, ...]
    dropout: float
    batch: int
    accumulation: int
    checkpointing: bool
    optimiser: Optimiser
    master: bool = True

    @property
    def quantised(self) -> bool:
        """Whether the base is held in NF4."""
        return self.method in ("qlora", "dora")


def request_of(train: TrainConfig, target: Target, method: str | None = None, optimiser: Optimiser | None = None) -> Request:
    """The configured run on a target, or the same data with another method or optimiser."""
    checkpointing = train.gradient_checkpointing if train.gradient_checkpointing is not None else target.is_gpu
    return Request(
        method=method or train.method,
        rank=train.rank,
        kinds=tuple(train.target_modules),
        dropout=train.dropout,
        batch=train.batch_size,
        accumulation=train.gradient_accumulation,
        checkpointing=checkpointing,
        optimiser=optimiser or _optimiser(train, target),
    )


def _optimiser(train: TrainConfig, target: Target) -> Optimiser:
    if train.optimizer == "auto":
        return "adamw_8bit" if target.is_gpu else "adamw"
    return train.optimizer


@dataclass(frozen=True)
class MemoryPlan:
    """Memory in GiB by component, at the moment of a step that needs most; their sum is the peak."""

    components: dict[str, float]
    moment: str
    request: Request
    workload: Workload
    target: Target

    @property
    def total_gib(self) -> float:
        """Sum of the components."""
        return sum(self.components.values())

    @property
    def standing_gib(self) -> float:
        """What is there before a step begins: weights and adapter."""
        return self.components["base weights"] + self.components["trained weights"]

    @property
    def step_gib(self) -> float:
        """What a step adds to what stands, without the context."""
        return self.total_gib - self.standing_gib - self.components["context and rest"]

    @property
    def fits(self) -> bool:
        """Whether the total is within the target's memory."""
        return self.total_gib <= self.target.capacity_gib


def plan_memory(shape: ModelShape, request: Request, workload: Workload, target: Target) -> MemoryPlan:
    """What a step of `request` needs, by component. Raises ConfigError for target modules that the model hasn't."""
    full, tokens = request.method == "full", workload.longest
    positions = request.batch * tokens
    fused = target.shares_keys or shape.kv_heads == shape.heads or not target.is_gpu
    numbers = arithmetic(request.quantised or (full and request.master), target.half_bytes, target.autocast)
    linears = [] if full else shape.targets(list(request.kinds))
    adapted = None if full else Adapted(request.rank, linears, request.dropout, request.method == "dora")
    matrix = 0 if fused else attention_matrix(shape, request.batch, tokens)

    block = kept_by_a_block(shape, numbers, adapted) * positions + matrix
    last_norm = (FP32 * shape.hidden_size + FP32) * positions
    stream = numbers.stream * shape.hidden_size * positions
    between = shape.layers * stream if request.checkpointing else shape.layers * block
    # Beside what is computed anew stand the gradient that comes in and its sum; a first norm in fp32 keeps the checkpoint itself.
    recomputed = block + (2 - (numbers.stream == FP32)) * stream if request.checkpointing else 0
    attention = 2 * matrix - _freed(shape, numbers.stream, positions)
    worked = max(worked_in_a_block(shape, numbers, adapted, positions, request.quantised), attention)
    trained = shape.parameters if full else shape.adapter_parameters(request.rank, list(request.kinds), request.method == "dora")
    trained_bytes = FP32 if not full or request.master else target.half_bytes
    gradients = trained * trained_bytes
    first_block = (shape.linear_parameters // shape.layers) * trained_bytes if full else 0
    head_gradients = shape.vocabulary * shape.hidden_size * trained_bytes if full else 0
    accumulated = gradients if request.accumulation > 1 else 0

    # Weights' own gradients take the place of what is worked in.
    last = recomputed + (0 if full else worked)
    moments = {
        "logits": (between, last_norm, head_bytes(shape, numbers, workload.most_labelled(request.batch)), accumulated),
        "backward of a block": (between, 0, recomputed + worked, max(accumulated, head_gradients)),
        "end of the backward pass": (stream if request.checkpointing else block, 0, last, max(accumulated, gradients - first_block)),
    }
    moment = max(moments, key=lambda name: sum(moments[name]))
    kept, norm, works, grads = moments[moment]
    weights, held = weight_bytes(shape, request, target), trained * trained_bytes
    casts = trained * target.half_bytes if numbers.copies and trained_bytes == FP32 and (full or not request.checkpointing) else 0
    states = trained * STATE_BYTES[request.optimiser]
    sizes = {
        "base weights": 0 if full else weights,
        "trained weights": held,
        "gradients": grads,
        f"optimiser states ({request.optimiser})": states,
        "checkpoints between blocks" if request.checkpointing else "activations": (kept + norm + casts) * target.fragmentation,
        moment: works * target.fragmentation,
        "context and rest": target.context_gib * GIB,
    }
    return MemoryPlan({name: size / GIB for name, size in sizes.items()}, moment, request, workload, target)


def _freed(shape: ModelShape, stream: int, positions: int) -> int:
    """What the feed-forward part kept and has given back by the time that attention's backward pass begins."""
    return stream * 3 * shape.feed_forward * positions


def weight_bytes(shape: ModelShape, request: Request, target: Target) -> float:
    """Bytes of the base model as loaded: linear layers in NF4 or in the compute type; quantised models have their norms in fp32."""
    half = target.half_bytes
    others = (shape.embedding_parameters + shape.bias_parameters) * half
    if request.quantised:
        return shape.linear_parameters * NF4_BITS / 8 + others + shape.norm_parameters * FP32
    return others + (shape.linear_parameters + shape.norm_parameters) * half


def compare(shape: ModelShape, train: TrainConfig, workload: Workload, target: Target) -> Sequence[MemoryPlan]:
    """The configured sizes by every method, full fine-tuning by every optimiser."""
    optimisers: tuple[Optimiser, ...] = ("sgd", "momentum", "adamw", "adamw_8bit")
    requests = [request_of(train, target, method) for method in METHODS if method != "full"]
    requests += [request_of(train, target, "full", optimiser) for optimiser in optimisers]
    return [plan_memory(shape, request, workload, target) for request in requests]
