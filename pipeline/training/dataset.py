"""Rendered examples as token ids and labels, and batches of similar length.

Only the completion is labelled: the loss sees the answer and the end-of-turn token, nothing of the prompt.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.job import log
from schemas.errors import TrainingError

IGNORED = -100
TRAINED_OR_VALIDATION = {"train": "trained", "validation": "validation"}
# A chunk of so many batches is sorted by length: enough to pad little, few enough to mix questions anew every epoch.
BATCHES_A_CHUNK = 8


@dataclass(frozen=True)
class Sample:
    """One encoded example; `index` is its row in the examples table."""

    index: int
    record_id: str
    prompt_ids: list[int]
    completion_ids: list[int]

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.completion_ids)

    @property
    def labels(self) -> list[int]:
        """`IGNORED` on the prompt, the token ids themselves on the completion."""
        return [IGNORED] * len(self.prompt_ids) + self.completion_ids


def encode(rows: Sequence[Mapping[str, Any]], chat: ChatFormat, keep: str) -> list[Sample]:
    """The samples of one split that the model can be trained on (status ok); order kept.

    Proves of every sample that its labels decode to exactly its completion, and leaves out the others: a wrong or empty mask trains
    on nothing, with a normal-looking loss curve.
    """
    samples = []
    for index, row in enumerate(rows):
        if row["split"] == keep and row["status"] == "ok":
            sample = Sample(index, row["record_id"], chat.encode(row["prompt"]), chat.encode(row["completion"]))
            try:
                check_labels(sample, row["completion"], chat)
            except TrainingError as error:
                log.warning("not trained: %s", error)
            else:
                samples.append(sample)
    return samples


def statuses(rows: Sequence[Mapping[str, Any]], encoded: Iterable[Sample]) -> dict[int, str]:
    """What the run does with each training and validation example, by its place; of `rows`, those that `encode` left out aren't trained."""
    kept = {sample.index for sample in encoded}
    found = {}
    for index, row in enumerate(rows):
        if row["split"] in TRAINED_OR_VALIDATION:
            found[index] = TRAINED_OR_VALIDATION[row["split"]] if index in kept else row["status"]
            if found[index] == "ok":
                found[index] = "not_trained: answer_altered"
    return found


def check_labels(sample: Sample, completion: str, chat: ChatFormat) -> None:
    """Raises TrainingError unless the labelled tokens decode to `completion`."""
    labelled = [token for token in sample.labels if token != IGNORED]
    decoded = chat.tokenizer.decode(labelled, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    if not labelled or decoded != completion:
        raise TrainingError(
            f"record {sample.record_id}: the labels decode to {decoded!r}, expected {completion!r}; the tokenizer changes this text, "
            "so the loss would see something else than the answer"
        )


def collate(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    """`input_ids` and `labels` (batch, longest) int64, padded on the right; `sample` (batch,) the rows' indices.

    No attention mask: under a causal mask a token sees none of the padding to its right, and no padding is labelled. So it
    doesn't matter either which token pads (many models have no pad token, or share it with end-of-turn).
    """
    longest = max(len(sample) for sample in samples)
    input_ids = torch.zeros(len(samples), longest, dtype=torch.int64)
    labels = torch.full((len(samples), longest), IGNORED, dtype=torch.int64)
    for row, sample in enumerate(samples):
        input_ids[row, : len(sample)] = torch.tensor(sample.prompt_ids + sample.completion_ids)
        labels[row, : len(sample)] = torch.tensor(sample.labels)
    return {"input_ids": input_ids, "labels": labels, "sample": torch.tensor([sample.index for sample in samples])}


class LengthBatches:
    """A batch sampler: every sample once an epoch, in batches of similar length, in an order that (seed, epoch) alone decides.

    So a resumed run sees the batches that the interrupted one would have seen. `epoch` is set before each pass.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        chunk = self.batch_size * BATCHES_A_CHUNK
        batches = []
        for start in range(0, len(order), chunk):
            by_length = sorted(order[start : start + chunk], key=lambda i: self.lengths[i])
            batches += [by_length[i : i + self.batch_size] for i in range(0, len(by_length), self.batch_size)]
        for position in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[position]
