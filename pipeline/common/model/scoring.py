"""Log-likelihoods of all options of a question in one pass: the prompt is computed once, and no option sees another.

The options stand behind the prompt one after the other; an attention mask lets each see the prompt and itself, and its positions
count on from the prompt's end. What all prompts of a batch begin with (system prompt, template head) is computed once for all of them.
So the scores are those of separate passes over prompt + option, at less than the cost of one. Where that isn't the model's own arithmetic
(sliding windows), the passes are separate.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformers import DynamicCache
from transformers.masking_utils import create_masks_for_generate

from pipeline.common.model.head import TOLERANCE, causal_model, compute_context, difference, logits_at
from pipeline.common.model.job import Progress, log
from pipeline.common.model.memory import halves, in_memory
from pipeline.common.model.score_cache import ScoreCache
from schemas.errors import TrainingError

# Of each model in memory: whether the options of a question may share a pass over its prompt.
_SHARES: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


@dataclass(frozen=True)
class EncodedQuestion:
    """One question as token ids: the prompt, and what stands for each option (none of them empty)."""

    prompt_ids: list[int]
    option_ids: list[list[int]]

    def __len__(self) -> int:
        return len(self.prompt_ids) + sum(map(len, self.option_ids))


def batches(items: Sequence[EncodedQuestion], batch_tokens: int) -> Iterator[list[int]]:
    """Indices of items in batches of at most `batch_tokens` padded tokens (one longer item is a batch alone), longest first.

    Which items share a batch depends on all items and nothing else: on few-bit number types it changes the last digits.
    """
    batch: list[int] = []
    for index in sorted(range(len(items)), key=lambda i: (-len(items[i]), i)):
        longest = len(items[batch[0]]) if batch else len(items[index])
        if batch and (len(batch) + 1) * longest > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def option_scores(model: Any, items: Sequence[EncodedQuestion]) -> list[list[float]]:
    """Summed log-likelihood (nats) of each option of each item, as separate passes over prompt + option give it.

    The options of an item share one pass where the model's layers see all that stands before a token; where they don't (a sliding
    window shorter than the longest item, a state carried from token to token), each stands behind a prompt of its own.
    """
    causal = causal_model(model)
    if causal not in _SHARES:
        _SHARES[causal] = _sharing_is_exact(model)
    if _SHARES[causal] and sees_all_before(causal, max(map(len, items))):
        return shared_scores(model, items)
    return [separate_scores(model, item) for item in items]


def shared_scores(model: Any, items: Sequence[EncodedQuestion]) -> list[list[float]]:
    """`option_scores` in one forward pass: every item one row, its prompt once and its options behind it."""
    causal, prefix = causal_model(model), shared_prefix(items)
    longest = max(map(len, items)) - prefix
    input_ids = torch.zeros(len(items), longest, dtype=torch.int64)
    positions = torch.zeros(len(items), longest, dtype=torch.int64)
    # Every position sees at least itself, padding too: a row of nothing would be NaN.
    seen = torch.eye(longest, dtype=torch.bool).repeat(len(items), 1, 1)
    kept = torch.zeros(len(items), longest, dtype=torch.bool)
    sources: list[tuple[int, int]] = []
    before = torch.ones(longest, longest, dtype=torch.bool).tril()
    for row, item in enumerate(items):
        prompt_ids = item.prompt_ids[prefix:]
        prompt, whole = len(prompt_ids), len(item) - prefix
        input_ids[row, :whole] = torch.tensor(prompt_ids + [token for ids in item.option_ids for token in ids])
        positions[row, :prompt] = torch.arange(prompt)
        seen[row, :prompt, :prompt] = before[:prompt, :prompt]
        kept[row, prompt - 1 : whole - 1] = True
        start = prompt
        for ids in item.option_ids:
            end = start + len(ids)
            positions[row, start:end] = torch.arange(prompt, prompt + len(ids))
            seen[row, start:end, :prompt] = True
            seen[row, start:end, start:end] = before[: len(ids), : len(ids)]
            sources += [(row, prompt - 1), *((row, place) for place in range(start, end - 1))]
            start = end
    mask = torch.cat([torch.ones(len(items), longest, prefix, dtype=torch.bool), seen], 2)[:, None].to(model.device)
    if causal.config._attn_implementation == "eager":
        # Attention spelt out adds its mask to the scores, where SDPA takes what may be seen.
        mask = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo(torch.float32).min)
    behind = {"past_key_values": _computed(causal, items[0].prompt_ids[:prefix], len(items))} if prefix else {}
    places = (positions + prefix).to(model.device)
    found = _log_probabilities(model, input_ids, kept, attention_mask=mask, position_ids=places, **behind)
    order = kept.flatten().cumsum(0).sub(1).view_as(kept)
    rows = order[tuple(torch.tensor(sources).T)].to(found.device)
    tokens = [token for item in items for ids in item.option_ids for token in ids]
    values = iter(found[rows, torch.tensor(tokens, device=found.device)].tolist())
    return [[sum(next(values) for _ in ids) for ids in item.option_ids] for item in items]


def shared_prefix(items: Sequence[EncodedQuestion]) -> int:
    """How many tokens the prompts of several items begin with in common; the last one of each prompt is its own.

    >>> shared_prefix([EncodedQuestion([5, 6, 7, 8], [[1]]), EncodedQuestion([5, 6, 7], [[1]])])
    2
    """
    if len(items) == 1:
        return 0
    columns = zip(*(item.prompt_ids[:-1] for item in items), strict=False)
    return sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, columns))


def _computed(causal: Any, token_ids: Sequence[int], rows: int) -> DynamicCache:
    """Keys and values of these tokens in all layers, for so many rows."""
    cache, ids = DynamicCache(), torch.tensor([token_ids], device=causal.device)
    last = torch.zeros_like(ids, dtype=torch.bool)
    last[0, -1] = True
    with torch.inference_mode(), compute_context(causal.device):
        logits_at(causal, ids, last, past_key_values=cache)
        cache.batch_repeat_interleave(rows)
    return cache


def separate_scores(model: Any, item: EncodedQuestion) -> list[float]:
    """`option_scores` of one item with the model's own masks: a row an option, padded on the right, where no token looks."""
    prompt, longest = len(item.prompt_ids), max(map(len, item.option_ids))
    input_ids = torch.zeros(len(item.option_ids), prompt + longest, dtype=torch.int64)
    kept = torch.zeros_like(input_ids, dtype=torch.bool)
    for row, ids in enumerate(item.option_ids):
        input_ids[row, : prompt + len(ids)] = torch.tensor(item.prompt_ids + ids)
        kept[row, prompt - 1 : prompt - 1 + len(ids)] = True
    found = _log_probabilities(model, input_ids, kept)
    tokens = torch.tensor([token for ids in item.option_ids for token in ids], device=found.device)
    values = iter(found.gather(1, tokens[:, None])[:, 0].tolist())
    return [sum(next(values) for _ in ids) for ids in item.option_ids]


def _log_probabilities(model: Any, input_ids: torch.Tensor, kept: torch.Tensor, **inputs: Any) -> torch.Tensor:
    device = model.device
    with torch.inference_mode(), compute_context(device):
        return logits_at(model, input_ids.to(device), kept.to(device), **inputs).log_softmax(-1)


def sees_all_before(causal: Any, length: int) -> bool:
    """Whether every layer of the model lets a token see all `length` tokens up to itself: its own masks tell."""
    config = causal.config.get_text_config()
    if not set(getattr(config, "layer_types", None) or ()) <= {"full_attention", "sliding_attention", "chunked_attention"}:
        return False
    tokens = torch.empty(1, length, 1)
    positions = torch.arange(length)[None]
    masks = create_masks_for_generate(config, tokens, attention_mask=None, past_key_values=None, position_ids=positions)
    all_before = torch.ones(length, length, dtype=torch.bool).tril()
    for mask in masks.values() if isinstance(masks, dict) else [masks]:
        # None: nothing but the causal order. Of added masks 0 is what may be seen.
        if mask is not None and not torch.equal(mask[0, 0] if mask.dtype == torch.bool else mask[0, 0] == 0, all_before):
            return False
    return True


def _sharing_is_exact(model: Any) -> bool:
    """Tries it: two questions that begin alike, with two options each, against each option alone. Wrong where positions, masks or what
    was computed before don't reach the model."""
    vocabulary = causal_model(model).get_input_embeddings().num_embeddings
    tokens = [number * 11 % vocabulary for number in range(1, 14)]
    items = [EncodedQuestion(tokens[:6], [tokens[6:9], tokens[9:]]), EncodedQuestion([*tokens[:4], tokens[8]], [tokens[2:5], tokens[7:8]])]
    try:
        together = [shared_scores(model, items), shared_scores(model, items[:1])]
    except (TypeError, ValueError, RuntimeError, AttributeError):
        return False
    alone = [torch.tensor(separate_scores(model, item)) for item in items]
    gaps = [difference(torch.tensor(scores), alone[place]) for found in together for place, scores in enumerate(found)]
    return max(gaps) <= TOLERANCE.get(causal_model(model).dtype, TOLERANCE[torch.float32])


def scored_batches(
    model: Any,
    items: Sequence[EncodedQuestion],
    batch_tokens: int,
    what: str,
    known: Callable[[list[int]], list[list[float]] | None] = lambda _: None,
) -> Iterator[tuple[list[int], list[list[float]], float | None]]:
    """Batches of places in `items`, longest first, each with the options' scores and the seconds that it took, None where
    `known` has them.

    A batch that memory doesn't hold is halved, and so are the ones after it; `what` is scored, for the log. Raises TrainingError when
    memory doesn't hold one question.
    """
    waiting, fits = list(batches(items, batch_tokens))[::-1], batch_tokens
    while waiting:
        batch = waiting.pop()
        if (found := known(batch)) is not None:
            yield batch, found, None
            continue
        asked = [items[index] for index in batch]
        # Longest first, so the first one tells what the batch is padded to.
        if len(batch) > 1 and len(batch) * len(asked[0]) > fits:
            waiting += halves(batch)
            continue
        started = time.monotonic()
        found = in_memory(partial(option_scores, model, asked))
        if found is not None:
            yield batch, found, time.monotonic() - started
            continue
        if len(batch) == 1:
            raise TrainingError(
                f"out of memory while scoring ({what}): one question of {len(asked[0])} tokens doesn't fit; lower "
                "render.max_seq_tokens, free memory, or take a smaller base model"
            )
        fits = len(batch) * len(asked[0]) // 2
        log.warning("%s: out of memory on %d questions at once; going on with batches of %d tokens", what, len(batch), fits)
        waiting += halves(batch)


def score_all(
    model: Any,
    questions: Sequence[Mapping[str, Any]],
    items: Sequence[tuple[EncodedQuestion, str, list[str]]],
    cache: ScoreCache,
    progress: Progress,
    phase: str,
    batch_tokens: int,
) -> list[list[float]]:
    """Summed log-likelihood of every option of every question; batches that the cache holds whole aren't computed again.

    Raises TrainingError when memory doesn't hold one question.
    """
    began, done = time.monotonic(), 0
    keys = [cache.key(prompt, texts) for _, prompt, texts in items]
    scores: list[list[float]] = [[] for _ in items]
    log.info("%s: %d questions", phase, len(questions))
    computed_s, computed = 0.0, 0

    def known(batch: list[int]) -> list[list[float]] | None:
        found = [values for index in batch if (values := cache.get(keys[index]))]
        return found if len(found) == len(batch) else None

    for batch, found, seconds in scored_batches(model, [item for item, _, _ in items], batch_tokens, phase, known):
        if seconds is not None:
            cache.put(zip([keys[index] for index in batch], found, strict=True))
            computed_s, computed = computed_s + seconds, computed + len(batch)
        for index, values in zip(batch, found, strict=True):
            scores[index] = values
        done += len(batch)
        eta = (len(items) - done) * computed_s / computed if computed else 0.0
        progress.write(
            {"phase": phase, "done": done, "total": len(items), "elapsed_s": round(time.monotonic() - began, 2), "eta_s": round(eta, 1)}
        )
    return scores
