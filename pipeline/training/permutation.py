"""Another order of a question's options each epoch, where the prompt lists them: no letter is learnt for its place.

Models prefer some letters (arXiv 2309.03882), and a small set teaches whichever letters its answers happen to have.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.common.grammar.option_order import order_matters
from pipeline.common.letters import LETTERS
from pipeline.common.model.chat import ChatFormat
from pipeline.common.prompt import answer
from pipeline.training.dataset import Sample, check_labels
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def order_of(seed: int, epoch: int, content_id: str, options: int) -> list[int]:
    """Places of the options in the order of an epoch (from 0): every order equally likely, and the same on every machine.

    >>> order_of(7, 0, "c0ffee", 4), order_of(7, 1, "c0ffee", 4)
    ([3, 0, 2, 1], [1, 2, 0, 3])
    """
    return sorted(range(options), key=lambda place: hashlib.sha256(f"{seed} {epoch} {content_id} {place}".encode()).digest())


def reordered(question: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
    """The question with its options in this order, and its key where the right one stands now.

    >>> reordered({"options": ["Huế", "Hà Nội", "Vinh"], "answer_index": 0}, [2, 0, 1])
    {'options': ['Vinh', 'Huế', 'Hà Nội'], 'answer_index': 1}
    """
    options = [question["options"][place] for place in order]
    return {**question, "options": options, "answer_index": list(order).index(question["answer_index"])}


def permuted_epochs(train: TrainConfig, render: RenderConfig) -> int:
    """In how many epochs options may stand in another order: in all where the prompt lists them, unless that is switched off."""
    return math.ceil(train.epochs) if render.style == "letter" and train.permute_options else 0


class Permutations:
    """The trained samples, each in the order of the current `epoch` (from 0); those that must keep their order are as they were.

    A sample is permuted when that is proven for every epoch beforehand: short enough, its labels the new letter, no control token
    that its first rendering had not. So no later epoch can stop a run.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        questions: Mapping[str, Mapping[str, Any]],
        chat: ChatFormat,
        render: RenderConfig,
        seed: int,
        epochs: int,
    ) -> None:
        """`epochs` 0 permutes nothing."""
        self.samples, self.questions, self.chat, self.render, self.seed = samples, questions, chat, render, seed
        self.epoch = 0
        self.permuted = {place for place, sample in enumerate(samples) if epochs and self._may_permute(sample, epochs)}

    @classmethod
    def fixed(cls, samples: Sequence[Sample]) -> "Permutations":
        """The samples as they are, in every epoch."""
        nothing: Any = None
        return cls(samples, {}, nothing, nothing, 0, 0)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, place: int) -> Sample:
        return self._in_epoch(self.samples[place], self.epoch)[0] if place in self.permuted else self.samples[place]

    def orders(self, place: int, epochs: int) -> list[str]:
        """The order of a sample in each of so many epochs, by the letters that its options have in their file; none where it was kept."""
        if place not in self.permuted:
            return []
        return ["".join(LETTERS[option] for option in self._order(self.samples[place], epoch)) for epoch in range(epochs)]

    def _may_permute(self, sample: Sample, epochs: int) -> bool:
        return not order_matters(self.questions[sample.record_id]) and all(self._is_sound(sample, epoch) for epoch in range(epochs))

    def _order(self, sample: Sample, epoch: int) -> list[int]:
        question = self.questions[sample.record_id]
        return order_of(self.seed, epoch, question["content_id"], len(question["options"]))

    def _in_epoch(self, sample: Sample, epoch: int) -> tuple[Sample, str]:
        """The sample as it is in an epoch, and its completion."""
        question = reordered(self.questions[sample.record_id], self._order(sample, epoch))
        safe, prompt, _ = self.chat.ask(question, "letter", self.render.system_prompt)
        completion = self.chat.completion(answer(safe, safe["answer_index"], "letter"))
        return Sample(sample.index, sample.record_id, self.chat.encode(prompt), self.chat.encode(completion)), completion

    def _is_sound(self, sample: Sample, epoch: int) -> bool:
        found, completion = self._in_epoch(sample, epoch)
        controls = self.chat.control_ids
        before, after = (sum(token in controls for token in one.prompt_ids) for one in (sample, found))
        try:
            check_labels(found, completion, self.chat)
        except TrainingError:
            return False
        return len(found) <= self.render.max_seq_tokens and before == after
