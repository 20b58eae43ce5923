"""Training sets that can't be trained on, and what the reader of a result should know of a small or one-sided one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from pipeline.training.dataset import Sample
from pipeline.training.history import Epoch
from pipeline.training.permutation import Permutations
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError

# The sample's handbook alone (72 questions, SmolLM2-135M): 78 steps left 38% of its questions right, 156 made it 90%.
FEW_STEPS = 100
# Beneath, the difference between two epochs' losses is noise, and so is the choice of one.
FEW_VALIDATION = 20


def require_samples(rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises TrainingError, with what to do, when no example of split train is fit to be trained on."""
    train = [row for row in rows if row["split"] == "train"]
    if any(row["status"] == "ok" for row in train):
        return
    if train:
        found = ", ".join(f"{count} {status}" for status, count in Counter(row["status"] for row in train).items())
        raise TrainingError(
            f"no example to train on: the training split has {len(train)} question{'s' * (len(train) > 1)}, and none is fit ({found}); "
            "raise render.max_seq_tokens for those too long, take another base model for those that its tokenizer changes"
        )
    splits = ", ".join(f"{count} {split}" for split, count in Counter(row["split"] for row in rows).items()) or "no question at all"
    raise TrainingError(
        f"no example to train on: the training split is empty ({splits}); `mcq ledger --where \"disposition = 'rejected'\"` "
        "says what became of the records: mend the sources, lower quality.min_score, or give `split.train` a larger share"
    )


def of_training_set(
    train: TrainConfig,
    training: Sequence[Sample],
    samples: Permutations,
    held_out: Sequence[Sample],
    questions: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Sentences on what these samples can't teach or show; none of it stops a run."""
    found = []
    if len(training) > 1:
        found += _one_sided(training, samples, questions)
    steps = ceil(ceil(len(training) / train.batch_size) / train.gradient_accumulation * train.epochs)
    if steps < FEW_STEPS:
        found.append(
            f"{steps} optimiser step{'s' * (steps > 1)} may be too few to learn anything (the sample's handbook: 78 left it at 38%, "
            "156 made it 90%); lower train.batch_size or gradient_accumulation, or raise train.epochs"
        )
    if not held_out:
        found.append("no validation questions: the last epoch is kept, and nothing tells when training should have ended")
    elif len(held_out) < FEW_VALIDATION:
        found.append(f"{len(held_out)} validation question{'s' * (len(held_out) > 1)}: which epoch is best is mostly chance")
    return found


def _one_sided(training: Sequence[Sample], samples: Permutations, questions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    keys = [questions[sample.record_id] for sample in training]
    texts = {row["options"][row["answer_index"]].strip().casefold() for row in keys}
    if len(texts) == 1:
        answer = keys[0]["options"][keys[0]["answer_index"]][:60]
        return [
            f"all {len(training)} trained questions have one answer, {answer!r}: the model can learn to say it without reading; "
            "add questions with other answers"
        ]
    if not samples.permuted and len({tuple(sample.completion_ids) for sample in training}) == 1:
        return [
            f"all {len(training)} trained questions have their answer in one place: the model can learn the letter without reading; "
            "set train.permute_options, or mend the answer format"
        ]
    return []


def of_result(kept: Epoch, before: Epoch) -> list[str]:
    """What the measured epochs say against the adapter that is kept."""
    if kept.validation_loss is None or before.validation_loss is None or kept.validation_loss < before.validation_loss:
        return []
    return [
        f"validation got no better: its loss was {before.validation_loss:.4f} before training and is {kept.validation_loss:.4f} in "
        f"the kept epoch {kept.epoch}; lower the learning rate, or add questions"
    ]
