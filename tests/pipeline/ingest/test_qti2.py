"""Items of QTI 2 and 3."""

import pytest

BODY = """<choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1"><prompt>Which one is a tool?</prompt>
<simpleChoice identifier="a">a pear</simpleChoice><simpleChoice identifier="b" fixed="true">a rasp</simpleChoice><simpleChoice identifier="c">a cloud</simpleChoice></choiceInteraction>"""
CORRECT = "<correctResponse><value>b</value></correctResponse>"
ASKED = [("Which one is a tool?", ["a pear", "a rasp", "a cloud"], "a rasp")]


def item(body=BODY, declared=CORRECT, cardinality="single", more=""):
    return (
        '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="tool-1" title="T">'
        f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="identifier">{declared}</responseDeclaration>'
        f"<itemBody>{body}</itemBody>{more}</assessmentItem>"
    )


def entries(**shares):
    return "<mapping>" + "".join(f'<mapEntry mapKey="{key}" mappedValue="{share}"/>' for key, share in shares.items()) + "</mapping>"


def test_the_correct_response_is_the_key(parse):
    assert parse(item(), "a.xml") == ASKED
    assert parse(item(declared="<correctResponse><value>\n b\n</value></correctResponse>"), "a.xml") == ASKED
    assert parse(item(declared=CORRECT + entries(a=0, b=1)), "a.xml") == ASKED


def test_a_mapping_alone_gives_the_key(parse, reasons):
    assert parse(item(declared=entries(a=0, b=1, c="0.5")), "a.xml") == ASKED
    assert reasons(item(declared=entries(a=1, b="0.5"), cardinality="multiple"), "a.xml") == [["multiple_answers"]]
    assert reasons(item(declared=entries(a=0, b=0)), "a.xml") == [["missing_answer"]]


def test_keys_that_are_none(reasons):
    assert reasons(item(declared=""), "a.xml") == [["missing_answer"]]
    assert reasons(item(declared="<correctResponse><value>z</value></correctResponse>"), "a.xml") == [["answer_not_in_options"]]
    # The letter of an option, but no identifier.
    assert reasons(item(declared="<correctResponse><value>A</value></correctResponse>"), "a.xml") == [["answer_not_in_options"]]
    two = "<correctResponse><value>a</value><value>b</value></correctResponse>"
    assert reasons(item(declared=two, cardinality="multiple"), "a.xml") == [["multiple_answers"]]


def test_version_3(parse):
    text = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="x">
<qti-response-declaration identifier="RESPONSE" cardinality="single"><qti-correct-response><qti-value>b</qti-value></qti-correct-response></qti-response-declaration>
<qti-item-body><p>Look around.</p><qti-choice-interaction response-identifier="RESPONSE" max-choices="1"><qti-prompt>Which one is a tool?</qti-prompt>
<qti-simple-choice identifier="a">a pear</qti-simple-choice><qti-simple-choice identifier="b">a rasp<qti-feedback-inline identifier="b" outcome-identifier="F">Yes!</qti-feedback-inline></qti-simple-choice></qti-choice-interaction></qti-item-body></qti-assessment-item>"""
    assert parse(text, "a.xml") == [("Look around.\nWhich one is a tool?", ["a pear", "a rasp"], "a rasp")]


def test_notes_for_candidates_and_passages_are_context_notes_for_scorers_are_not(read):
    notes = '<rubricBlock view="candidate"><p>Use no phone.</p></rubricBlock><rubricBlock view="scorer"><p>b is right</p></rubricBlock>'
    (question,), _ = read(item(notes + '<div class="passage"><p>Tools shape wood.</p></div>' + BODY), "a.xml")
    assert (question["context"], question["stem"]) == ("Use no phone.\n\nTools shape wood.", "Which one is a tool?")


def test_feedback(read):
    body = BODY.replace("a rasp", 'a rasp<feedbackInline identifier="b" outcomeIdentifier="F" showHide="show">Well done</feedbackInline>')
    more = '<modalFeedback identifier="correct" outcomeIdentifier="F"><p>It files wood.</p></modalFeedback><modalFeedback identifier="incorrect" outcomeIdentifier="F">No.</modalFeedback>'
    (question,), _ = read(item(body, more=more), "a.xml")
    assert (question["options"], question["explanation"]) == (["a pear", "a rasp", "a cloud"], "It files wood.")


def test_formulas_and_markup_in_stem_and_choices(parse):
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn></msup></math>'
    body = (
        BODY.replace("Which one is a tool?", f"What is {math} for <em>x</em> = 3?")
        .replace("a pear", "<p>6</p>")
        .replace("a rasp", "3<sup>2</sup>")
    )
    assert parse(item(body), "a.xml") == [("What is x² for x = 3?", ["6", "3²", "a cloud"], "3²")]


def test_one_list_inside_a_line_is_a_gap(parse):
    body = """<p>Water <inlineChoiceInteraction responseIdentifier="RESPONSE"><inlineChoice identifier="a">freeze</inlineChoice>
    <inlineChoice identifier="b">freezes</inlineChoice></inlineChoiceInteraction> at 0 degrees.</p>"""
    assert parse(item(body), "a.xml") == [("Water _____ at 0 degrees.", ["freeze", "freezes"], "freezes")]


OTHERS = (
    "extendedText textEntry match associate order gapMatch hottext hotspot selectPoint graphicOrder slider upload drawing custom".split()
)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_interactions_are_named(read, kind):
    _, (row,) = read(item(f'<p>Name a tool.</p><{kind}Interaction responseIdentifier="RESPONSE"/>'), "a.xml")
    assert row["reason_codes"] == ["not_multiple_choice"]
    assert f"{kind.lower()}interaction" in row["detail"]
    assert "Name a tool." in row["payload"]


def test_several_interactions_in_one_item(reasons):
    assert reasons(item(BODY + BODY), "a.xml") == [["multiple_questions"]]
    assert reasons(item(BODY + "<textEntryInteraction/>"), "a.xml") == [["not_multiple_choice"]]
    assert reasons(item("<p>Only a text.</p>"), "a.xml") == [["not_multiple_choice"]]


def test_pictures(reasons):
    for picture in ('<img src="a.png" alt="a rasp"/>', '<object data="a.png" type="image/png"/>', "<svg/>", '<video src="a.mp4"/>'):
        assert reasons(item(f"<p>{picture}</p>{BODY}"), "a.xml") == [["image_required"]], picture
    pictures = BODY.replace("a pear", '<img src="p.png"/>')
    assert "image_required" in reasons(item(pictures), "a.xml")[0]


def test_numbers_drawn_at_random_are_no_question(read):
    _, (row,) = read(item('<p>Is <printedVariable identifier="N"/> even?</p>' + BODY), "a.xml")
    assert "printedVariable" in row["detail"]


@pytest.mark.parametrize(
    "reference",
    ['<assessmentStimulusRef identifier="s" href="s/wood.xml"/>', '<itemBody2><object type="text/html" data="s/wood.html"/></itemBody2>'],
)
def test_a_passage_in_another_file_that_is_not_here(read, reference):
    _, (row,) = read(item(more=reference), "a.xml")
    assert row["reason_codes"] == ["malformed_row"]
    assert "s/wood" in row["detail"]
    assert ".zip" in row["detail"]


def test_several_items_in_one_file(parse):
    assert parse(f"<assessmentItems>{item()}{item()}</assessmentItems>", "a.xml") == ASKED * 2
