"""What a model is asked and what its scores say: letters or texts, and of equal scores the first."""

import pytest

from pipeline.common.model.asked import answer_of, encode_question, fits, lengths
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
    assert answer_of([-2.0, -1.0], [1, 1], 1).best == 1
    assert answer_of([-1.0, -1.0], [1, 1], 1).best == 0
    # Over its length, the longer option is the likelier; its probability is that of its whole text.
    found = answer_of([-5.0, -4.5], [5, 4], 1)
    assert (found.best, found.scores) == (0, [-1.0, -1.125])
    assert found.gold_nll == pytest.approx(0.4741, abs=1e-4)


def test_letters_are_as_long_as_each_other(chat):
    encoded = encode_question(ASK, chat, RenderConfig(), "cloze")
    assert lengths(encoded, "byte", "cloze") == [5, 4]
    assert lengths(encoded, "byte", "letter") == [1, 1]
