"""Boxes of Markdown's dialects."""

import pytest

from pipeline.ingest.callouts import plain_callouts

ASKED = [("Which particle is neutral?", ["proton", "neutron", "electron"], "neutron")]
BOXES = {
    "admonition": '!!! question "Question 1"\n\n    Which particle is neutral?\n\n    - [ ] proton\n    - [ ] neutron\n    - [ ] electron\n\n??? success "Answer 1"\n\n    **neutron** - it has no charge.\n',
    "title_asks": '??? question "Which particle is neutral?"\n    - [ ] proton\n    - [ ] neutron\n    - [ ] electron\n\n    ??? answer\n        neutron\n',
    "callout": "> [!question] Which particle is neutral?\n> a) proton\n> b) neutron\n> c) electron\n>> [!success]- Answer\n>> b) neutron\n",
    "callout_below": "> [!faq]- Question 1\n> Which particle is neutral?\n> - [ ] proton\n> - [ ] neutron\n> - [ ] electron\n\n> [!check]- Solution\n> **neutron**: no charge\n",
    "flash_card": "#flashcards/physics\n\nWhich particle is neutral?\nA. proton\nB. neutron\nC. electron\n?\nB\n<!--SR:!2024-05-02,12,250-->\n",
}


@pytest.mark.parametrize("name", BOXES)
def test_a_question_and_its_answer_in_boxes(parse, name):
    assert parse(BOXES[name], "a.md") == ASKED


def test_each_box_of_a_question_is_a_record(read):
    essay = "> [!question] Name a particle.\n>> [!success]- Answer\n>> quark\n\n"
    several = BOXES["callout"].replace(">> b) neutron", ">> a) proton\n>> b) neutron").replace("neutral", "heavy")
    questions, rejected = read(essay + BOXES["callout"] + "\n" + several, "a.md")
    assert [row["stem"] for row in questions] == ["Which particle is neutral?"]
    assert rejected[0]["reason_codes"] == ["not_multiple_choice"]
    assert "Which particle is heavy?" in rejected[1]["payload"]


def test_quotes_code_and_question_marks_alone_stay():
    for text in ("> a quote\n> goes on\n", "Really\n?\nYes\n", "```\n!!! note\n    x\n```\n", "a !!! b\n??? c"):
        assert plain_callouts(text) == text
