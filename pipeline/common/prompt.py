"""The one prompt that training and evaluation share: what of a question the model reads, and what it should answer.

Two styles: `letter` lists the options and is answered by a letter (the form of MMLU, arXiv 2009.03300); `cloze` shows the question
alone and is answered by an option's text. Nothing here knows a tokenizer: the chat template is applied by `pipeline.common.model.chat`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pipeline.common.letters import LETTERS

Style = Literal["cloze", "letter"]
ANSWER_LABELS = {"vi": "Đáp án:", "en": "Answer:"}


def messages(question: Mapping[str, Any], style: Style, system_prompt: str) -> list[dict[str, str]]:
    """The chat up to where the answer begins; `question` holds context (may be None), stem, options and language.

    >>> chat = messages({"context": None, "stem": "2 + 2?", "options": ["3", "4"], "language": "en"}, "letter", "Be brief.")
    >>> chat[0]
    {'role': 'system', 'content': 'Be brief.'}
    >>> print(chat[1]["content"])
    2 + 2?
    A. 3
    B. 4
    Answer:
    """
    text = question["stem"].strip()
    if question["context"]:
        text = f"{question['context'].strip()}\n\n{text}"
    if style == "letter":
        listed = [f"{letter}. {option.strip()}" for letter, option in zip(LETTERS, question["options"], strict=False)]
        label = ANSWER_LABELS["vi" if question["language"] == "vi" else "en"]
        text = "\n".join([text, *listed, label])
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    return [*system, {"role": "user", "content": text}]


def answer(question: Mapping[str, Any], index: int, style: Style) -> str:
    """What the model should say to choose option `index` (from 0), without the end-of-turn token.

    >>> answer({"options": ["Huế", "Đà Lạt"]}, 1, "letter"), answer({"options": ["Huế", "Đà Lạt"]}, 1, "cloze")
    ('B', 'Đà Lạt')
    """
    text: str = LETTERS[index] if style == "letter" else question["options"][index].strip()
    return text
