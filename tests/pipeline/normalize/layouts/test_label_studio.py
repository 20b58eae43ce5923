"""Label Studio: what annotators chose is the key where they agree, and nothing else is."""


def task(question, *chosen, **more):
    annotations = [
        {"id": n, "result": [{"type": "choices", "value": {"choices": [choice] if choice else []}}], "was_cancelled": choice is None}
        for n, choice in enumerate(chosen)
    ]
    return {"id": 7, "data": {"question": question, "choices": ["fish", "bird"]}, "annotations": annotations, **more}


def test_what_all_chose_is_the_key(parse):
    assert parse([task("Who flies?", "bird", "bird"), task("Who swims?", "fish", None)]) == [
        ("Who flies?", ["fish", "bird"], "bird"),
        ("Who swims?", ["fish", "bird"], "fish"),
    ]


def test_annotators_who_disagree_or_say_nothing(reasons):
    predicted = task("Who sleeps?", None, predictions=[{"result": [{"type": "choices", "value": {"choices": ["fish"]}}]}])
    assert reasons([task("Who flies?", "bird", "fish"), predicted, task("Who sings?")]) == [
        ["multiple_answers"],
        ["missing_answer"],
        ["missing_answer"],
    ]


def test_options_in_the_text(parse):
    row = {"data": {"text": "Who flies?\nA. a fish\nB. a bird"}, "annotations": [{"result": [{"value": {"choices": ["B"]}}]}]}
    assert parse([row]) == [("Who flies?", ["a fish", "a bird"], "a bird")]
