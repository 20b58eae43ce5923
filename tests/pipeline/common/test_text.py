"""Text for reading keeps what an author wrote; text for comparing folds what carries no meaning."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.text import (
    FEW_CHARS,
    canonical_json,
    clean,
    fold,
    fold_option,
    normal_form,
    one_line,
    short_hash,
    strip_marks,
    undo_mojibake,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


def test_cleaning_takes_what_nobody_sees_and_keeps_the_paragraphs():
    assert clean("a\u00a0 b\r\n\r\n\r\n\r\nc\u200b \n d\x07") == "a b\n\nc\nd"


@given(st.text())
def test_cleaned_and_folded_text_stays_as_it_is(text):
    assert clean(clean(text)) == clean(text)
    assert one_line(one_line(text)) == one_line(text) == " ".join(text.split())


@given(
    marks=st.text(st.characters(categories=["Mn", "Mc"]) | st.sampled_from("\u0323\u0300\u0344\u0f73\uff9e\u200d…a"), min_size=40),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
)
def test_marks_beyond_number_are_ordered_as_unicode_orders_them(marks, form):
    text = "x" * FEW_CHARS + f"a{marks}ộ{marks[::-1]}"
    assert normal_form(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize(("option", "folded"), [("Hà Nội .", "hà nội"), ("x;,", "x"), ("...", "..."), ("", "")])
def test_an_option_loses_its_closing_punctuation_unless_it_is_nothing_else(option, folded):
    assert fold_option(option) == folded


def test_folding_keeps_marks_that_tell_words_apart():
    assert fold("Má – “ma”") == 'má - "ma"'
    assert fold("ma") != fold("má")


def test_headers_lose_marks_case_and_punctuation():
    assert [strip_marks(text) for text in ("Đáp án", " Câu  hỏi? ", "---")] == ["dap_an", "cau_hoi", ""]


def test_equal_values_have_one_json_text_whatever_the_order_of_their_keys():
    assert canonical_json({"b": 1, "a": [2]}) == canonical_json({"a": [2], "b": 1}) == '{"a":[2],"b":1}'
    assert canonical_json({"nan": math.nan, "list": [math.inf, "\ud800"]}) == '{"list":[null,"\ufffd"],"nan":null}'


@given(JSON)
def test_any_value_has_a_json_text_that_can_be_stored(value):
    canonical_json(value).encode()


def test_a_hash_knows_where_a_part_ends():
    assert short_hash("ab", "c") != short_hash("a", "bc") != short_hash("abc")
    assert len(short_hash("\ud800")) == 16


@pytest.mark.parametrize("text", ["Thành phố nào đẹp?", "ngày mai và y tế", "Tàu là gì, màu nào?", "nhà ở và hàng hóa này"])
def test_vietnamese_is_restored_where_the_no_break_space_of_its_mojibake_became_a_plain_one(text):
    broken = text.encode().decode("cp1252")
    assert undo_mojibake(broken) == text
    assert undo_mojibake(broken.replace("\u00a0", " ")).replace("  ", " ") == text


def test_french_keeps_its_word_of_one_letter():
    assert undo_mojibake("c'est Ã moi, dÃ©jÃ vu") == "c'est à moi, déjà vu"
