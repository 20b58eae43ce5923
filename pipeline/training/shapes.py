"""The shape of a causal language model from its `config.json` alone, exact to the parameter: no weights, no torch.

A family is one line of `FAMILIES`; `tests/pipeline/training/test_shapes.py` holds it against the model that transformers builds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import ConfigError

LARGEST_WINDOW = 131_072


class UnknownShapeError(ConfigError):
    """A model whose memory can't be planned. It may well be trained: one real step before training measures what it takes."""


@dataclass(frozen=True)
class Family:
    """What a model's `model_type` says of its blocks, besides the numbers of its configuration.

    `norms`: vectors of the hidden size in a block. `head_norms`: what queries and keys are normed by, nothing, a vector of one head's
    size, or one of all heads. `qkv_bias`: biases whatever the configuration says. `fused`: one layer for q, k, v and one for gate and up.
    `capped`: attention's scores are, so it is spelt out everywhere and no batch is packed. `defaults`: what holds where config.json is
    silent.
    """

    norms: int = 2
    head_norms: str = ""
    qkv_bias: bool = False
    fused: bool = False
    capped: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


TIED: Mapping[str, Any] = {"tie_word_embeddings": True}
GEMMA: Mapping[str, Any] = {**TIED, "head_dim": 256}
WINDOW: Mapping[str, Any] = {"sliding_window": 4096}
# Their window counts where the configuration says so.
OPTIONAL_WINDOW: Mapping[str, Any] = {**WINDOW, "use_sliding_window": False}
GEMMA3: Mapping[str, Any] = {**GEMMA, **WINDOW, "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 262_208}
FAMILIES = {
    "llama": Family(),
    "mistral": Family(defaults=WINDOW),
    "qwen2": Family(qkv_bias=True, defaults=OPTIONAL_WINDOW),
    "qwen3": Family(head_norms="head", defaults={**OPTIONAL_WINDOW, "head_dim": 128}),
    "gemma": Family(defaults=GEMMA),
    "gemma2": Family(norms=4, capped=True, defaults=GEMMA),
    "gemma3_text": Family(norms=4, head_norms="head", defaults=GEMMA3),
    "phi3": Family(fused=True),
    "smollm3": Family(defaults={**TIED, **OPTIONAL_WINDOW}),
    "granite": Family(),
    "olmo2": Family(head_norms="all"),
    "olmo3": Family(head_norms="all", defaults=WINDOW),
    "cohere": Family(norms=1, defaults=TIED),
    "cohere2": Family(norms=1, defaults={**TIED, **WINDOW}),
}


@dataclass(frozen=True)
class Linear:
    """A kind of linear layer in a block: its sizes, and what it reads (layers that read the same share their input)."""

    inputs: int
    outputs: int
    reads: str

    @property
    def weights(self) -> int:
        """Without bias."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class ModelShape:
    """A dense decoder: hidden size d, layers L, feed-forward width f, vocabulary V, heads of queries and of keys and values.

    `window`: tokens that a token sees before it, where a layer doesn't see all.
    """

    family: str
    hidden_size: int
    layers: int
    feed_forward: int
    vocabulary: int
    heads: int
    kv_heads: int
    head_size: int
    tied_embeddings: bool
    attention_bias: bool = False
    mlp_bias: bool = False
    longest: int = LARGEST_WINDOW
    window: int | None = None

    @property
    def traits(self) -> Family:
        """Of its family."""
        return FAMILIES[self.family]

    @property
    def query_size(self) -> int:
        """Width of all heads together."""
        return self.heads * self.head_size

    @property
    def kv_size(self) -> int:
        """Width of all keys, and of all values."""
        return self.kv_heads * self.head_size

    def packs(self, tokens: int) -> bool:
        """Whether batches of samples of up to so many tokens are packed. A window of some layers counts as one of all."""
        return not self.traits.capped and (self.window is None or tokens <= self.window)

    def linears(self) -> dict[str, Linear]:
        """Each kind of linear layer of a block, by the name that `train.target_modules` uses."""
        d, f, q, kv = self.hidden_size, self.feed_forward, self.query_size, self.kv_size
        ends = {"o_proj": Linear(q, d, "attention"), "down_proj": Linear(f, d, "product")}
        if self.traits.fused:
            return {"qkv_proj": Linear(d, q + 2 * kv, "block"), **ends, "gate_up_proj": Linear(d, 2 * f, "mlp")}
        return {
            "q_proj": Linear(d, q, "block"),
            "k_proj": Linear(d, kv, "block"),
            "v_proj": Linear(d, kv, "block"),
            "gate_proj": Linear(d, f, "mlp"),
            "up_proj": Linear(d, f, "mlp"),
            **ends,
        }

    @property
    def linear_parameters(self) -> int:
        """Weights of all blocks' linear layers: what NF4 holds."""
        return self.layers * sum(linear.weights for linear in self.linears().values())

    @property
    def bias_parameters(self) -> int:
        """Biases of all blocks' linear layers."""
        q, kv, d, f = self.query_size, self.kv_size, self.hidden_size, self.feed_forward
        attention = q + 2 * kv if self.traits.qkv_bias else q + 2 * kv + d if self.attention_bias else 0
        return self.layers * (attention + (2 * f + d if self.mlp_bias else 0))

    @property
    def norm_parameters(self) -> int:
        """Of all blocks, and the last norm."""
        heads = {"": 0, "head": 2 * self.head_size, "all": self.query_size + self.kv_size}[self.traits.head_norms]
        return self.layers * (self.traits.norms * self.hidden_size + heads) + self.hidden_size

    @property
    def embedding_parameters(self) -> int:
        """Embeddings, and the head where it isn't tied to them."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2)

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.linear_parameters + self.bias_parameters + self.norm_parameters + self.embedding_parameters

    def targets(self, kinds: list[str]) -> list[Linear]:
        """The linear layers of a block that get an adapter. Raises ConfigError for a kind that the family hasn't."""
        linears = self.linears()
        if absent := [kind for kind in kinds if kind not in linears]:
            raise ConfigError(
                f"train.target_modules names {', '.join(absent)}, which a model of family {self.family!r} doesn't have; "
                f"it has: {', '.join(linears)}; write `target_modules: [{', '.join(linears)}]`"
            )
        return [linears[kind] for kind in kinds]

    def adapter_parameters(self, rank: int, kinds: list[str], magnitudes: bool = False) -> int:
        """Trained values of a LoRA adapter of a rank on these kinds of layers; with DoRA's magnitudes, one an output, where asked."""
        return self.layers * sum(
            rank * (linear.inputs + linear.outputs) + (linear.outputs if magnitudes else 0) for linear in self.targets(kinds)
        )


def read_shape(found: Mapping[str, Any], name: str) -> ModelShape:
    """The shape that a transformers configuration tells; `name` is the model's, for messages.

    Raises UnknownShapeError for a family that isn't in FAMILIES, and ConfigError where a number is missing or no whole number above 0.
    """
    kind = str(found.get("model_type", ""))
    if "text_config" in found or kind not in FAMILIES:
        said = f"{kind} (a model that reads pictures too)" if "text_config" in found else kind or "without a model_type"
        raise UnknownShapeError(
            f"base model {name!r} is of family {said}, whose memory can't be planned; planned are {', '.join(FAMILIES)}. "
            "Take one of these, or train as it is: one real step before training measures what it needs"
        )
    silent = {**FAMILIES[kind].defaults, **found}
    facts = {**FAMILIES[kind].defaults, **{key: value for key, value in found.items() if value is not None}}

    def number(key: str, default: int | None = None) -> int:
        value = facts.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigError(f"config.json of base model {name!r} says {key}: {value!r}; expected a whole number above 0")
        return value

    d, heads = number("hidden_size"), number("num_attention_heads")
    return ModelShape(
        family=kind,
        hidden_size=d,
        layers=number("num_hidden_layers"),
        feed_forward=number("intermediate_size"),
        vocabulary=number("vocab_size"),
        heads=heads,
        kv_heads=number("num_key_value_heads", heads),
        head_size=number("head_dim", max(d // heads, 1)),
        tied_embeddings=bool(facts.get("tie_word_embeddings", False)),
        attention_bias=bool(facts.get("attention_bias", False)),
        mlp_bias=bool(facts.get("mlp_bias", False)),
        longest=number("max_position_embeddings", LARGEST_WINDOW),
        # Null says that there is none.
        window=number("sliding_window") if silent.get("sliding_window") and facts.get("use_sliding_window", True) else None,
    )
