"""Words as numbers: those of `words`, in order, a row a text, however many texts are read at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common import tokens
from pipeline.common.text import fold
from pipeline.common.tokens import Vocabulary, tokenize
from pipeline.common.words import normal_word, words

TEXTS = st.lists(st.text(alphabet="aB2,. ...?\0Đá\\+-", max_size=12), max_size=12)


def told(texts):
    vocabulary = Vocabulary()
    found = tokenize(texts, vocabulary)
    return [[vocabulary.normal[v] for v in found.values[a:b]] for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


@given(TEXTS)
def test_tokens_are_the_words_of_each_text_and_a_wordless_one_is_its_folded_self(texts):
    assert told(texts) == [words(text.replace("\0", " ")) or [fold(text)] for text in texts]


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_rows_are_the_same_in_chunks_of_any_size(chunk, monkeypatch):
    texts = ["Hà Nội", "...", "", "hai two 2", "Đà Nẵng"]
    whole = told(texts)
    monkeypatch.setattr(tokens, "TEXT_CHUNK", chunk)
    assert told(texts) == whole


def test_spellings_of_one_word_share_a_number():
    vocabulary = Vocabulary()
    assert vocabulary["Lý"] == vocabulary["lí"] == vocabulary.number(normal_word("lí")) != vocabulary["la"]


def test_no_texts_have_no_tokens():
    assert told([]) == []
