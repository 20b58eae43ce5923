"""Memory of a training run by component, from the model's shape and the configuration alone: no model is loaded.

The bytes of a step are those of the program as built (`activations.py`); measured peaks beside them stand in docs/memory.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.training.activations import (
    FP32,
    PASS_TOKENS,
    Adapted,
    Pass,
    arithmetic,
    asked_bytes,
    head_bytes,
    kept_by_a_block,
    pass_of,
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

# As many as most questions have, each as long as the answer.
ASKED_OPTIONS = 4

Optimiser = Literal["sgd", "momentum", "adamw", "adamw_8bit"]
# State bytes a trained value: nothing; one fp32; two; two of 8 bits (arXiv 2110.02861).
STATE_BYTES: Mapping[str, float] = {"sgd": 0, "momentum": 4, "adamw": 8, "adamw_8bit": 2}
METHODS = ("qlora", "lora", "dora", "full")


@dataclass(frozen=True)
class Workload:
    """How long the samples are: tokens of the longest and the shortest (0: all are equal), the labelled tokens of samples, most first, and
    how many tokens all of them begin with. `asked_tokens`: of a pass of validation's questions; 0: none is asked.

    Where samples are more than `labelled` holds, each of the rest has `assumed` labelled tokens.
    """

    longest: int
    labelled: tuple[int, ...] = ()
    assumed: int = ASSUMED_LABELS
    shortest: int = 0
    prefix: int = 0
    asked_tokens: int = 0

    def most_labelled(self, samples: int) -> int:
        """Labelled tokens of so many samples, at most."""
        known = self.labelled[:samples]
        return sum(known) + (0 if self.labelled else self.assumed * samples)


def workload_of(rows: Iterable[Mapping[str, Any]], render: RenderConfig) -> Workload:
    """The workload of rendered training examples; without any, samples of `render.max_seq_tokens`, their longest.

    What all prompts begin with is compared as text, where rows hold it, and its tokens are those of its share of the shortest prompt.
    """
    trained = [row for row in rows if row["split"] == "train" and row["status"] == "ok"]
    if not trained:
        return Workload(render.max_seq_tokens)
    lengths = [row["prompt_tokens"] + row["completion_tokens"] for row in trained]
    prompts = [row.get("prompt", "") for row in trained]
    shortest = min(trained, key=lambda row: row["prompt_tokens"])
    share = _common(prompts) / max(len(shortest.get("prompt", "")), 1)
    return Workload(
        max(lengths),
        tuple(sorted((row["completion_tokens"] for row in trained), reverse=True)),
        0,
        min(lengths),
        int(share * shortest["prompt_tokens"]) if len(trained) > 1 else 0,
    )


def _common(texts: Sequence[str]) -> int:
    """How many characters all of them begin with."""
    first, last = min(texts), max(texts)
    return next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))


@dataclass(frozen=True)
class Request:
    """What is planned: a method with its sizes. `full` trains every weight, kept in fp32 under autocast or (`master` False) in 16 bits.

    `recomputed`: how many blocks compute their activations again; None: as many as memory needs.
    """

    method: str
    rank: int
    kinds: tuple[str, ...]
    dropout: float
    batch: int
    accumulation: int
    recomputed: int | None
    optimiser: Optimiser
    master: bool = True

    @property
    def quantised(self) -> bool:
        """Whether the base is held in NF4."""
        return self.method in ("qlora", "dora")


def request_of(
    shape: ModelShape, train: TrainConfig, target: Target, method: str | None = None, optimiser: Optimiser | None = None
) -> Request:
    """The configured run on a target, or the same data with another method or optimiser."""
    asked = train.gradient_checkpointing
    return Request(
        method=method or train.method,
        rank=train.rank,
        kinds=tuple(train.target_modules),
        dropout=train.dropout,
        batch=train.batch_size,
        accumulation=train.gradient_accumulation,
        recomputed=None if asked is None else shape.layers if asked else 0,
        optimiser=optimiser or _optimiser(train, target),
    )


def _optimiser(train: TrainConfig, target: Target) -> Optimiser:
    if train.optimizer == "auto":
        return "adamw_8bit" if target.is_gpu else "adamw"
    return train.optimizer


@dataclass(frozen=True)
class MemoryPlan:
    """Memory in GiB by component, at the moment of a step that needs most; their sum is the peak.

    `recomputed` of the model's `layers` blocks compute their activations again; `at_once` is the largest pass.
    """

    components: dict[str, float]
    moment: str
    request: Request
    workload: Workload
    target: Target
    recomputed: int
    layers: int
    at_once: Pass

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
    """What a step of `request` needs, by component; where it leaves that open, with as few blocks computed again as fit, else all.

    Raises ConfigError for target modules that the model hasn't.
    """
    if request.recomputed is not None:
        return _plan(shape, request, workload, target, request.recomputed)
    plans = (_plan(shape, request, workload, target, blocks) for blocks in range(shape.layers + 1))
    return next(plan for plan in plans if plan.fits or plan.recomputed == shape.layers)


def _plan(shape: ModelShape, request: Request, workload: Workload, target: Target, recomputed: int) -> MemoryPlan:
    full = request.method == "full"
    spelt_out = shape.traits.capped or (target.is_gpu and not target.shares_keys and shape.kv_heads != shape.heads)
    at_once = pass_of(request.batch, workload.longest, workload.prefix, workload.most_labelled(1), shape.packs(workload.longest), spelt_out)
    positions = at_once.positions
    numbers = arithmetic(request.quantised or (full and request.master), target.half_bytes, target.autocast)
    linears = [] if full else shape.targets(list(request.kinds))
    adapted = None if full else Adapted(request.rank, linears, request.dropout, request.method == "dora")
    weights = weight_bytes(shape, request, target)
    dequantises = request.quantised and not keeps_dequantised(shape, target)

    widest = max(linear.weights for linear in shape.linears().values())
    block = kept_by_a_block(shape, numbers, adapted, at_once)
    last_norm = (FP32 * shape.hidden_size + FP32) * positions
    stream = numbers.stream * shape.hidden_size * positions
    # The first blocks are those that compute again: the last ones' activations are gone by then.
    between = recomputed * stream + (shape.layers - recomputed) * block
    # Beside what is computed anew stand the gradient that comes in and its sum; a first norm in fp32 keeps the checkpoint itself.
    anew = block + (2 - (numbers.stream == FP32)) * stream
    worked = worked_in_a_block(shape, numbers, adapted, at_once, dequantises)
    trained = shape.parameters if full else shape.adapter_parameters(request.rank, list(request.kinds), request.method == "dora")
    trained_bytes = FP32 if not full or request.master else target.half_bytes
    gradients = trained * trained_bytes
    first_block = (shape.linear_parameters // shape.layers) * trained_bytes if full else 0
    head_gradients = shape.vocabulary * shape.hidden_size * trained_bytes if full else 0
    in_passes = request.accumulation > 1 or at_once.samples < request.batch
    # What earlier passes added up is copied into the machine's memory, for a pass that fails.
    accumulated = gradients * (1 if target.is_gpu else 2) if in_passes else 0
    at_most = max(PASS_TOKENS - workload.prefix, 1) // max((workload.shortest or workload.longest) - workload.prefix, 1)
    labelled = min(workload.most_labelled(min(request.batch, max(at_most, 1))), positions)

    # Weights' own gradients take the place of what is worked in.
    own = 0 if full else worked
    of_kept = gradients * (shape.layers - recomputed) // shape.layers
    moments = {"logits": (between, last_norm, head_bytes(shape, numbers, labelled), accumulated)}
    if recomputed < shape.layers:
        moments["backward of a block"] = (between, 0, worked, max(accumulated, head_gradients))
    if recomputed:
        grads_by_then = max(accumulated, head_gradients + (of_kept if full else 0))
        moments["backward of a block computed again"] = (recomputed * stream, 0, anew + worked, grads_by_then)
    # Tied embeddings' gradients, of the head and of the embeddings, stand beside their sum.
    tied = 2 * head_gradients if shape.tied_embeddings else 0
    moments["end of the backward pass"] = (
        stream if recomputed else block,
        0,
        tied + (anew if recomputed else 0) + own,
        max(accumulated, gradients - first_block),
    )
    if workload.asked_tokens:
        options = ASKED_OPTIONS * workload.most_labelled(max(workload.asked_tokens // workload.longest, 1))
        asking = asked_bytes(shape, numbers, max(workload.asked_tokens, workload.longest), workload.longest, options, spelt_out)
        moments["validation"] = (0, 0, asking + (numbers.weight * widest if dequantises else 0), 0)
    moment = max(moments, key=lambda name: sum(moments[name]))
    kept, norm, works, grads = moments[moment]
    held = trained * trained_bytes
    # Autocast keeps its casts of PEFT's matrices; fused layers cast anew.
    casts = numbers.copies and trained_bytes == FP32 and not (adapted and adapted.fused) and (full or not recomputed)
    states = trained * STATE_BYTES[request.optimiser]
    sizes = {
        "base weights": 0 if full else weights,
        "trained weights": held,
        "gradients": grads,
        f"optimiser states ({request.optimiser})": states,
        "activations": (kept + norm + casts * trained * target.half_bytes) * target.fragmentation,
        moment: works * target.fragmentation,
        "context and rest": target.context_gib * GIB,
    }
    gib = {name: size / GIB for name, size in sizes.items()}
    return MemoryPlan(gib, moment, request, workload, target, recomputed, shape.layers, at_once)


def weight_bytes(shape: ModelShape, request: Request, target: Target) -> float:
    """Bytes of the base model as loaded: linear layers in NF4 or in the compute type; quantised models have their norms in fp32.

    On a CPU with room for them, NF4 weights stand as what they are dequantised to (`nf4.py`).
    """
    half = target.half_bytes
    others = (shape.embedding_parameters + shape.bias_parameters) * half
    if request.quantised:
        a_weight = half if keeps_dequantised(shape, target) else NF4_BITS / 8
        return shape.linear_parameters * a_weight + others + shape.norm_parameters * FP32
    return others + (shape.linear_parameters + shape.norm_parameters) * half


def keeps_dequantised(shape: ModelShape, target: Target) -> bool:
    """Whether weights in NF4 are dequantised once a run, on this target, and not in each pass."""
    return shape.linear_parameters * target.half_bytes <= target.kept_gib * GIB


def compare(shape: ModelShape, train: TrainConfig, workload: Workload, target: Target) -> Sequence[MemoryPlan]:
    """The configured sizes by every method, full fine-tuning by every optimiser."""
    optimisers: tuple[Optimiser, ...] = ("sgd", "momentum", "adamw", "adamw_8bit")
    requests = [request_of(shape, train, target, method) for method in METHODS if method != "full"]
    requests += [request_of(shape, train, target, "full", optimiser) for optimiser in optimisers]
    return [plan_memory(shape, request, workload, target) for request in requests]
