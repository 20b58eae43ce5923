"""Questions inside prompts: what is asked, what was solved before it, and what tells how to answer."""

import json

import pytest


def lines(*prompts):
    return "\n".join(json.dumps({"prompt": prompt, "completion": key}) for prompt, key in prompts)


ASKED = "Which is a bird?\nA. wren\nB. trout\nC. newt"


@pytest.mark.parametrize("label", ["Q: ", "Question: ", "question : ", "Câu hỏi: "])
@pytest.mark.parametrize("asks", ["\nA:", "\nAnswer:", "\n\nAnswer: ", ""])
def test_what_a_prompt_says_around_a_question_is_no_part_of_it(parse, label, asks):
    found = parse(lines((f"{label}{ASKED}{asks}", " A"), ("Who flies?\nA. Ann\nB. a bat", "B")), "a.jsonl")
    assert found[0] == ("Which is a bird?", ["wren", "trout", "newt"], "wren")


@pytest.mark.parametrize(
    "solved",
    [
        "Q: Which is wet?\n(A) rain (B) sand\nA: (A)\n\nQ: ",
        "Q: Which is dry?\n(A) rain (B) sand\nA: Rain is wet, so the answer is (B).\n\nQ: ",
        "Which is wet?\nA. rain\nB. sand\nAnswer: A\n\n",
        "Câu hỏi: Cái gì ướt?\nA. mưa\nB. cát\nĐáp án: A\n\nCâu hỏi: ",
    ],
)
def test_a_prompt_with_solved_questions_before_the_one_that_is_asked_is_refused(read, solved):
    questions, rejected = read(lines((f"{solved}Which is a bird?\n(A) wren (B) trout\nA:", "A"), (ASKED, "A")), "a.jsonl")
    assert [question["stem"] for question in questions] == ["Which is a bird?"]
    assert len(rejected) == 1


def test_a_line_that_states_the_key_is_the_key(parse):
    rows = [{"text": f"Question: {ASKED}\nAnswer: {key}"} for key in ("A", "(C)")]
    assert [question[2] for question in parse("\n".join(map(json.dumps, rows)), "a.jsonl")] == ["wren", "newt"]


def test_a_dialogue_keeps_its_speakers(parse):
    stem = "Q: Shall we go?\nA: Rain is coming.\nWhat does the second speaker mean?"
    rows = [{"question": stem, "options": ["yes", "no"], "answer": "B"}, {"question": "Who?", "options": ["Ann", "Bob"], "answer": "A"}]
    assert parse(json.dumps(rows), "a.json")[0][0] == stem


def test_a_thought_that_a_prompt_begins_is_no_option(parse):
    rows = [(f"Q: {ASKED}\nA: Let's think step by step.", "The answer is (B)."), (f"Q: {ASKED}\nA:", "The answer is (A).")]
    assert [question[1:] for question in parse(lines(*rows), "a.jsonl")] == [
        (["wren", "trout", "newt"], "trout"),
        (["wren", "trout", "newt"], "wren"),
    ]


def test_a_question_about_a_sound_needs_it(read):
    questions, (heard,) = read(lines((f"[sound:call_7.mp3] {ASKED}", "A"), (ASKED, "A")), "a.jsonl")
    assert (len(questions), heard["reason_codes"]) == (1, ["image_required"])
