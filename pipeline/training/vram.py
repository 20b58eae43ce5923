"""GPU memory of a training run, from the model's shape and the configuration alone: no model is loaded.

The formulas agree with published figures (Unsloth's context tables, torchtune's 8B QLoRA, Qwen's NF4 footprint) within about 5%.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from schemas.config.render import RenderConfig
from schemas.config.train import LINEAR_KINDS, TrainConfig
from schemas.errors import ConfigError

GIB = 2**30
# What torch reports of a GPU less what the driver and fragmentation take: a T4 of 16 GB shows 14.74 GiB, and a plan of 14.0 fits.
USABLE_GIB = {
    "t4": 14.0,
    "l4": 21.0,
    "rtx3090": 22.5,
    "rtx4090": 22.5,
    "a10g": 21.5,
    "v100": 15.0,
    "a100-40": 38.5,
    "a100-80": 78.0,
    "h100": 78.0,
}
# NF4 with double quantisation: 4 bits, an 8-bit constant for 64 weights, and a 32-bit one for 256 of those (arXiv 2305.14314).
NF4_BITS = 4 + 8 / 64 + 32 / (64 * 256)
CONTEXT_GIB = 0.6
ALLOCATOR_FACTOR = 1.06
MAX_BATCH = 512
# The answer and its end-of-turn token: what an MCQ labels at most.
LABELLED_TOKENS = 20


@dataclass(frozen=True)
class ModelShape:
    """A dense decoder of the Llama family: hidden size d, layers L, feed-forward width f, vocabulary V."""

    hidden_size: int
    layers: int
    feed_forward: int
    vocabulary: int
    heads: int
    kv_heads: int
    head_size: int
    tied_embeddings: bool

    def linear_sizes(self) -> dict[str, tuple[int, int]]:
        """(in, out) of each kind of linear layer in one block."""
        d, f, q, kv = self.hidden_size, self.feed_forward, self.heads * self.head_size, self.kv_heads * self.head_size
        sizes = ((d, q), (d, kv), (d, kv), (q, d), (d, f), (d, f), (f, d))
        return dict(zip(LINEAR_KINDS, sizes, strict=True))

    @property
    def linear_parameters(self) -> int:
        """Weights of all blocks' linear layers: what NF4 holds."""
        return self.layers * sum(a * b for a, b in self.linear_sizes().values())

    @property
    def other_parameters(self) -> int:
        """Embeddings, head where it isn't tied, and norms: what stays at 16 bit."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2) + (2 * self.layers + 1) * self.hidden_size

    def adapter_parameters(self, rank: int, kinds: list[str]) -> int:
        """Trained values of a LoRA adapter of a rank on these kinds of layers."""
        sizes = self.linear_sizes()
        return self.layers * rank * sum(sum(sizes[kind]) for kind in kinds if kind in sizes)


SHAPES = {
    "smollm2-135m": ModelShape(576, 30, 1536, 49152, 9, 3, 64, True),
    "llama-3.1-8b": ModelShape(4096, 32, 14336, 128256, 32, 8, 128, False),
    "llama-3.2-1b": ModelShape(2048, 16, 8192, 128256, 32, 8, 64, True),
    "llama-3.2-3b": ModelShape(3072, 28, 8192, 128256, 24, 8, 128, True),
    "qwen2.5-0.5b": ModelShape(896, 24, 4864, 151936, 14, 2, 64, True),
    "qwen2.5-1.5b": ModelShape(1536, 28, 8960, 151936, 12, 2, 128, True),
    "qwen2.5-3b": ModelShape(2048, 36, 11008, 151936, 16, 2, 128, True),
    "qwen2.5-7b": ModelShape(3584, 28, 18944, 152064, 28, 4, 128, False),
    "mistral-7b": ModelShape(4096, 32, 14336, 32768, 32, 8, 128, False),
}


@dataclass(frozen=True)
class VramPlan:
    """Memory in GiB by component, for one GPU.

    `naive_total_gib` is that of the usual trainer: logits of every token, embeddings and head upcast to fp32.
    """

    components: dict[str, float]
    capacity_gib: float
    naive_total_gib: float
    largest_batch: int
    hidden_size: int
    adapter_parameters: int

    @property
    def total_gib(self) -> float:
        """Sum of the components."""
        return sum(self.components.values())

    @property
    def fits(self) -> bool:
        """Whether the total is within the capacity."""
        return self.total_gib <= self.capacity_gib


def shape_of(train: TrainConfig) -> ModelShape:
    """The shape of the configured base model, by its name or from its folder's config.json.

    Raises ConfigError for a model that is neither known nor a folder.
    """
    folder = Path(train.base_model).expanduser()
    if (folder / "config.json").is_file():
        return read_shape(folder / "config.json")
    name = train.base_model.lower()
    for known in sorted(SHAPES, key=len, reverse=True):
        if known in name:
            return SHAPES[known]
    raise ConfigError(
        f"the shape of base model {train.base_model!r} is not known here, so its memory can't be planned; known: {', '.join(SHAPES)}. "
        "Download the model and name its folder (its config.json tells the shape)"
    )


def read_shape(path: Path) -> ModelShape:
    """The shape that a transformers config.json tells. Raises ConfigError when it lacks a number."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found = found.get("text_config", found)
    try:
        d, heads = int(found["hidden_size"]), int(found["num_attention_heads"])
        return ModelShape(
            hidden_size=d,
            layers=int(found["num_hidden_layers"]),
            feed_forward=int(found["intermediate_size"]),
            vocabulary=int(found["vocab_size"]),
            heads=heads,
            kv_heads=int(found.get("num_key_value_heads") or heads),
            head_size=int(found.get("head_dim") or d // heads),
            tied_embeddings=bool(found.get("tie_word_embeddings", False)),
        )
    except KeyError as error:
        raise ConfigError(f"{path} has no {error}: expected the configuration of a dense decoder of the Llama family") from error


def plan(train: TrainConfig, render: RenderConfig) -> VramPlan:
    """What the configured run needs. Samples are planned at `render.max_seq_tokens`, their longest."""
    shape = shape_of(train)
    capacity = train.gpu_memory_gib or USABLE_GIB["t4"]
    components = _components(shape, train, train.batch_size, render.max_seq_tokens, LABELLED_TOKENS)
    naive = _components(shape, train, train.batch_size, render.max_seq_tokens, render.max_seq_tokens)
    largest = 0
    for batch in range(1, MAX_BATCH + 1):
        if sum(_components(shape, train, batch, render.max_seq_tokens, LABELLED_TOKENS).values()) > capacity:
            break
        largest = batch
    adapter = shape.adapter_parameters(train.rank, train.target_modules)
    naive_total = sum(naive.values()) + (2 * shape.other_parameters / GIB if train.quantised else 0)
    return VramPlan(components, capacity, naive_total, largest, shape.hidden_size, adapter)


def _components(shape: ModelShape, train: TrainConfig, batch: int, tokens: int, labelled: int) -> dict[str, float]:
    """GiB by component for `batch` samples of `tokens` tokens of which `labelled` reach the head."""
    d, positions = shape.hidden_size, batch * tokens
    quantised = train.quantised
    weights = shape.linear_parameters * (NF4_BITS if quantised else 16) / 8 + shape.other_parameters * 2
    adapter = shape.adapter_parameters(train.rank, train.target_modules)
    block = positions * (12 * shape.feed_forward + 40 * d)
    checkpointed = train.gradient_checkpointing is not False
    sizes = {
        "base weights": weights,
        "adapter and its gradients": adapter * 8,
        "optimiser states (8-bit AdamW)": adapter * 2,
        "checkpoints between layers": 2 * shape.layers * positions * d * ALLOCATOR_FACTOR if checkpointed else 0,
        "activations": block * ALLOCATOR_FACTOR * (1 if checkpointed else shape.layers),
        "logits": 16 * shape.vocabulary * batch * min(labelled, tokens) * ALLOCATOR_FACTOR,
        "dequantised layer": 4 * max(a * b for a, b in shape.linear_sizes().values()) if quantised else 0,
        "CUDA context and rest": CONTEXT_GIB * GIB,
    }
    return {name: size / GIB for name, size in sizes.items()}
