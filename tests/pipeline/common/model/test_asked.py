"""What a model is asked and what its scores say: letters or texts, and of equal scores the first."""

import pytest

from pipeline.common.model.asked import answer_of, encode_question, fits
from pipeline.common.model.base_model import load_tokenizer
from pipeline.common.model.chat import ChatFormat
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig

ASK = {"context": None, "stem": "Capital?", "options": [" Paris", "Vinh "], "answer_index": 1, "language": "en"}


@pytest.fixture(scope="module")
def chat(models):
    return ChatFormat(load_tokenizer(TrainConfig(), models))


def test_letters_or_texts_stand_for_the_options(chat):
    render = RenderConfig()
    item, prompt, texts = encode_question(ASK, chat, render, "letter")
    assert texts == ["A", "B"]
    assert "A. Paris\nB. Vinh\n" in prompt
    assert [chat.tokenizer.decode(ids) for ids in item.option_ids] == texts
    assert encode_question(ASK, chat, render, "cloze")[2] == ["Paris", "Vinh"]
    length = len(item.prompt_ids) + 1
    assert fits(item, RenderConfig(max_seq_tokens=max(length, 32)))
    assert not fits(item, render.model_copy(update={"max_seq_tokens": length - 1}))


def test_the_best_score_is_the_answer_and_of_equal_ones_the_first():
    assert answer_of(ASK, [-2.0, -1.0], "letter").best == 1
    assert answer_of(ASK, [-1.0, -1.0], "letter").best == 0
    # Per byte, the longer option is the likelier.
    assert answer_of(ASK, [-5.0, -4.5], "cloze").best == 0
    assert answer_of(ASK, [-1.0, -1.0], "letter").gold_nll == pytest.approx(0.6931, abs=1e-4)
