"""Chats."""

TEXT = "Thủ đô?\nA. Hà Nội\nB. Huế"


def test_messages_and_conversations(parse):
    system = {"role": "system", "content": "Answer."}
    messages = [{"messages": [system, {"role": "user", "content": TEXT}, {"role": "assistant", "content": "B"}]}]
    assert parse(messages, "m.jsonl") == [("Thủ đô?", ["Hà Nội", "Huế"], "Huế")]
    shared = [{"conversations": [{"from": "human", "value": TEXT}, {"from": "gpt", "value": "B. Huế"}]}]
    assert parse(shared, "s.json") == [("Thủ đô?", ["Hà Nội", "Huế"], "Huế")]


def test_a_chat_without_an_answer_or_without_options(reasons):
    assert reasons([{"messages": [{"role": "user", "content": TEXT}]}]) == [["unknown_layout"]]
    open_question = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]
    assert reasons([{"messages": open_question}]) == [["not_multiple_choice"]]
