"""Options that are objects, whatever their fields are called."""

import pytest

from pipeline.normalize.option_mappings import flatten_options, same_texts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("text", "id"),
        ("value", "key"),
        ("Text", "value"),
        ("atext", "aid"),
        ("label", "value"),
        ("value", "label"),
        ("option_text", "option_id"),
        ("name", "id"),
        ("title", "letter"),
        ("content", "option"),
    ],
)
@pytest.mark.parametrize("names", [["A", "B"], ["1", "2"], ["o-17", "o-18"]])
def test_text_and_name_are_told_apart_by_what_they_hold(text, name, names):
    if names[0] == "o-17" and {text, name} == {"value", "label"} and text == "value":
        pytest.skip("a label that runs nowhere is what people see")
    found = flatten_options("options", [{name: names[0], text: "fish"}, {name: names[1], text: "a bird"}])
    assert found["options"] == ["fish", "a bird"]
    assert found["options.label"] == names


@pytest.mark.parametrize(
    ("mark", "values"),
    [
        ("isCorrect", [False, True]),
        ("correct", ["false", "true"]),
        ("is_right", [0, 1]),
        ("fraction", ["0", "100"]),
        ("weight", [-50, 100]),
        ("score", [None, 1]),
        ("answer", [False, True]),
        ("dapAnDung", ["Sai", "Đúng"]),
        ("points", [0, 2.5]),
    ],
)
def test_what_marks_the_right_one(mark, values):
    found = flatten_options("choices", [{"text": "fish", mark: values[0]}, {"text": "bird", mark: values[1]}])
    assert (found["choices"], found["choices.right"]) == (["fish", "bird"], ["B"])


def test_partial_credit_and_marks_that_disagree_are_several():
    assert len(flatten_options("o", [{"text": "x", "fraction": 0.5}, {"text": "y", "fraction": 0.5}])["o.right"]) == 2
    both = [{"text": "x", "correct": True, "fraction": 0}, {"text": "y", "correct": False, "fraction": 1}]
    assert len(flatten_options("o", both)["o.right"]) == 2


@pytest.mark.parametrize("field", ["selected", "checked", "feedback", "color", "isCorrectFeedback"])
def test_what_marks_nothing(field):
    assert "o.right" not in flatten_options("o", [{"text": "x", field: True}, {"text": "y", field: False}])


def test_a_text_that_stands_in_another_field_for_one_option():
    assert flatten_options("answers", [{"answer": "int", "correct": False}, {"code": "f(1)", "correct": True}])["answers"] == [
        "int",
        "f(1)",
    ]


def test_texts_that_are_parts_or_wrapped():
    assert flatten_options("options", [{"text": {"content": "x"}}, {"text": {"content": "y"}}])["options"] == ["x", "y"]
    assert flatten_options("messages", [{"role": "user", "content": [{"type": "text", "text": "x"}]}])["messages"] == ["x"]


def test_what_holds_no_options():
    assert flatten_options("answers", [{"text": "x", "answer_start": 3}]) is None
    assert flatten_options("tags", [{"name": "Linux"}, {"name": "Unix"}]) is not None
    assert flatten_options("annotations", [{"id": 1, "result": []}]) is None


def test_labels_that_repeat_the_texts():
    assert same_texts(["Cat.", "dog"], ["cat", "Dog"])
    assert not same_texts(["A", "B"], ["cat", "dog"])


def test_of_two_running_fields_the_one_that_counts_is_the_name():
    items = [{"value": 1, "label": "3"}, {"value": 2, "label": "1"}, {"value": 3, "label": "2"}]
    found = flatten_options("options", items)
    assert (found["options"], found["options.label"]) == (["3", "1", "2"], [1, 2, 3])
    found = flatten_options("options", [{"value": item["label"], "label": item["value"]} for item in items])
    assert (found["options"], found["options.label"]) == (["3", "1", "2"], [1, 2, 3])
