"""RACE and its relatives: one passage with several questions, nested or in parallel lists, or flat."""

NESTED = {
    "id": "high1.txt",
    "article": "A short story.",
    "questions": ["Where is it?", "Who?"],
    "options": [["here", "there"], ["Ann", "Bob"]],
    "answers": ["B", "A"],
}
EXPECTED = [("Where is it?", ["here", "there"], "there"), ("Who?", ["Ann", "Bob"], "Ann")]


def test_nested(parse, read):
    for content, name in ((NESTED, "a.json"), ([NESTED], "b.json"), ([NESTED], "c.jsonl")):
        assert parse(content, name) == EXPECTED
    assert {row["context"] for row in read(NESTED)[0]} == {"A short story."}


def test_flat(parse):
    rows = [
        {"article": "A short story.", "question": q, "options": o, "answer": "AB"[o.index(a)], "example_id": "1"} for q, o, a in EXPECTED
    ]
    assert parse(rows, "race.jsonl") == EXPECTED


def test_questions_as_objects_inside_a_short_passage(read):
    data = {"passage": "Đoạn văn.", "questions": [{"question": "Gì?", "options": ["x1", "y1"], "answer": "A"}]}
    for content in (data, [data], {"data": [data]}):
        (row,), _ = read(content)
        assert (row["context"], row["options"]) == ("Đoạn văn.", ["x1", "y1"])


def test_vimmrc(parse):
    data = [{"id": "1", "article": "Một câu chuyện.", "questions": ["Ai?"], "options": [["An", "Bình", "Cường", "Dũng"]], "answers": ["C"]}]
    assert parse(data, "vimmrc.json") == [("Ai?", ["An", "Bình", "Cường", "Dũng"], "Cường")]


def test_a_passage_may_be_called_text_unless_it_repeats_the_question(read):
    question = {"question": "Where is it?", "choices": ["here", "there"], "answer": "B"}
    (row,), _ = read({"passages": [{"title": "T", "text": "A short story.", "questions": [question]}]})
    assert row["context"] == "A short story."
    (row,), _ = read([question | {"text": "Where is it? A. here B. there"}])
    assert row["context"] is None
