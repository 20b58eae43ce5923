"""A batch of short questions as one row without padding, in which what all of them begin with is computed once.

Every prompt of a run opens with the same system prompt and template head: a third of an MCQ's tokens. In the row it stands once, and
behind it the samples' own tokens; each sees that prefix and its own, at the positions that it had. So losses and gradients are those of
separate sequences. Where a model's layers see less than all before a token (sliding windows shorter than a sample, attention that SDPA
can't do, states carried along), `enable` says no and batches stay padded.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from pipeline.common.model.head import TOLERANCE, causal_model, compute_context, difference, logits_at
from pipeline.common.model.scoring import sees_all_before
from pipeline.training.activations import PASS_TOKENS
from pipeline.training.dataset import IGNORED

PACKED = "packed_sdpa"


@dataclass(frozen=True)
class Row:
    """A packed batch. `own` (samples, longest) tells where in the row each sample's own tokens stand; padding repeats its last.

    `input_ids`, `positions`, `targets`, `owner` (row,) int64: `targets` holds the token that is to follow, IGNORED where none counts.
    """

    input_ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    owner: torch.Tensor
    own: torch.Tensor
    back: torch.Tensor
    prefix: int


def lengths(labels: torch.Tensor) -> list[int]:
    """Tokens of each sample of a padded batch (batch, seq): it ends with its last label."""
    places = torch.arange(1, labels.shape[1] + 1, device=labels.device)
    return [int(value) for value in (places * (labels != IGNORED)).amax(1)]


def shared_prefix(input_ids: torch.Tensor, labels: torch.Tensor) -> int:
    """How many tokens all samples of a padded batch begin with; the token before a sample's first label is its own."""
    first_label = int((labels != IGNORED).int().argmax(1).min())
    same = (input_ids == input_ids[:1]).all(0).int().cumprod(0)
    return max(min(int(same.sum()), first_label - 1), 0)


def pack(input_ids: torch.Tensor, labels: torch.Tensor) -> Row:
    """A padded batch, both (batch, seq) int64, as one row."""
    device, counts, prefix = input_ids.device, lengths(labels), shared_prefix(input_ids, labels)
    own_counts = torch.tensor([count - prefix for count in counts])
    starts = prefix + own_counts.cumsum(0) - own_counts
    places = torch.arange(int(own_counts.max()))
    real = places < own_counts[:, None]
    own = torch.where(real, starts[:, None] + places, (starts + own_counts - 1)[:, None])
    real, own = real.to(device), own.to(device)
    following = functional.pad(labels[:, 1:], (0, 1), value=IGNORED)[:, prefix : prefix + len(places)]
    positions = (prefix + places).to(device).expand(len(counts), -1)
    rows = torch.arange(len(counts), device=device)[:, None].expand_as(real)
    head = torch.arange(prefix, device=device)
    return Row(
        input_ids=torch.cat([input_ids[0, :prefix], input_ids[:, prefix : prefix + len(places)][real]]),
        positions=torch.cat([head, positions[real]]),
        targets=torch.cat([torch.full_like(head, IGNORED), following[real]]),
        owner=torch.cat([torch.zeros_like(head), rows[real]]),
        own=own,
        back=real.flatten().nonzero()[:, 0],
        prefix=prefix,
    )


def packed_nll(model: Any, input_ids: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What `label_nll` gives, of a model that `enable` took."""
    row = pack(input_ids, labels)
    labelled = row.targets != IGNORED
    # A mask that is there keeps the model from making one; attention looks at the layout alone.
    nothing = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=input_ids.device)
    inputs = {"position_ids": row.positions[None], "attention_mask": nothing, "packed_row": row}
    logits = logits_at(model, row.input_ids[None], labelled[None], **inputs)
    token_nll = functional.cross_entropy(logits, row.targets[labelled], reduction="none")
    sums = token_nll.new_zeros(len(labels)).index_add(0, row.owner[labelled], token_nll)
    return sums, (labels[:, 1:] != IGNORED).sum(1)


def passes(labels: torch.Tensor, prefix: int | None, limit: int) -> list[slice]:
    """Neighbouring samples of a batch in groups whose row (padded samples, without a `prefix`) has at most `limit` tokens; one that is
    longer stands alone."""
    counts = lengths(labels)

    def tokens(start: int, end: int) -> int:
        if prefix is None:
            return (end - start) * max(counts[start:end])
        return prefix + sum(counts[start:end]) - prefix * (end - start)

    groups, start = [], 0
    for place in range(1, len(counts)):
        if tokens(start, place + 1) > limit:
            groups.append(slice(start, place))
            start = place
    return [*groups, slice(start, len(labels))]


def passes_of(model: Any, batch: dict[str, torch.Tensor]) -> list[slice]:
    """The passes of a padded batch, as this model computes them."""
    labels = batch["labels"]
    return passes(labels, shared_prefix(batch["input_ids"], labels) if enabled(model) else None, PASS_TOKENS)


def part(batch: dict[str, torch.Tensor], samples: slice) -> dict[str, torch.Tensor]:
    """Some samples of a padded batch, without the columns that only the others reach."""
    longest = max(lengths(batch["labels"][samples]))
    return {key: value[samples, :longest] if value.ndim == 2 else value[samples] for key, value in batch.items()}


def attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None, **options: Any
) -> tuple[torch.Tensor, None]:
    """SDPA, and over a packed row (1, heads, row, size): the prefix by itself, then each sample over the prefix and itself."""
    row: Row | None = options.pop("packed_row", None)
    if row is None:
        plain: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return plain
    many = {"dropout_p": options.get("dropout", 0.0), "scale": options.get("scaling"), "enable_gqa": query.shape[1] != key.shape[1]}
    samples, longest = row.own.shape
    flat = row.own.flatten()

    def own(states: torch.Tensor) -> torch.Tensor:
        return states[0].index_select(1, flat).unflatten(1, (samples, longest)).transpose(0, 1)

    def with_prefix(states: torch.Tensor) -> torch.Tensor:
        return torch.cat([states[:, :, : row.prefix].expand(samples, -1, -1, -1), own(states)], 2) if row.prefix else own(states)

    seen = torch.ones(longest, row.prefix + longest, dtype=torch.bool, device=query.device).tril(row.prefix)
    found = functional.scaled_dot_product_attention(own(query), with_prefix(key), with_prefix(value), attn_mask=seen, **many)
    result = found.transpose(1, 2).flatten(0, 1).index_select(0, row.back)
    if row.prefix:
        parts = [states[:, :, : row.prefix] for states in (query, key, value)]
        result = torch.cat([functional.scaled_dot_product_attention(*parts, is_causal=True, **many)[0].transpose(0, 1), result])
    return result[None], None


AttentionInterface.register(PACKED, attention)
AttentionMaskInterface.register(PACKED, sdpa_mask)


def enabled(model: Any) -> bool:
    """Whether `enable` took this model."""
    return bool(causal_model(model).config._attn_implementation == PACKED)


def enable(model: Any, longest: int) -> bool:
    """Lets the model's batches be packed when its layers see all of `longest` tokens and a trial gives the padded batch's logits."""
    causal = causal_model(model)
    if causal.config._attn_implementation != "sdpa" or not sees_all_before(causal, longest):
        return False
    causal.set_attn_implementation(PACKED)
    if not _proven(model):
        causal.set_attn_implementation("sdpa")
        return False
    return True


def _proven(model: Any) -> bool:
    causal = causal_model(model)
    vocabulary, device = causal.get_input_embeddings().num_embeddings, causal.device
    ids = torch.arange(1, 40, device=device).mul(7).remainder(vocabulary).view(3, 13)
    ids[:, :4] = ids[0, :4]
    labels = ids.masked_fill(torch.arange(13, device=device) < 9, IGNORED)
    labels[1, 11:] = IGNORED
    row, training = pack(ids, labels), model.training
    model.eval()
    try:
        with torch.no_grad(), compute_context(device):
            nll, _ = packed_nll(model, ids, labels)
            labelled = labels[:, 1:] != IGNORED
            logits = logits_at(model, ids, functional.pad(labelled, (0, 1)))
        token_nll = functional.cross_entropy(logits, labels[:, 1:][labelled], reduction="none")
    except (TypeError, ValueError, RuntimeError):
        return False
    finally:
        model.train(training)
    expected = token_nll.new_zeros(3).index_add(0, labelled.nonzero()[:, 0], token_nll)
    return row.prefix == 4 and difference(nll, expected) <= TOLERANCE.get(causal.dtype, TOLERANCE[torch.float32])
