"""Bytes that one training step keeps for its backward pass and works in, as `base_model.py`, `lora.py` and `loop.py` build it.

Everything follows from `Arithmetic`, the number types of a run. What autograd saves was read from the running program, tensor by tensor
(`torch.autograd.graph.saved_tensors_hooks`), and `benchmarks/memory.py` holds the sums against measured peaks. A change of the loop that
keeps less is a change of one line here.
"""

from dataclasses import dataclass

from pipeline.training.shapes import Linear, ModelShape

FP32 = 4
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


def kept_by_a_block(shape: ModelShape, numbers: Arithmetic, adapted: Adapted | None) -> int:
    """Bytes a position that autograd keeps of one block for its backward pass, without what grows with the square of the length.

    `adapted` None: every weight is trained.
    """
    d, f, q, kv = shape.hidden_size, shape.feed_forward, shape.query_size, shape.kv_size
    # A norm keeps its input in fp32 and one number a position.
    norms = shape.traits.norms * (FP32 * d + FP32)
    if shape.traits.head_norms:
        norms += FP32 * (q + kv + shape.heads + shape.kv_heads)
    # Queries, keys, values, the output, and in fp32 the log of each row's sum. A fused projection stays whole, as values are a view of it.
    attention = numbers.attention * (2 * q + 2 * kv) + FP32 * shape.heads + (numbers.stream * (q + kv) if shape.traits.fused else 0)
    # The gate before and after its activation, and the other factor.
    gates = numbers.stream * 3 * f
    if adapted is None:
        inputs = numbers.attention * (2 * d + f + (q if numbers.copies else 0)) + numbers.stream * shape.traits.norms * d
        return norms + attention + gates + inputs
    return norms + attention + gates + _adapter_inputs(adapted, numbers)


def _adapter_inputs(adapted: Adapted, numbers: Arithmetic) -> int:
    """What the adapters of a block keep: their inputs, their products of rank r, and with DoRA both outputs that a magnitude scales."""
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


def worked_in_a_block(shape: ModelShape, numbers: Arithmetic, adapted: Adapted | None, positions: int, quantised: bool) -> int:
    """Bytes beyond what is kept, at the widest point of a block's backward pass: the feed-forward part's second layer.

    There stand the gradients of its input by the adapter, by the base, and their sum (or the dequantised weight beside two of them);
    its input itself is gone by then.
    """
    f = shape.feed_forward
    gradient = numbers.stream * f * positions
    down = shape.linears()["down_proj"]
    dequantised = numbers.weight * down.weights if quantised else 0
    if adapted is None:
        return 2 * gradient + numbers.weight * down.weights
    # In 16 bits the adapter's part is cast to fp32 and back on its way.
    cast = 3 * gradient if numbers.stream < FP32 else 0
    freed = numbers.adapter_input * f * positions
    backward = cast + 2 * gradient + max(gradient, dequantised) - freed
    return max(backward, _weight_norm(adapted, numbers) if adapted.magnitudes else 0)


def _weight_norm(adapted: Adapted, numbers: Arithmetic) -> int:
    """DoRA's norm of W + BA: an identity of the input's size goes through the adapter, and W, BA, and their sum stand in fp32."""
    cast = numbers.weight if numbers.copies else 0
    return max((FP32 + cast) * linear.inputs**2 + (4 * FP32 + cast) * linear.weights for linear in adapted.linears)


def attention_matrix(shape: ModelShape, batch: int, tokens: int) -> int:
    """Bytes of one fp32 matrix of all heads' weights: what attention that isn't fused keeps of a block, and works in twice more."""
    return FP32 * batch * shape.heads * tokens**2


def head_bytes(shape: ModelShape, numbers: Arithmetic, labelled: int) -> int:
    """Bytes of the logits of `labelled` positions: as the head gives them, in fp32, and their log-softmax."""
    given = numbers.weight if numbers.weight < FP32 else 0
    return labelled * shape.vocabulary * (given + LOGITS + LOG_SOFTMAX)
