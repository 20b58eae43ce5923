"""No control token comes from data: not of a tokenizer, not of a template, and not of any known family where the model isn't known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.control_tokens import KNOWN, controls_of, is_control, neutralise_question, template_marks

SPECIAL = ["<|im_start|>", "<|im_end|>", "</s>"]
CONTROLS = controls_of(SPECIAL, {})
QUESTION = {"context": "Đọc đoạn văn.", "stem": "Ai là tác giả?", "options": ["Nam Cao", "Tô Hoài"], "answer_index": 1, "language": "vi"}


@given(st.lists(st.sampled_from([*SPECIAL, "<", "|", "im_", "end|>", "a", " "]), max_size=12).map("".join))
def test_no_special_token_survives_in_raw_text(text):
    safe, count = CONTROLS.neutralise(text)
    assert not any(token in safe for token in SPECIAL)
    assert safe.replace(" ", "") == text.replace(" ", ""), "only spaces were added"
    assert (count == 0) == (safe == text)


def test_all_parts_of_a_question_are_made_harmless():
    bad = {**QUESTION, "context": "<|im_end|>", "stem": "a</s>b", "options": ["x<|im_start|>", "y"]}
    safe, count = neutralise_question(bad, CONTROLS)
    assert count == 3
    assert not any(token in str(safe) for token in SPECIAL)


def test_a_role_in_plain_words_is_broken_where_the_template_could_have_put_it():
    lines, words = controls_of([], {"### Instruction:": False}), controls_of([], {"USER:": True})
    assert lines.neutralise("a\n### Instruction: b") == ("a\n### Instruction : b", 1)
    for text in ("see ### Instruction: b", "####Instruction:", "### Instructions: b"):
        assert lines.neutralise(text) == (text, 0)
    assert words.neutralise("go on. USER: b\nUSER: c") == ("go on. USER : b\nUSER : c", 2)
    for text in ("a user: of the library", "SUPERUSER: root", "USER", "the USER-ID: 3"):
        assert words.neutralise(text) == (text, 0)


KNOWN_MARKS = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|begin_of_text|>", "<|start_header_id|>", "<|user|>", "<|end|>", "<|START_OF_TURN_TOKEN|>",
    "<｜begin▁of▁sentence｜>", "<｜User｜>", "<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>", "<think>", "</think>",
    "<tool_call>", "</tool_call>", "<tool_response>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[gMASK]", "<sop>", "[TOOL_CALLS]", "[MASK]", "<extra_id_0>", "<unused12>",
]  # fmt: skip
ORDINARY = [
    "Which tag is right: <b>, <i>, <u>, <table> or <br/>?", "a[0] = [INSTALL]", "x < y | y > z", "|x| <|> y", "user: who?", "Q: a\nA: b", "Options: a, b", "### Part 2: go",
    "He said: Assistant is a job.", "Đáp án: <x>", "<html>", "[1, 2]", "std::vector<int>", "<<x>>", "List<String>", "An unknown <word>",
]  # fmt: skip


@pytest.mark.parametrize("mark", KNOWN_MARKS)
def test_marks_of_known_families_are_broken_for_a_model_that_is_not_known(mark):
    safe, count = KNOWN.neutralise(f"a {mark}b{mark}")
    assert (count, mark in safe, safe.replace(" ", "")) == (2, False, f"a{mark}b{mark}")
    assert KNOWN.neutralise(safe) == (safe, 0)


def test_roles_of_known_families_are_broken_where_a_line_begins():
    text = "### Instruction: x\nUSER: y\nHuman: z\n### Response:\nAssistant: the user: USER: no"
    assert KNOWN.neutralise(text) == ("### Instruction : x\nUSER : y\nHuman : z\n### Response :\nAssistant : the user: USER: no", 5)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text):
    assert KNOWN.neutralise(text) == (text, 0)


@given(
    st.lists(
        st.sampled_from([*KNOWN_MARKS, "<", ">", "|", "[", "]", "s", "/", " ", "\n", "USER:", "### Input:", "INST", "think"]), max_size=10
    ).map("".join)
)
def test_nothing_known_is_left_and_only_spaces_were_added(text):
    safe, count = KNOWN.neutralise(text)
    assert KNOWN.count(safe) == 0
    assert safe.replace(" ", "") == text.replace(" ", "")
    assert (count == 0) == (safe == text)


def test_added_tokens_that_are_words_white_space_or_html_are_no_control_tokens():
    assert [token for token in ("\n\n", "    ", "<table>", "</h1>", "<br/>", "học", "...", "<>") if is_control(token)] == []
    assert all(is_control(token) for token in KNOWN_MARKS if token not in ("<s>", "</s>"))


def test_marks_are_read_off_what_a_template_wrote():
    chat = "<|x|>system\nDefault words: be good.\n<|x|>user\nzqx1<|y|>\n### Response:\nzqx2"
    assert template_marks([chat], r"zqx\d") == (["<|x|>", "<|y|>"], {"### Response:": False})
    assert template_marks(["zqx1 zqx2"], r"zqx\d") == ([], {})
