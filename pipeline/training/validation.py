"""Validation after each epoch: the loss that training minimises, and how many questions are answered right, asked as evaluation asks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from pipeline.common.model.asked import Answer, answer_of, encode_question, fits, lengths
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.job import log
from pipeline.common.model.memory import halves, in_memory
from pipeline.common.model.scoring import EncodedQuestion, scored_batches
from pipeline.training.dataset import Sample, collate
from pipeline.training.history import History
from pipeline.training.packed import passes_of
from schemas.config.evaluate import EvaluateConfig
from schemas.config.render import RenderConfig
from schemas.errors import TrainingError

# Samples of a pass, where its tokens allow as many: nothing is kept, so it needs less than a step.
AT_ONCE = 64


@dataclass(frozen=True)
class Asked:
    """A question that is asked: its row in the examples table, its key, its token ids, and what each option's score is divided by."""

    index: int
    answer_index: int
    item: EncodedQuestion
    over: list[int]


def asked_of(
    samples: Iterable[Sample],
    questions: Mapping[str, Mapping[str, Any]],
    chat: ChatFormat,
    render: RenderConfig,
    evaluate: EvaluateConfig,
) -> list[Asked]:
    """The samples' questions as evaluation asks them in its primary mode, in order, without those too long for the model that way."""
    numbered = ((sample.index, questions[sample.record_id]) for sample in samples)
    found = (asked_as(index, question, chat, render, evaluate) for index, question in numbered)
    return [one for one in found if one is not None]


def asked_as(index: int, question: Mapping[str, Any], chat: ChatFormat, render: RenderConfig, evaluate: EvaluateConfig) -> Asked | None:
    """A question as evaluation asks it in its primary mode, under this number; None where it is too long for the model that way."""
    encoded = encode_question(question, chat, render, evaluate.primary)
    if not fits(encoded[0], render) or not all(encoded[0].option_ids):
        return None
    return Asked(index, question["answer_index"], encoded[0], lengths(encoded, evaluate.cloze_normalisation, evaluate.primary))


def ask(model: Any, asked: Sequence[Asked], evaluate: EvaluateConfig) -> dict[int, Answer]:
    """The answers of `model`, which is in eval mode, by row."""
    answers: dict[int, Answer] = {}
    for batch, scores, _ in scored_batches(model, [one.item for one in asked], evaluate.batch_tokens, "validation"):
        for place, sums in zip(batch, scores, strict=True):
            answers[asked[place].index] = answer_of(sums, asked[place].over, asked[place].answer_index)
    return answers


class Validation:
    """Measures the validation samples, and what of the training ones is `mapped` for dataset cartography.

    `loss_of(model, input_ids, labels)` gives summed loss and number of labelled tokens of each row of a batch (`at_once` at most).
    """

    def __init__(
        self,
        model: Any,
        loss_of: Any,
        samples: Sequence[Sample],
        asked: Sequence[Asked],
        mapped: Sequence[Asked],
        evaluate: EvaluateConfig,
        at_once: int = AT_ONCE,
    ) -> None:
        self.model, self.loss_of, self.evaluate, self.at_once = model, loss_of, evaluate, at_once
        self.samples, self.asked, self.mapped = sorted(samples, key=len), asked, mapped

    def run(self, history: History, epoch: int, autocast: AbstractContextManager[Any]) -> dict[str, Any]:
        """Figures of an Epoch; from epoch 1 on each sample's are noted in `history`. Raises TrainingError for a loss that isn't finite."""
        if not self.samples and not self.mapped:
            return {}
        self.model.eval()
        with torch.no_grad(), autocast:
            losses = self._losses()
        answers = ask(self.model, self.asked, self.evaluate)
        all_answers = answers | ask(self.model, self.mapped, self.evaluate) if epoch else answers
        self.model.train()
        if epoch:
            for index, loss in losses.items():
                history.losses[index].append(loss)
            for one in (*self.asked, *self.mapped):
                answer = all_answers[one.index]
                history.gold_probabilities[one.index].append(math.exp(-answer.gold_nll))
                history.gold_chosen[one.index].append(answer.best == one.answer_index)
        figures: dict[str, Any] = {}
        if losses:
            figures["validation_loss"] = math.fsum(losses.values()) / len(losses)
        if answers:
            right = sum(answers[one.index].best == one.answer_index for one in self.asked)
            gold_nll = math.fsum(answer.gold_nll for answer in answers.values()) / len(answers)
            figures |= {"mode": self.evaluate.primary, "right": right, "asked": len(answers), "gold_nll": gold_nll}
        return figures

    def _losses(self) -> dict[int, float]:
        """By index, in passes as training has them; a pass that memory doesn't hold is halved."""
        found: dict[int, float] = {}
        waiting = [self.samples[start : start + self.at_once] for start in range(0, len(self.samples), self.at_once)][::-1]
        while waiting:
            samples = waiting.pop()
            if len(samples) > self.at_once:
                waiting += halves(samples)
                continue
            batch = collate(samples)
            several = passes_of(self.model, batch)
            if len(several) > 1:
                waiting += [samples[few] for few in reversed(several)]
                continue
            losses = in_memory(partial(self._losses_of, batch))
            if losses is not None:
                found.update(zip(batch["sample"].tolist(), losses, strict=True))
                continue
            if len(samples) == 1:
                raise TrainingError(
                    f"out of memory in validation: record {samples[0].record_id} of {len(samples[0])} tokens doesn't fit alone; lower "
                    "render.max_seq_tokens, free memory, or take a smaller base model"
                )
            self.at_once = (len(samples) + 1) // 2
            log.warning("warning: out of memory with %d validation samples at once; going on with %d", len(samples), self.at_once)
            waiting += halves(samples)
        refuse_non_finite({sample.record_id: found[sample.index] for sample in self.samples}, "validation", "")
        return found

    def _losses_of(self, batch: dict[str, torch.Tensor]) -> list[float]:
        inputs = {key: value.to(self.model.device) for key, value in batch.items()}
        nll, tokens = self.loss_of(self.model, inputs["input_ids"], inputs["labels"])
        losses: list[float] = (nll / tokens).tolist()
        return losses


def refuse_non_finite(losses: Mapping[str, float], what: str, cure: str) -> None:
    """Raises TrainingError that names the records (id -> loss) of a batch whose losses aren't all finite."""
    if bad := [record_id for record_id, loss in losses.items() if not math.isfinite(loss)]:
        others = [record_id for record_id in losses if record_id not in bad]
        beside = f" (beside {', '.join(others)} in the batch)" if others and len(losses) <= 64 else ""
        raise TrainingError(
            f"the {what} loss of record {', '.join(bad[:8])}{f' and {len(bad) - 8} more' if len(bad) > 8 else ''}{beside} is not finite: "
            f"activations left the range of the number type, or an earlier step broke the weights; look at them with `mcq trace ID`{cure}"
        )
