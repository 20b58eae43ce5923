"""Chats."""

import pytest

TEXT = "Thủ đô?\nA. Hà Nội\nB. Huế"


def test_messages_and_conversations(parse):
    system = {"role": "system", "content": "Answer."}
    messages = [{"messages": [system, {"role": "user", "content": TEXT}, {"role": "assistant", "content": "B"}]}]
    assert parse(messages, "m.jsonl") == [("Thủ đô?", ["Hà Nội", "Huế"], "Huế")]
    shared = [{"conversations": [{"from": "human", "value": TEXT}, {"from": "gpt", "value": "B. Huế"}]}]
    assert parse(shared, "s.json") == [("Thủ đô?", ["Hà Nội", "Huế"], "Huế")]


def test_a_chat_without_an_answer_or_without_options(reasons):
    assert reasons([{"messages": [{"role": "user", "content": TEXT}]}]) == [["missing_answer"]]
    open_question = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]
    assert reasons([{"messages": open_question}]) == [["not_multiple_choice"]]


ASKED = "Who flies?\nA) a fish\nB) a bird\nC) a cow"


def talk(*texts, first="user"):
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    return {"messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]}


@pytest.mark.parametrize(
    "answer",
    [
        "The correct answer is B) a bird.",
        "**B. a bird**",
        "B\nBirds have wings.",
        "Birds have wings.\nThe answer is (B).",
        "<think>A? No, a fish swims.</think>B",
        "Answer: B",
        "The answer is B because birds have wings.",
        "Đáp án đúng là B. a bird",
    ],
)
def test_an_answer_may_be_a_sentence_or_bring_its_reason(parse, answer):
    assert parse([talk(ASKED, answer)]) == [("Who flies?", ["a fish", "a bird", "a cow"], "a bird")]


@pytest.mark.parametrize("answer", ["The answer is B) a fish.", "The answer is A bird.", "It depends.", "Not B.", "A or B"])
def test_an_answer_that_names_no_option_clearly(read, answer):
    questions, rejected = read([talk(ASKED, answer)])
    assert questions == []
    assert rejected[0]["reason_codes"][0] in ("answer_not_in_options", "multiple_answers")


@pytest.mark.parametrize(
    "behind",
    [
        "\nAnswer with the letter.",
        "\n\nAnswer:",
        "\nPlease choose the correct option.\n\nYour answer:",
        "\nHãy chọn đáp án đúng.",
        "\n### Response:",
    ],
)
def test_what_tells_how_to_answer_is_no_part_of_the_last_option(parse, behind):
    assert parse([talk(ASKED + behind, "C")]) == [("Who flies?", ["a fish", "a bird", "a cow"], "a cow")]


def test_lines_of_an_option_that_only_look_so_stay(parse):
    assert parse([talk("What next?\nA) go\nB) stay\nand answer the phone", "B")])[0][1][1].endswith("answer the phone")


def test_several_questions_in_one_chat_are_none_and_small_talk_is_context(read, reasons):
    assert reasons([talk(ASKED, "B", "Who moos?\nA) a cow\nB) a cat", "A")]) == [["multiple_questions"]]
    (question,), _ = read([talk("Birds have wings.", "True.", ASKED, "B")])
    assert (question["stem"], question["context"]) == ("Who flies?", "Birds have wings.\nTrue.")


def test_a_chat_that_ends_with_the_question_has_no_key(reasons):
    assert reasons([talk(ASKED), talk("Hello", ASKED, first="assistant")]) == [["missing_answer"], ["missing_answer"]]


def test_an_answer_that_changes_its_mind_states_two_keys(read):
    asked = {"role": "user", "content": "Which?\nA. x\nB. y"}
    said = ("A\nWait, the answer is B.", "A\nIndeed, the answer is A.", "B\nThe answer is a colour.")
    questions, rejected = read([{"messages": [asked, {"role": "assistant", "content": text}]} for text in said])
    assert [question["answer_index"] for question in questions] == [0, 1]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]
