"""Prodigy's choice tasks."""

OPTIONS = [{"id": 4, "text": "fish"}, {"id": 9, "text": "bird"}]


def task(question, accept, answer):
    return {"text": question, "options": OPTIONS, "accept": accept, "answer": answer, "_input_hash": 1}


def test_the_ids_that_were_accepted_are_the_key(parse):
    assert parse([task("Who flies?", [9], "accept")], "a.jsonl") == [("Who flies?", ["fish", "bird"], "bird")]


def test_tasks_that_were_not_accepted_have_no_key(reasons):
    rows = [task("Who flies?", [9], "reject"), task("Who swims?", [4], "ignore"), task("Who eats?", [4, 9], "accept")]
    assert reasons(rows, "a.jsonl") == [["missing_answer"], ["missing_answer"], ["multiple_answers"]]
