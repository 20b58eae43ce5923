"""Options in another order each epoch: every order alike, the key goes along, and what must keep its order does."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.grammar.option_order import order_matters
from pipeline.common.model.base_model import load_tokenizer
from pipeline.common.model.chat import ChatFormat
from pipeline.render import count_template_controls, render_question
from pipeline.training.dataset import encode
from pipeline.training.permutation import Permutations, order_of, reordered
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig


@given(st.integers(0, 99), st.integers(0, 99), st.integers(2, 10), st.data())
def test_an_order_is_a_permutation_and_the_key_goes_along(seed, epoch, count, data):
    order = order_of(seed, epoch, "c", count)
    question = {"options": [str(i) for i in range(count)], "answer_index": data.draw(st.integers(0, count - 1))}
    moved = reordered(question, order)
    assert sorted(order) == list(range(count))
    assert moved["options"][moved["answer_index"]] == question["options"][question["answer_index"]]
    assert order == order_of(seed, epoch, "c", count)


def test_every_order_is_as_likely():
    found = Counter(tuple(order_of(7, epoch, f"{content}", 3)) for epoch in range(3) for content in range(2000))
    assert len(found) == 6
    assert all(880 < count < 1120 for count in found.values())


@pytest.mark.parametrize(
    ("stem", "options", "matters"),
    [
        ("Which year?", ["1945", "1954", "1975"], True),
        ("How far?", ["30 km", "20 km", "10 km"], True),
        ("How far?", ["20 km", "30 km", "10 km"], False),
        ("How many?", ["1", "2"], False),
        ("Which city?", ["Huế", "Vinh", "Hà Nội"], False),
        ("Why is option B wrong?", ["Huế", "Vinh", "Hà Nội"], True),
        ("Phương án C sai vì sao?", ["Huế", "Vinh", "Hà Nội"], True),
        ("Which answer a doctor gives is right?", ["Huế", "Vinh", "Hà Nội"], False),
    ],
)
def test_numbers_in_order_and_options_that_are_named_keep_their_places(stem, options, matters):
    assert order_matters({"stem": stem, "context": None, "options": options, "fixed_order": False}) is matters
    assert order_matters({"stem": stem, "context": None, "options": options, "fixed_order": True})


@pytest.fixture(scope="module")
def chat(models):
    return ChatFormat(load_tokenizer(TrainConfig(), models))


@pytest.fixture
def permuted(chat, question):
    """The permutations of questions over three epochs, and the questions by record."""

    def make(rows, epochs=3, most=200):
        config = RenderConfig(max_seq_tokens=most)
        controls = count_template_controls(chat, config)
        examples = [render_question(row, chat, config, controls) for row in rows]
        questions = {row["record_id"]: row for row in rows}
        return Permutations(encode(examples, chat, "train"), questions, chat, config, 7, epochs), questions

    return make


def test_each_epoch_labels_the_letter_at_which_the_answer_stands_now(permuted, question, chat):
    found, questions = permuted([question(i) for i in range(12)])
    letters = set()
    for epoch in range(3):
        found.epoch = epoch
        for place in range(len(found)):
            sample = found[place]
            prompt, completion = chat.tokenizer.decode(sample.prompt_ids), chat.tokenizer.decode(sample.completion_ids)
            row = questions[sample.record_id]
            order = found.orders(place, 3)[epoch]
            letter = completion.removesuffix("<|im_end|>")
            assert f"\n{letter}. {row['options'][row['answer_index']]}\n" in prompt
            assert [f"{mark}. {row['options']['ABC'.index(shown)]}" in prompt for mark, shown in zip("ABC", order, strict=True)] == [
                True
            ] * 3
            letters.add((place, letter))
    assert len(letters) > 24


def test_what_must_keep_its_order_is_trained_as_it_was_rendered(permuted, question):
    rows = [question(0, fixed_order=True), question(1, options=["3", "4", "5"]), question(2)]
    found, _ = permuted(rows)
    assert found.permuted == {2}
    assert found[0] is found.samples[0]
    assert found.orders(1, 3) == []
    assert permuted(rows, epochs=0)[0].permuted == set()


def test_a_sample_that_another_order_makes_too_long_keeps_its_own(permuted, question):
    rows = [question(i) for i in range(6)]
    lengths = {len(sample) for sample in permuted(rows)[0].samples}
    assert permuted(rows, most=max(lengths))[0].permuted == set(range(6))
    found, _ = permuted(rows)
    found.render = RenderConfig(max_seq_tokens=min(lengths) - 1)
    assert not any(found._is_sound(sample, 0) for sample in found.samples)
