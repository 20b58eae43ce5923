"""Open edX problems."""

import pytest

CHOICES = '<choicegroup type="MultipleChoice"><choice correct="false">oak</choice><choice correct="true">moss<choicehint>Yes.</choicehint></choice></choicegroup>'


def problem(inside):
    return f"<problem>{inside}</problem>"


def one(text="<label>Which one has no roots?</label>", choices=CHOICES):
    return f"<multiplechoiceresponse>{text}{choices}</multiplechoiceresponse>"


ASKED = [("Which one has no roots?", ["oak", "moss"], "moss")]
FORMS = {
    "label_inside": one(),
    "paragraph_before": f"<p>Which one has no roots?</p>{one('')}",
    "label_before": f"<label>Which one has no roots?</label>{one('')}",
    "paragraph_inside": one("<p>Which one <b>has</b> no roots?</p>"),
    "notes_of_a_course": one() + "<demandhint><hint>Think.</hint></demandhint><script>x = 1</script><!-- c -->",
    "drop_down_tuple": "<optionresponse><label>Which one has no roots?</label><optioninput options=\"('oak','moss')\" correct=\"moss\"/></optionresponse>",
    "drop_down_nested": '<optionresponse><p>Which one has no roots?</p><optioninput><option correct="False">oak</option><option correct="True">moss<optionhint>Yes</optionhint></option></optioninput></optionresponse>',
    "check_boxes_with_one_right": one().replace("multiplechoiceresponse", "choiceresponse").replace("choicegroup", "checkboxgroup"),
    "markup": one(choices=CHOICES.replace("oak", "<p>oak</p>").replace("moss<", "<i>moss</i><")),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_one_choice(parse, name):
    assert parse(problem(FORMS[name]), "a.xml") == ASKED


def test_solution_is_the_explanation_and_the_description_part_of_the_stem(read):
    solution = '<solution><div class="detailed-solution"><p>Explanation</p><p>Moss has rhizoids.</p></div></solution>'
    (question,), _ = read(problem(one("<label>Which?</label><description>Pick one.</description>") + solution), "a.xml")
    assert (question["stem"], question["explanation"]) == ("Which?\nPick one.", "Explanation\nMoss has rhizoids.")


def test_a_gap_inside_a_line(parse):
    text = "<p>Moss <optionresponse><optioninput options=\"('has','lacks')\" correct=\"lacks\"/></optionresponse> roots.</p>"
    assert parse(problem(text), "a.xml") == [("Moss _____ roots.", ["has", "lacks"], "lacks")]


def test_several_responses_of_one_problem(read):
    inside = f"<p>Plants drink.</p>{one('<label>Which has roots?</label>')}{one('<label>Which has none?</label>')}"
    questions, _ = read(problem(inside), "a.xml")
    assert [(row["context"], row["stem"], row["locator"]) for row in questions] == [
        ("Plants drink.", "Which has roots?", "a.xml#item:1.1"),
        ("Plants drink.", "Which has none?", "a.xml#item:1.2"),
    ]
    questions, _ = read(problem(f"<p>Plants drink.</p><p>Which has roots?</p>{one('')}<p>Which has none?</p>{one('')}"), "a.xml")
    assert [(row["context"], row["stem"]) for row in questions] == [
        ("Plants drink.", "Which has roots?"),
        ("Plants drink.", "Which has none?"),
    ]
    gap = "<optionresponse><optioninput options=\"('a1','b1')\" correct=\"a1\"/></optionresponse>"
    questions, rejected = read(problem(f"<p>Moss {gap} and oaks {gap}.</p>"), "a.xml")
    assert (questions, [row["reason_codes"] for row in rejected]) == ([], [["multiple_questions"]])


def test_several_right_or_none(reasons):
    assert reasons(problem(one().replace('"false"', '"true"')), "a.xml") == [["multiple_answers"]]
    assert reasons(problem(one().replace('"true"', '"false"')), "a.xml") == [["missing_answer"]]


OTHERS = "numerical string formula custom code image choicetext unheardof".split()


@pytest.mark.parametrize("kind", OTHERS)
def test_other_responses_are_named(read, kind):
    _, (row,) = read(problem(f'<p>How many?</p><{kind}response answer="4"><textline/></{kind}response>'), "a.xml")
    assert row["reason_codes"] == ["not_multiple_choice"]
    assert "How many?" in row["payload"]
    assert row["detail"]


def test_numbers_of_a_script_are_drawn_anew(reasons, parse):
    script = '<script type="loncapa/python">a = random.randint(1, 9)</script>'
    assert reasons(problem(f"{script}<p>What is $a + 1?</p>{one('')}"), "a.xml") == [["not_multiple_choice"]]
    assert parse(problem(f"<p>What is $a + 1?</p>{one('')}"), "a.xml")[0][0] == "What is $a + 1?"


def test_pictures(reasons):
    assert reasons(problem(f'<p>What is this?</p><img src="/static/a.png"/>{one("")}'), "a.xml") == [["image_required"]]


def test_a_library_and_what_only_refers_to_problems(parse, reasons):
    assert parse(f"<library>{problem(one())}{problem(one())}</library>", "a.xml") == ASKED * 2
    assert reasons('<library><problem url_name="x"/></library>', "a.xml") == [["unreadable_file"]]


def test_problems_inside_an_outline(parse):
    assert parse(f"<sequential><vertical display_name='x'>{problem(one())}</vertical></sequential>", "a.xml") == ASKED
