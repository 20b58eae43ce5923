"""Questions as a model is asked them, and what its scores say: one way for evaluation and for the validation of a training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.common.letters import LETTERS
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.likelihood import Normalisation, gold_nll, normalise, option_lengths
from pipeline.common.model.scoring import EncodedQuestion
from pipeline.common.prompt import Style
from schemas.config.render import RenderConfig


@dataclass(frozen=True)
class Answer:
    """What a model answered: the score of each option (log-likelihood over its length, nats), the place of the best-scored one (of
    equal ones the first), and the negative log-probability of the gold option (nats)."""

    scores: list[float]
    best: int
    gold_nll: float


def encode_question(
    question: Mapping[str, Any], chat: ChatFormat, render: RenderConfig, mode: Style
) -> tuple[EncodedQuestion, str, list[str]]:
    """Token ids of a question, its prompt, and what stands for each option: its letter or its text."""
    safe, prompt, _ = chat.ask(question, mode, render.system_prompt)
    texts = list(LETTERS[: len(safe["options"])]) if mode == "letter" else [option.strip() for option in safe["options"]]
    return EncodedQuestion(chat.encode(prompt), [chat.encode(text) for text in texts]), prompt, texts


def fits(item: EncodedQuestion, render: RenderConfig) -> bool:
    """Whether its prompt with the longest option is short enough for the model."""
    return len(item.prompt_ids) + max(map(len, item.option_ids)) <= render.max_seq_tokens


def lengths(item: tuple[EncodedQuestion, str, list[str]], unit: Normalisation, mode: str) -> list[int]:
    """What each option's summed log-likelihood is divided by; letters are as long as each other."""
    encoded, _, texts = item
    return option_lengths(texts, [len(ids) for ids in encoded.option_ids], unit if mode == "cloze" else "none")


def answer_of(sums: Sequence[float], over: Sequence[int], answer_index: int) -> Answer:
    """The answer that summed log-likelihoods (nats) of a question's options give, `over` their lengths.

    >>> answer_of([-1.0, -3.0], [1, 1], 0).best
    0
    """
    scores = normalise(sums, over)
    best = max(range(len(scores)), key=lambda place: (scores[place], -place))
    return Answer(scores, best, gold_nll(sums, answer_index))
