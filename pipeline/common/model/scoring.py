"""Log-likelihoods of all options of a question in one pass: the prompt is computed once, and no option sees another.

The options stand behind the prompt one after the other; an attention mask lets each see the prompt and itself, and its positions
count on from the prompt's end. So the scores are those of separate passes over prompt + option, at about the cost of one.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.common.model.job import Progress, log
from pipeline.common.model.score_cache import ScoreCache
from schemas.errors import TrainingError


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
    """Summed log-likelihood (nats) of each option of each item, computed in one forward pass of `model`."""
    device, longest = model.device, max(map(len, items))
    input_ids = torch.zeros(len(items), longest, dtype=torch.int64)
    positions = torch.zeros(len(items), longest, dtype=torch.int64)
    # Every position sees at least itself, padding too: a row of nothing would be NaN.
    seen = torch.eye(longest, dtype=torch.bool).repeat(len(items), 1, 1)
    rows, sources, targets, owners = [], [], [], []
    causal = torch.ones(longest, longest, dtype=torch.bool).tril()
    for row, item in enumerate(items):
        prompt = len(item.prompt_ids)
        input_ids[row, : len(item)] = torch.tensor(item.prompt_ids + [token for ids in item.option_ids for token in ids])
        positions[row, :prompt] = torch.arange(prompt)
        seen[row, :prompt, :prompt] = causal[:prompt, :prompt]
        start = prompt
        for option, ids in enumerate(item.option_ids):
            end = start + len(ids)
            positions[row, start:end] = torch.arange(prompt, prompt + len(ids))
            seen[row, start:end, :prompt] = True
            seen[row, start:end, start:end] = causal[: len(ids), : len(ids)]
            rows += [row] * len(ids)
            sources += [prompt - 1, *range(start, end - 1)]
            targets += ids
            owners += [(row, option)] * len(ids)
            start = end
    decoder, head = _parts(model)
    with torch.inference_mode(), torch.autocast(device.type, enabled=device.type == "cuda", dtype=_half(device)):
        hidden = decoder(
            input_ids=input_ids.to(device), attention_mask=seen[:, None].to(device), position_ids=positions.to(device), use_cache=False
        ).last_hidden_state
        # Two dimensions before the head, and only the positions that predict an option's token.
        logits = head(hidden[torch.tensor(rows, device=device), torch.tensor(sources, device=device)]).float()
        found = logits.log_softmax(-1).gather(1, torch.tensor(targets, device=device)[:, None])[:, 0].tolist()
    scores = [[0.0] * len(item.option_ids) for item in items]
    for (row, option), value in zip(owners, found, strict=True):
        scores[row][option] += value
    return scores


def _parts(model: Any) -> tuple[Any, Any]:
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    return causal.get_decoder(), causal.get_output_embeddings()


def _half(device: torch.device) -> torch.dtype:
    return torch.bfloat16 if device.type != "cuda" or torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16


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

    A batch that memory doesn't hold is halved, and so are the ones after it. Raises TrainingError when it doesn't hold one question.
    """
    began, done = time.monotonic(), 0
    keys = [cache.key(prompt, texts) for _, prompt, texts in items]
    scores: list[list[float]] = [[] for _ in items]
    log.info("%s: %d questions", phase, len(questions))
    computed_s, computed = 0.0, 0
    waiting = list(batches([item for item, _, _ in items], batch_tokens))[::-1]
    fits = batch_tokens
    while waiting:
        batch = waiting.pop()
        known = [cache.get(keys[index]) for index in batch]
        found = [values for values in known if values]
        if len(found) < len(batch):
            asked = [items[index][0] for index in batch]
            # Longest first, so the first one tells what the batch is padded to.
            if len(batch) > 1 and len(batch) * len(asked[0]) > fits:
                waiting += _halves(batch)
                continue
            started = time.monotonic()
            scored = _scores_in_memory(model, asked)
            if scored is None:
                if len(batch) == 1:
                    raise TrainingError(
                        f"out of memory while scoring ({phase}): one question of {len(asked[0])} tokens doesn't fit; lower "
                        "render.max_seq_tokens, free memory, or take a smaller base model"
                    )
                fits = len(batch) * len(asked[0]) // 2
                log.warning("%s: out of memory on %d questions at once; going on with batches of %d tokens", phase, len(batch), fits)
                waiting += _halves(batch)
                continue
            found = scored
            cache.put(zip([keys[index] for index in batch], found, strict=True))
            computed_s, computed = computed_s + time.monotonic() - started, computed + len(batch)
        for index, values in zip(batch, found, strict=True):
            scores[index] = values
        done += len(batch)
        eta = (len(items) - done) * computed_s / computed if computed else 0.0
        progress.write(
            {"phase": phase, "done": done, "total": len(items), "elapsed_s": round(time.monotonic() - began, 2), "eta_s": round(eta, 1)}
        )
    return scores


def _scores_in_memory(model: Any, items: Sequence[EncodedQuestion]) -> list[list[float]] | None:
    """`option_scores`, or None when memory ran out; what was taken for the attempt is free again then."""
    try:
        return option_scores(model, items)
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
    # Behind the handler: the error's traceback held the tensors of the attempt.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _is_out_of_memory(error: RuntimeError) -> bool:
    # A GPU's allocator has a type of its own; cuBLAS, and the CPU's allocator, say it in words alone.
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")
    )


def _halves(batch: Sequence[int]) -> list[list[int]]:
    """Both halves of a batch, the first one last, where it is taken from next."""
    middle = (len(batch) + 1) // 2
    return [list(batch[middle:]), list(batch[:middle])]
