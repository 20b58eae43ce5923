"""Items of QTI 1.2 as several platforms write them."""

from xml.sax.saxutils import escape

import pytest

from pipeline.ingest.formats import qti
from pipeline.ingest.items import Item

CHOICES = [("c1", "sparrow"), ("c2", "trout"), ("c3", "adder")]
FULL = '<respcondition continue="No"><conditionvar><varequal respident="r">{}</varequal></conditionvar><setvar action="Set" varname="SCORE">{}</setvar></respcondition>'

RIGHT = FULL.format("c2", 100)


def item(
    stem='<material><mattext texttype="text/html">Which one swims?</mattext></material>',
    choices=CHOICES,
    conditions=RIGHT,
    many="Single",
    more="",
    kind="multiple_choice_question",
):
    labels = "".join(
        f'<response_label ident="{ident}"><material><mattext texttype="text/plain">{escape(text)}</mattext></material></response_label>'
        for ident, text in choices
    )
    meta = f"<itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>"
    return (
        f'<item ident="i1">{meta}<presentation>{stem}<response_lid ident="r" rcardinality="{many}"><render_choice>{labels}</render_choice></response_lid></presentation>'
        f'<resprocessing><outcomes><decvar maxvalue="100" varname="SCORE"/></outcomes>{conditions}</resprocessing>{more}</item>'
    )


def bank(*items, around="<assessment><section>{}</section></assessment>"):
    return f'<?xml version="1.0"?><questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">{around.format("".join(items))}</questestinterop>'


def condition(inside, score, goes_on="No", action="Set"):
    return f'<respcondition continue="{goes_on}"><conditionvar>{inside}</conditionvar><setvar action="{action}" varname="SCORE">{score}</setvar></respcondition>'


def is_(ident):
    return f'<varequal respident="r">{ident}</varequal>'


ASKED = [("Which one swims?", ["sparrow", "trout", "adder"], "trout")]
# Tables of conditions by which the second choice is right.
TABLES = {
    "set": FULL.format("c2", 100),
    "the_others_score_nothing": FULL.format("c1", 0) + FULL.format("c2", 100) + FULL.format("c3", 0),
    "a_share_for_another": FULL.format("c1", 50) + FULL.format("c2", 100),
    "one_mark": condition(is_("c2"), "1.0"),
    "not_the_others": condition(f"<not>{is_('c1')}</not><not>{is_('c3')}</not>", 100),
    "not_within_and": condition(f"<and>{is_('c2')}<not>{is_('c1')}</not></and>", 100),
    "feedback_before_the_key": condition(is_("c1"), 0, "Yes", "Add") + condition("<other/>", 0, "Yes", "Add") + condition(is_("c2"), 100),
    "blackboard": '<respcondition title="correct"><conditionvar>'
    + is_("c2")
    + '</conditionvar><setvar variablename="SCORE" action="Set">SCORE.max</setvar></respcondition>'
    '<respcondition title="incorrect"><conditionvar><other/></conditionvar><setvar variablename="SCORE" action="Set">0</setvar></respcondition>',
    "feedback_alone": f'<respcondition title="Correct"><conditionvar>{is_("c2")}</conditionvar><displayfeedback linkrefid="Correct"/></respcondition>',
    "penalties": condition(is_("c1"), -25) + condition(is_("c2"), 100) + condition(is_("c3"), -25),
    "decimal_comma": condition(is_("c2"), "0,5"),
    "wrong_first": condition(f"<or>{is_('c1')}{is_('c3')}</or>", 0) + condition(is_("c2"), 10),
    "blanks": condition('<varequal respident="r">\n  c2\n</varequal>', 100),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_key_is_what_scores_most(parse, name):
    assert parse(bank(item(conditions=TABLES[name])), "a.xml") == ASKED


NONE = {
    "no_conditions": "",
    "all_score_alike": "".join(FULL.format(f"c{n}", 100) for n in (1, 2, 3)),
    "nothing_scores": FULL.format("c2", 0),
    "no_such_choice": FULL.format("c9", 100),
    "two_at_once_where_one_is_chosen": condition(is_("c1") + is_("c2"), 100),
}


@pytest.mark.parametrize("name", NONE)
def test_without_a_best_response_there_is_no_key(reasons, name):
    assert reasons(bank(item(conditions=NONE[name])), "a.xml") == [["missing_answer"]]


SEVERAL = {
    "canvas": condition(f"<and>{is_('c1')}{is_('c2')}<not>{is_('c3')}</not></and>", 100),
    "shares": "".join(condition(is_(f"c{n}"), score, "Yes", "Add") for n, score in ((1, 50), (2, 50), (3, 0))),
    "penalties": "".join(condition(is_(f"c{n}"), score, "Yes", "Add") for n, score in ((1, 50), (2, 50), (3, -50))),
    "subset": condition('<varsubset respident="r">c1,c2</varsubset>', 100),
    "either": condition(f"<or>{is_('c1')}{is_('c2')}</or>", 100),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_right_choices(reasons, name):
    assert reasons(bank(item(conditions=SEVERAL[name], many="Multiple")), "a.xml") == [["multiple_answers"]]


def test_two_full_marks_for_one_choice_are_two_keys(reasons):
    assert reasons(bank(item(conditions=FULL.format("c1", 100) + FULL.format("c2", 100))), "a.xml") == [["multiple_answers"]]


def test_several_may_be_chosen_and_one_is_right(parse):
    one = condition(f"<and>{is_('c2')}<not>{is_('c1')}</not><not>{is_('c3')}</not></and>", 100)
    assert parse(bank(item(conditions=one, many="Multiple")), "a.xml") == ASKED


def test_brightspace_lets_several_be_chosen_and_sets_the_score_of_each(parse):
    scores = "".join(condition(is_(f"c{n}"), score) for n, score in ((1, "0.0000"), (2, "100.0000"), (3, "0.0000")))
    text = bank(item(conditions=scores, many="Multiple")).replace(
        "<response_lid", "<response_extension><style>1</style></response_extension><response_lid"
    )
    assert parse(text, "a.xml") == ASKED


def test_a_truth_value(parse):
    choices = [("true", "true"), ("false", "")]
    statement = '<material><mattext texttype="text/html">A bat is a bird.</mattext></material>'
    found = parse(bank(item(statement, choices, FULL.format("false", 1), kind="true_false_question")), "a.xml")
    assert found == [("A bat is a bird.", ["True", "False"], "False")]


def test_texts_are_html_or_plain_as_they_say(parse):
    choices = [("c1", "<br>"), ("c2", "<p>"), ("c3", "a &lt; b")]
    (found,) = [one for one in qti.read(bank(item(choices=choices)).encode()) if isinstance(one, Item)]
    assert [option["text"] for option in found.payload["options"]] == ["<br>", "<p>", "a &lt; b"]
    html = f'<material><mattext texttype="text/html">{escape("<div><p>What is x<sup>2</sup>&nbsp;when 2 &lt; x?</p><p>Say it.</p></div>")}</mattext></material>'
    assert parse(bank(item(html)), "a.xml")[0][0] == "What is x² when 2 < x?\nSay it."
    twice = f'<material><mattext texttype="text/html">{escape(escape("<p>Which one swims?</p>"))}</mattext></material>'
    assert parse(bank(item(twice)), "a.xml") == ASKED
    untyped = f"<material><mattext>{escape('<p>Which one <b>swims</b>?</p>')}</mattext></material>"
    assert parse(bank(item(untyped)), "a.xml") == ASKED
    raw = '<material><mattext texttype="text/html"><p>Which one <b>swims</b>?</p></mattext></material>'
    assert parse(bank(item(raw)), "a.xml") == ASKED


def test_materials_are_lines_and_what_stands_in_one_is_a_line(parse):
    stem = "<material><mattext>Water is H</mattext><matemtext>2O</matemtext></material><flow><material><mattext>Which one swims?</mattext></material></flow>"
    assert parse(bank(item(stem)), "a.xml")[0][0] == "Water is H 2O\nWhich one swims?"


BLACKBOARD = """<questestinterop><assessment title="Pool"><section><item maxattempts="0"><itemmetadata><bbmd_asi_object_id>_1_1</bbmd_asi_object_id>
<bbmd_questiontype>Multiple Choice</bbmd_questiontype></itemmetadata>
<presentation><flow class="Block"><flow class="QUESTION_BLOCK"><flow class="FORMATTED_TEXT_BLOCK"><material><mat_extension>
<mat_formattedtext type="HTML">&lt;p&gt;Which one swims?&lt;/p&gt;</mat_formattedtext></mat_extension></material></flow>
<flow class="FILE_BLOCK"><material/></flow><flow class="LINK_BLOCK"><material><mattext uri=""/></material></flow></flow>
<flow class="RESPONSE_BLOCK"><response_lid ident="response" rcardinality="Single" rtiming="No"><render_choice shuffle="No">
<flow_label class="Block"><response_label ident="aa1"><flow_mat class="FORMATTED_TEXT_BLOCK"><material><mat_extension><mat_formattedtext type="SMART_TEXT">sparrow</mat_formattedtext></mat_extension></material></flow_mat></response_label></flow_label>
<flow_label class="Block"><response_label ident="aa2"><flow_mat class="FORMATTED_TEXT_BLOCK"><material><mat_extension><mat_formattedtext type="SMART_TEXT">trout</mat_formattedtext></mat_extension></material></flow_mat></response_label></flow_label>
</render_choice></response_lid></flow></flow></presentation>
<resprocessing scoremodel="SumOfScores"><outcomes><decvar varname="SCORE" vartype="Decimal" defaultval="0" minvalue="0" maxvalue="10.0"/></outcomes>
<respcondition title="correct"><conditionvar><varequal respident="response" case="No">aa2</varequal></conditionvar><setvar variablename="SCORE" action="Set">SCORE.max</setvar><displayfeedback linkrefid="correct" feedbacktype="Response"/></respcondition>
<respcondition title="incorrect"><conditionvar><other/></conditionvar><setvar variablename="SCORE" action="Set">0</setvar><displayfeedback linkrefid="incorrect" feedbacktype="Response"/></respcondition></resprocessing>
<itemfeedback ident="correct" view="All"><flow_mat class="Block"><flow_mat class="FORMATTED_TEXT_BLOCK"><material><mat_extension><mat_formattedtext type="HTML">Trout are fish.</mat_formattedtext></mat_extension></material></flow_mat></flow_mat></itemfeedback>
<itemfeedback ident="incorrect" view="All"><material><mattext>No.</mattext></material></itemfeedback></item></section></assessment></questestinterop>"""


def test_a_pool_of_blackboard(read):
    (question,), rejected = read(BLACKBOARD, "res00001.dat")
    assert rejected == []
    assert (question["stem"], question["options"], question["answer_index"]) == ("Which one swims?", ["sparrow", "trout"], 1)
    assert question["explanation"] == "Trout are fish."


def test_either_or_of_blackboard(parse):
    choices = [("yes_no.true", "yes_no.true"), ("yes_no.false", "yes_no.false")]
    assert parse(bank(item(choices=choices, conditions=FULL.format("yes_no.false", 1))), "a.xml")[0][1:] == (["Yes", "No"], "No")


def test_feedback_is_the_explanation_and_material_of_a_section_the_context(read):
    more = (
        '<itemfeedback ident="general_fb"><flow_mat><material><mattext texttype="text/html">&lt;p&gt;It has gills.&lt;/p&gt;</mattext></material></flow_mat></itemfeedback>'
        '<itemfeedback ident="general_incorrect_fb"><material><mattext>No!</mattext></material></itemfeedback><itemfeedback ident="c1_fb"><material><mattext>Sparrows fly.</mattext></material></itemfeedback>'
    )
    around = "<assessment><section><presentation_material><flow_mat><material><mattext>Animals live in many places.</mattext></material></flow_mat></presentation_material>{}</section></assessment>"
    (question,), _ = read(bank(item(more=more), around=around), "a.xml")
    assert (question["explanation"], question["context"], question["original_id"]) == (
        "It has gills.",
        "Animals live in many places.",
        "i1",
    )


def test_a_picture_is_needed(reasons):
    html = f'<material><mattext texttype="text/html">{escape("<p>Which one?</p><img src=" + chr(34) + "a.png" + chr(34) + ">")}</mattext></material>'
    assert reasons(bank(item(html)), "a.xml") == [["image_required"]]
    assert reasons(bank(item('<material><mattext>Which?</mattext><matimage uri="a.png"/></material>')), "a.xml") == [["image_required"]]


OPEN = {
    "essay": ('<response_str ident="r" rcardinality="Single"><render_fib/></response_str>', "essay_question", "essay"),
    "gap": ('<response_str ident="r"><render_fib/></response_str>', "", "render_fib|response_str"),
    "number": ('<response_num ident="r"><render_fib/></response_num>', "", "numerical"),
    "hotspot": ('<response_xy ident="r"><render_hotspot/></response_xy>', "", "hotspot"),
    "matching": (
        '<response_lid ident="a"><render_choice/></response_lid><response_lid ident="b"><render_choice/></response_lid>',
        "",
        "matching",
    ),
    "pairs": ('<response_grp ident="a"><render_choice/></response_grp>', "", "matching"),
    "order": ('<response_lid ident="a" rcardinality="Ordered"><render_choice/></response_lid>', "", "ordering"),
    "text": ("", "text_only_question", "without a question"),
    "spot_among_labels": (
        '<response_lid ident="a"><render_hotspot><response_label ident="x"/></render_hotspot></response_lid>',
        "",
        "hotspot",
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_offers_no_choice_is_named(read, name):
    response, kind, words = OPEN[name]
    meta = f"<itemmetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield></itemmetadata>"
    text = bank(f'<item ident="i">{meta}<presentation><material><mattext>Name a fish.</mattext></material>{response}</presentation></item>')
    _, (row,) = read(text, "a.xml")
    assert row["reason_codes"] == ["not_multiple_choice"]
    assert any(word in row["detail"] for word in words.split("|"))
    assert "Name a fish." in row["payload"]


def test_names_with_a_prefix_and_a_document_type_that_only_names_its_definition(parse):
    text = (
        bank(item())
        .replace("xmlns=", "xmlns:q=")
        .replace("</", "<\0")
        .replace("<", "<q:")
        .replace("<q:\0", "</q:")
        .replace("<q:?xml", "<?xml")
    )
    assert parse(text, "a.xml") == ASKED
    typed = bank(item()).replace('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2p1.dtd">')
    assert parse(typed, "a.xml") == ASKED


def test_more_choices_than_sets_of_them_can_be_tried_have_no_key(reasons):
    many = [(f"k{n}", f"option {n}") for n in range(40)]
    assert reasons(bank(item(choices=many, many="Multiple", conditions=FULL.format("k1", 1))), "a.xml") == [["too_many_options"]]
