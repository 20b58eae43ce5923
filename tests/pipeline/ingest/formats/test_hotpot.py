"""Hot Potatoes."""

import pytest


def quiz(*records, reading=""):
    return (
        f"<hotpot-jquiz-file><data><reading><reading-text>{reading}</reading-text></reading><questions>{''.join(records)}</questions></data>"
        "</hotpot-jquiz-file>"
    )


def record(kind=1, right=(1,), stem="Which &#x0022;tree&#x0022; bears acorns?", more=""):
    answers = "".join(
        f"<answer><text>{text}</text><feedback>No &#x003C;b&#x003E;tree&#x003C;/b&#x003E;</feedback><correct>{int(i in right)}</correct>"
        "<include-in-mc-options>1</include-in-mc-options></answer>"
        for i, text in enumerate(("ash", "oak", "x &#x003C; y"))
    )
    return f"<question-record><question>{stem}</question><question-type>{kind}</question-type><answers>{answers}{more}</answers></question-record>"


def test_choices_are_read_and_typed_answers_named(read):
    questions, rejected = read(quiz(record(), record(kind=2), record(right=()), record(kind=4, right=(0, 1))), "a.xml")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ('Which "tree" bears acorns?', ["ash", "oak", "x < y"], 1)
    ]
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"], ["missing_answer"], ["multiple_answers"]]


def test_an_answer_that_is_only_accepted_is_no_option_and_a_reading_text_is_the_context(read):
    aside = "<answer><text>an oak</text><correct>1</correct><include-in-mc-options>0</include-in-mc-options></answer><answer><text></text></answer>"
    (question,), _ = read(quiz(record(more=aside), reading="Trees grow all over the north, and some bear nuts."), "a.jqz")
    assert question["options"] == ["ash", "oak", "x < y"]
    assert question["context"] == "Trees grow all over the north, and some bear nuts."


@pytest.mark.parametrize("name", ["jcloze", "jcross", "jmatch", "jmix"])
def test_other_exercises_are_refused_by_their_names(read, name):
    _, (row,) = read(f"<hotpot-{name}-file><data/></hotpot-{name}-file>", "a.xml")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "JQuiz" in row["detail"]
