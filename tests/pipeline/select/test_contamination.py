"""Shared n-grams with a benchmark: found whatever stands around them, never across a passage, a rubric or two questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.select.contamination import most_shared, shared_ngrams
from schemas.tables.arrow import to_frame
from schemas.tables.curation import Question

WORDS = [f"w{chr(97 + i)}" for i in range(20)]
TEXT = " ".join(WORDS)


def question(name, stem, options=("yes", "no"), role="train", context=None):
    return {
        **{"record_id": name, "source": "s", "role": role, "file": "f", "locator": f"f#item:{name}", "content_id": name},
        **{"stem": stem, "context": context, "options": list(options), "answer_index": 0, "explanation": None, "subject": None},
        **{"language": "en", "original_id": None, "repairs": [], "fixed_order": False},
    }


def shared(*rows, **more):
    found = shared_ngrams(to_frame(list(rows), Question), **more)
    return list(found.itertuples(index=False, name=None))


@pytest.mark.parametrize(("words", "expected"), [(12, []), (13, [("t", "b", 1)]), (15, [("t", "b", 3)])])
def test_thirteen_words_in_a_row_are_needed(words, expected):
    theirs = question("b", f"Before it {' '.join(WORDS[:words])} after it", role="benchmark")
    assert shared(question("t", f"Look: {' '.join(WORDS[:words])}!"), theirs) == expected


def test_case_tone_marks_and_punctuation_do_not_matter():
    plain = "hoá học là môn học nghiên cứu về chất lí thuyết và các phản ứng"
    assert (
        len(shared(question("t", plain), question("b", plain.replace("hoá", "Hóa").replace(" lí", ", lý").upper(), role="benchmark"))) == 1
    )


def test_passage_and_rubric_are_cut():
    atlas = "Căn cứ vào Atlat Địa lí Việt Nam trang 10, hãy cho biết "
    theirs = question("b", f"{atlas}sông nào dài nhất?", role="benchmark", context=TEXT)
    assert shared(question("t", f"{atlas}hồ nào sâu?", context=TEXT), theirs) == []


def test_an_ngram_never_runs_into_the_next_question():
    rows = [
        question("b", TEXT, role="benchmark"),
        question("t", " ".join(WORDS[:7]), [WORDS[7], "x"]),
        question("u", " ".join(WORDS[8:]), ["y", "z"]),
    ]
    assert shared(*rows) == []


def test_options_are_compared_in_any_order():
    options = [" ".join(WORDS[:8]), " ".join(WORDS[8:])]
    assert shared(question("t", "Which?", options), question("b", "What is right?", options[::-1], role="benchmark"))


@pytest.mark.parametrize("role", ["train", "benchmark"])
def test_one_role_alone_shares_nothing(role):
    assert shared(question("a", TEXT, role=role), question("b", TEXT, role=role)) == []
    assert shared() == []


def test_the_benchmark_question_that_shares_most_is_named():
    rows = [question("b1", " ".join(WORDS[:14]), role="benchmark"), question("b2", TEXT, role="benchmark"), question("t", TEXT)]
    assert shared(*rows) == [("t", "b2", 10), ("t", "b1", 2)]
    assert most_shared(to_frame(rows, Question)) == {"t": "b2"}


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from("abc"), max_size=12)), max_size=8))
def test_pairs_are_those_of_a_plain_search(rows):
    asked = [question(str(i), " ".join(words), ["x", f"y{i}"], "benchmark" if role else "train") for i, (role, words) in enumerate(rows)]
    texts = [[*words, "x", f"y{i}"] for i, (_, words) in enumerate(rows)]
    grams = [[tuple(text[at : at + 3]) for at in range(len(text) - 2)] for text in texts]
    expected = {
        (str(t), str(b), sum(gram in grams[b] for gram in grams[t]))
        for t, (role, _) in enumerate(rows)
        for b, (other, _) in enumerate(rows)
        if other and not role and set(grams[t]) & set(grams[b])
    }
    assert set(shared(*asked, words=3)) == expected
