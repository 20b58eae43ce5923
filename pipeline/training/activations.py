"""Bytes that one pass of a training step keeps for its backward pass and works in, as `base_model.py`, `lora.py`, `engine.py` and `loop.py`
build it.

Everything follows from `Arithmetic`, the number types of a run, and `Pass`, the tokens that are computed at once. What autograd saves was
read from the running program, tensor by tensor, and `benchmarks/memory.py` holds the sums against measured peaks. A change of the
engine that keeps less is a change of one line here.
"""

from dataclasses import dataclass

from pipeline.training.shapes import Linear, ModelShape

FP32 = 4
# Tokens of a pass: few enough for activations to be kept, many enough that dequantising weights is a small part of it.
PASS_TOKENS = 512
# log-softmax in fp32, the logits or their gradient in fp32, and what the head itself gives in 16 bits.
LOG_SOFTMAX, LOGITS = 4, 4


@dataclass(frozen=True)
class Arithmetic:
    """Bytes a number, as built.

    `weight`: frozen weights that aren't quantised, and what NF4 is dequantised to. `stream`: the residual stream, and what a linear layer
    gives. `attention`: what attention reads and gives. `copies`: autocast hands each adapter a 16-bit copy of its input.
    """

    weight: int
    stream: int
    attention: int
    copies: bool

    @property
    def adapter_input(self) -> int:
        """What an adapter keeps of its input: a 16-bit copy under autocast, else fp32, in which PEFT computes."""
        return self.weight if self.copies else FP32

    @property
    def shared_input(self) -> bool:
        """Whether adapters that read the same tensor keep it once: nothing casts it."""
        return not self.copies and self.stream == FP32


def arithmetic(fp32_norms: bool, half: int, autocast: bool) -> Arithmetic:
    """The number types of a run: `half` is the bytes of the compute type, 2 or (on a CPU without bf16) 4.

    Where norms are fp32, as those of a quantised model, everything between the layers is: 4 bytes.
    """
    stream = FP32 if fp32_norms else half
    return Arithmetic(half, stream, half if autocast else stream, autocast and half < FP32)


@dataclass(frozen=True)
class Adapted:
    """What is trained beside the frozen base: rank, the linear layers of a block, dropout, DoRA's magnitudes."""

    rank: int
    linears: list[Linear]
    dropout: float
    magnitudes: bool

    @property
    def fused(self) -> bool:
        """Whether a layer and its adapter are one step (`fused.py`)."""
        return not self.dropout and not self.magnitudes

    def reads(self, what: str) -> bool:
        """Whether an adapted layer reads this: `block`, `attention`, `mlp` or `product`."""
        return any(linear.reads == what for linear in self.linears)


@dataclass(frozen=True)
class Pass:
    """What is computed at once: `samples` of up to `tokens`, of which `prefix` are common to all and, where `packed`, computed once.

    `samples` is the number of longest ones that a pass has room for, not whole where others are shorter. `spelt_out`: the GPU has no kernel
    for attention of this kind, so its weights stand in memory, in fp32.
    """

    samples: float
    tokens: int
    prefix: int = 0
    packed: bool = False
    spelt_out: bool = False

    @property
    def own(self) -> int:
        """Tokens of a sample behind the prefix."""
        return self.tokens - self.prefix

    @property
    def positions(self) -> int:
        """Tokens computed at once."""
        return self.prefix + round(self.samples * self.own)

    @property
    def pairs(self) -> int:
        """Pairs of tokens that one head's weights stand for, at most at once."""
        return max(round(self.samples * self.own) * self.tokens, self.prefix**2)

    @property
    def all_pairs(self) -> int:
        """Of all a layer's attention."""
        return round(self.samples * self.own) * self.tokens + self.prefix**2


def pass_of(batch: int, longest: int, prefix: int, labelled: int, packed: bool, spelt_out: bool) -> Pass:
    """The largest pass of batches of samples of up to `longest` tokens: at most PASS_TOKENS, or one sample that is longer.

    `labelled`: tokens of the longest sample's answer. A sample alone is all prefix up to there.
    """
    before = max(longest - labelled - 1, 0)
    prefix = min(prefix, before) if packed else 0
    own = longest - prefix
    samples = min(batch, max((PASS_TOKENS - prefix) / own, 1.0))
    if packed and samples == 1:
        prefix = before
    return Pass(samples, longest, prefix, packed, spelt_out)


def kept_by_a_block(shape: ModelShape, numbers: Arithmetic, adapted: Adapted | None, at_once: Pass) -> int:
    """Bytes that autograd keeps of one block for its backward pass. `adapted` None: every weight is trained."""
    d, f, q, kv = shape.hidden_size, shape.feed_forward, shape.query_size, shape.kv_size
    # A norm keeps its input in fp32 and one number a position.
    norms = shape.traits.norms * (FP32 * d + FP32)
    if shape.traits.head_norms:
        norms += FP32 * (q + kv + shape.heads + shape.kv_heads)
    attention = _attention(shape, numbers, at_once)
    if adapted is not None and adapted.fused:
        return (norms + _fused_layers(shape, numbers, adapted, at_once)) * at_once.positions + attention
    # A fused projection stays whole, as values are a view of it. The gate before and after its activation, and the other factor.
    gates = numbers.stream * 3 * f + (numbers.stream * (q + kv) if shape.traits.fused else 0)
    if adapted is None:
        inputs = numbers.attention * (2 * d + f) + numbers.stream * shape.traits.norms * d
    else:
        inputs = _adapter_inputs(adapted, numbers)
    # What attention gives is put in order by the row, or cast, before it is read.
    if (at_once.packed and not numbers.copies) or (adapted is None and numbers.copies):
        inputs += numbers.attention * q
    return (norms + gates + inputs) * at_once.positions + attention


def _attention(shape: ModelShape, numbers: Arithmetic, at_once: Pass) -> int:
    """Bytes that attention keeps of a block: queries, keys, values, its outcome, and in fp32 the log of each row's sum.

    In a packed row each sample's queries stand apart, and its keys and values behind the prefix's. Spelt out, there are its weights
    and, a head each and in fp32, queries, keys and values instead; capped, weights before and after the softmax in the compute type too.
    """
    q, kv, positions = shape.query_size, shape.kv_size, at_once.positions
    if shape.traits.capped:
        weights = FP32 + numbers.attention * (2 if numbers.attention < FP32 else 1)
        return numbers.attention * 3 * q * positions + weights * shape.heads * at_once.all_pairs
    behind = round(at_once.samples * at_once.tokens)
    if at_once.spelt_out:
        return FP32 * (q * (positions + 2 * (behind + at_once.prefix)) + shape.heads * at_once.all_pairs)
    kept = numbers.attention * 2 * q * positions + FP32 * shape.heads * positions
    if not at_once.packed:
        return kept + numbers.attention * 2 * kv * positions
    # The prefix's own part is a view of the whole row, unless it is cast.
    row = positions if numbers.attention == numbers.stream else at_once.prefix
    of_prefix = (q * (row - at_once.prefix) + 2 * kv * row) if at_once.prefix else 0
    return kept + numbers.attention * (2 * kv * behind + of_prefix + at_once.own * at_once.tokens)


def _fused_layers(shape: ModelShape, numbers: Arithmetic, adapted: Adapted, at_once: Pass) -> int:
    """Bytes a position that fused layers keep: each input once in the compute type, the products of rank r, gate and up.

    A feed-forward that isn't fused (one layer for gate and up, or no adapter behind them) keeps the activation and its product besides.
    """
    d, f, q = shape.hidden_size, shape.feed_forward, shape.query_size
    inputs = d * (adapted.reads("block") + adapted.reads("mlp"))
    if adapted.reads("attention") and (at_once.packed or at_once.spelt_out or numbers.attention != numbers.weight):
        inputs += q  # else attention's outcome itself
    inner = adapted.rank * len(adapted.linears)
    if gated(shape, adapted):
        return numbers.weight * (inputs + inner) + numbers.attention * 2 * f
    product = f if adapted.reads("product") else 0
    return numbers.weight * (inputs + inner + product) + numbers.attention * 3 * f


def gated(shape: ModelShape, adapted: Adapted) -> bool:
    """Whether a block's feed-forward is one step with its last layer."""
    return not shape.traits.fused and adapted.fused and adapted.reads("product")


def _adapter_inputs(adapted: Adapted, numbers: Arithmetic) -> int:
    """What PEFT's adapters of a block keep: their inputs, their products of rank r, and with DoRA both outputs that a magnitude scales."""
    if numbers.shared_input:
        # Attention's own output is kept already.
        seen = {linear.reads: linear.inputs for linear in adapted.linears if linear.reads != "attention"}
        inputs = FP32 * sum(seen.values())
    else:
        inputs = numbers.adapter_input * sum(linear.inputs for linear in adapted.linears)
    if adapted.dropout:
        inputs += (FP32 + 1) * sum(linear.inputs for linear in adapted.linears)
    inner = numbers.adapter_input * adapted.rank * len(adapted.linears)
    scaled = (numbers.stream + numbers.adapter_input) * sum(linear.outputs for linear in adapted.linears) if adapted.magnitudes else 0
    return inputs + inner + scaled


def worked_in_a_block(shape: ModelShape, numbers: Arithmetic, adapted: Adapted | None, at_once: Pass, dequantises: bool) -> int:
    """Bytes beyond what is kept, at the widest point of a block's backward pass: its feed-forward part, a norm, or attention spelt out.

    `dequantises`: weights in NF4 are computed with as they are read, a layer at a time.
    """
    positions = at_once.positions
    norm = 5 * FP32 * shape.hidden_size * positions
    if adapted is not None and adapted.fused:
        wide, freed = _fused_feed_forward(shape, numbers, adapted, positions, dequantises), 2 * numbers.attention
    else:
        wide, freed = _feed_forward(shape, numbers, adapted, positions, dequantises), 3 * numbers.stream
    # Of the feed-forward part nothing stands any more by the time of attention's.
    attention = 2 * FP32 * shape.heads * at_once.pairs - freed * shape.feed_forward * positions if at_once.spelt_out else 0
    return max(wide, norm, attention)


def _fused_feed_forward(shape: ModelShape, numbers: Arithmetic, adapted: Adapted, positions: int, dequantises: bool) -> int:
    """The gradients of gate and product beside the activation and the product, both formed again; before, the product's gradient is
    computed with the weights of the last layer."""
    f, d = shape.feed_forward, shape.hidden_size
    casts = numbers.weight if numbers.weight != numbers.attention else 0
    incoming = (numbers.stream + (numbers.weight if numbers.weight != numbers.stream else 0)) * d
    dequantised = numbers.weight * d * f if dequantises else 0
    if not gated(shape, adapted):
        return (incoming + 3 * numbers.attention * f) * positions + dequantised
    last = (4 * numbers.attention + casts) * f * positions
    product = (2 * numbers.attention + casts + numbers.weight) * f * positions + dequantised
    return incoming * positions + max(last, product)


def _feed_forward(shape: ModelShape, numbers: Arithmetic, adapted: Adapted | None, positions: int, dequantises: bool) -> int:
    """As PEFT computes its second layer: the gradients of its input by the adapter, by the base, and their sum (or the dequantised weight
    beside two of them); its input itself is gone by then."""
    f = shape.feed_forward
    gradient = numbers.stream * f * positions
    down = shape.linears()["down_proj"]
    if adapted is None:
        return 2 * gradient + numbers.weight * down.weights
    dequantised = numbers.weight * down.weights if dequantises else 0
    # In 16 bits the adapter's part is cast to fp32 and back on its way.
    cast = 3 * gradient if numbers.stream < FP32 else 0
    freed = numbers.adapter_input * f * positions
    backward = cast + 2 * gradient + max(gradient, dequantised) - freed
    return max(backward, _weight_norm(adapted, numbers) if adapted.magnitudes else 0)


def _weight_norm(adapted: Adapted, numbers: Arithmetic) -> int:
    """DoRA's norm of W + BA: an identity of the input's size goes through the adapter, and W, BA, and their sum stand in fp32."""
    cast = numbers.weight if numbers.copies else 0
    return max((FP32 + cast) * linear.inputs**2 + (4 * FP32 + cast) * linear.weights for linear in adapted.linears)


def asked_bytes(shape: ModelShape, numbers: Arithmetic, tokens: int, longest: int, options: int, spelt_out: bool) -> int:
    """Bytes of a pass of validation, which keeps nothing: the residual stream, a feed-forward as PEFT computes it, its attention's
    weights, and before them the logits of `options` tokens."""
    wide = (2 * numbers.stream * shape.hidden_size + (4 * numbers.attention + FP32) * shape.feed_forward) * tokens
    weights = 3 * FP32 * shape.heads * tokens * longest if spelt_out else 0
    return max(wide, weights, head_bytes(shape, numbers, min(options, tokens)))


def head_bytes(shape: ModelShape, numbers: Arithmetic, labelled: int) -> int:
    """Bytes of the logits of `labelled` positions: as the head gives them, in fp32, and their log-softmax."""
    given = numbers.weight if numbers.weight < FP32 else 0
    return labelled * shape.vocabulary * (given + LOGITS + LOG_SOFTMAX)
