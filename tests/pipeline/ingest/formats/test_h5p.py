"""H5P packages."""

import json

import pytest

from tests.pipeline.ingest.zipped import zipped

CHOICE = {
    "question": "<p>Which is soft?</p>\n",
    "answers": [{"text": "<div>slate</div>\n", "correct": False}, {"text": "<div>wool</div>\n", "correct": True}],
}
WOOL = ("Which is soft?", ["slate", "wool"], "wool")


def package(content, kind="H5P.MultiChoice"):
    return zipped(
        ("h5p.json", json.dumps({"mainLibrary": kind})),
        ("content/content.json", json.dumps(content)),
        ("content/images/a.png", "x"),
        ("H5P.X-1.0/library.json", "{}"),
    )


def piece(kind, params):
    return {"library": f"{kind} 1.16", "params": params, "subContentId": "s1", "metadata": {"title": "t"}}


@pytest.mark.parametrize("name", ["a.h5p", "a.zip"])
def test_one_question(parse, name):
    assert parse(package(CHOICE), name) == [WOOL]


def test_true_or_false(parse):
    assert parse(package({"question": "<p>Wool is hard.</p>", "correct": "false"}, "H5P.TrueFalse"), "a.h5p") == [
        ("Wool is hard.", ["True", "False"], "False")
    ]


def test_a_set_of_single_choices_names_the_right_one_first(parse):
    choices = [{"question": "<p>Which is soft?</p>", "answers": ["<p>wool</p>", "<p>slate</p>"], "subContentId": "x"}]
    assert parse(package({"choices": choices}, "H5P.SingleChoiceSet"), "a.h5p") == [("Which is soft?", ["wool", "slate"], "wool")]


NESTED = {
    "H5P.QuestionSet": {"questions": [piece("H5P.MultiChoice", CHOICE)]},
    "H5P.Column": {
        "content": [{"content": piece("H5P.AdvancedText", {"text": "<p>Hi</p>"})}, {"content": piece("H5P.MultiChoice", CHOICE)}]
    },
    "H5P.CoursePresentation": {"presentation": {"slides": [{"elements": [{"x": 1, "action": piece("H5P.MultiChoice", CHOICE)}]}]}},
    "H5P.InteractiveBook": {"chapters": [piece("H5P.Column", {"content": [{"content": piece("H5P.MultiChoice", CHOICE)}]})]},
}


@pytest.mark.parametrize("kind", NESTED)
def test_questions_inside_other_content(parse, kind):
    assert parse(package(NESTED[kind], kind), "a.h5p") == [WOOL]


def test_a_long_text_above_a_question_is_its_context_a_short_one_is_not(read):
    passage = "Wool comes from sheep. " * 12

    def context_of(text, name):
        content = {
            "content": [{"content": piece("H5P.AdvancedText", {"text": f"<p>{text}</p>"})}, {"content": piece("H5P.MultiChoice", CHOICE)}]
        }
        return read(package(content, "H5P.Column"), name)[0][0]["context"]

    assert context_of(passage, "a.h5p") == passage.strip()
    assert context_of("Now a quiz.", "b.h5p") is None


def test_other_kinds_are_named(read):
    content = {
        "questions": [
            piece("H5P.Blanks", {"text": "<p>Fill in.</p>", "questions": ["<p>Wool is *soft*.</p>"]}),
            piece("H5P.MultiChoice", CHOICE),
        ]
    }
    questions, (row,) = read(package(content, "H5P.QuestionSet"), "a.h5p")
    assert len(questions) == 1
    assert row["reason_codes"] == ["not_multiple_choice"]
    assert "H5P.Blanks" in row["detail"]
    assert "Fill in." in row["payload"]
    _, (row,) = read(package({"dialogs": [], "title": "Cards"}, "H5P.Dialogcards"), "b.h5p")
    assert "H5P.Dialogcards" in row["detail"]


def test_several_right_none_and_pictures(reasons):
    both = [{"text": "a1", "correct": True}, {"text": "b1", "correct": True}]
    assert reasons(package(CHOICE | {"answers": both}), "a.h5p") == [["multiple_answers"]]
    neither = [{"text": "a1", "correct": False}, {"text": "b1"}]
    assert reasons(package(CHOICE | {"answers": neither}), "b.h5p") == [["missing_answer"]]
    media = {"type": {"library": "H5P.Image 1.1", "params": {"file": {"path": "images/a.png"}}}}
    assert reasons(package(CHOICE | {"media": media}), "c.h5p") == [["image_required"]]
    video = {"interactiveVideo": {"assets": {"interactions": [{"action": piece("H5P.MultiChoice", CHOICE)}]}}}
    assert reasons(package(video, "H5P.InteractiveVideo"), "d.h5p") == [["image_required"]]


BROKEN = {
    "empty": package({}),
    "no_content": zipped(("h5p.json", "{}")),
    "no_json": zipped(("h5p.json", "{}"), ("content/content.json", "{")),
    "deep": zipped(("h5p.json", "{}"), ("content/content.json", '{"a":' * 500 + "1" + "}" * 500)),
    "very_deep": zipped(("h5p.json", "{}"), ("content/content.json", "[" * 100_000)),
    "no_archive": b"x",
    "text_without_a_question": package({"text": "<p>Hi</p>"}, "H5P.AdvancedText"),
    "odd": package({"question": 1, "answers": [1, None]}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_package_without_questions_is_one_verdict(read, name):
    _, (row,) = read(BROKEN[name], "a.h5p")
    assert row["reason_codes"] == ["unreadable_file"]
    assert row["detail"]


def test_the_content_of_a_set_alone(parse):
    piece = {
        "library": "H5P.MultiChoice 1.16",
        "params": {
            "question": "<p>Which barks?</p>",
            "answers": [{"text": "<div>cat</div>", "correct": False}, {"text": "<div>dog</div>", "correct": True}],
        },
    }
    assert parse(json.dumps({"progressType": "dots", "questions": [piece]}), "content.json") == [("Which barks?", ["cat", "dog"], "dog")]
