"""Moodle XML."""

import pytest

MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/Địa lí</text></category></question>
<question type="multichoice"><name><text>m1</text></name>
 <questiontext format="html"><text><![CDATA[<p>Th&uacute; nào s&#7889;ng ở biển?<br></p>]]></text></questiontext>
 <answer fraction="0"><text><![CDATA[<p>Hổ</p>]]></text></answer>
 <answer fraction="100"><text>Cá voi</text></answer>
 <generalfeedback><text>Cá voi là thú.</text></generalfeedback></question>
<question type="truefalse"><questiontext><text>2 &lt; 3</text></questiontext>
 <answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>
<question type="essay"><questiontext><text>Why?</text></questiontext></question>
<question type="multichoice"><questiontext><text><![CDATA[What is this? <img src="a.png">]]></text></questiontext>
 <answer fraction="100"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
</quiz>"""


def test_moodle_xml(read):
    questions, rejected = read(MOODLE, "bank.xml")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ("Thú nào sống ở biển?", ["Hổ", "Cá voi"], 1),
        ("2 < 3", ["True", "False"], 0),
    ]
    assert (questions[0]["subject"], questions[0]["explanation"], questions[0]["original_id"]) == ("Địa lí", "Cá voi là thú.", "m1")
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"], ["image_required"]]


def quiz(answers, kind="multichoice", text="Which?", more=""):
    inside = "".join(f'<answer fraction="{fraction}"><text><![CDATA[{text}]]></text></answer>' for text, fraction in answers)
    return f'<quiz><question type="{kind}"><questiontext><text><![CDATA[{text}]]></text></questiontext>{inside}{more}</question></quiz>'


def test_keys_are_fractions(parse, reasons):
    assert parse(quiz([("a1", "-33.33333"), ("b1", "100"), ("c1", "0")]), "a.xml") == [("Which?", ["a1", "b1", "c1"], "b1")]
    assert parse(quiz([("3", 0), ("4", 100), ("5", 0)]), "a.xml") == [("Which?", ["3", "4", "5"], "4")]
    assert parse(quiz([("a1", "50"), ("b1", "100"), ("c1", "")]), "a.xml") == [("Which?", ["a1", "b1", "c1"], "b1")]
    assert reasons(quiz([("a1", 50), ("b1", 50), ("c1", 0)], more="<single>false</single>"), "a.xml") == [["multiple_answers"]]
    assert reasons(quiz([("a1", 0), ("b1", 0)]), "a.xml") == [["missing_answer"]]
    assert reasons(quiz([("a1", "x"), ("b1", "y")]), "a.xml") == [["missing_answer"]]


@pytest.mark.parametrize("kind", ["numerical", "matching", "shortanswer", "cloze", "essay", "description", "ddwtos"])
def test_other_kinds_offer_no_options(reasons, kind):
    assert reasons(quiz([("a1", 100), ("b1", 0)], kind), "a.xml") == [["not_multiple_choice"]]


def test_pictures_in_stem_or_options(reasons):
    picture = '<p>What is this? <img src="@@PLUGINFILE@@/a.png" alt=""/></p>'
    assert reasons(quiz([("a1", 100), ("b1", 0)], text=picture), "a.xml") == [["image_required"]]
    assert "image_required" in reasons(quiz([('<img src="a.png">', 100), ('<img src="b.png">', 0)]), "a.xml")[0]


def test_html_becomes_text(parse):
    text = "<p><span style='color:red'>H<sub>2</sub>O</span> &amp; 2&nbsp;&lt;&nbsp;3:</p><ul><li>one</li></ul>"
    assert parse(quiz([("<b>yes</b>", 100), ("no", 0)], text=text), "a.xml") == [("H₂O & 2 < 3:\none", ["yes", "no"], "yes")]


BOMB = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><quiz>&b;</quiz>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>'


@pytest.mark.parametrize("content", [BOMB, EXTERNAL, "<quiz>", "<?xml version='1.0'?><other/>", "<?xml", "<quiz>" + "<a>" * 100_000, ""])
def test_broken_or_hostile_xml_is_one_rejected_record(read, content):
    _, (row,) = read(content, "bank.xml")
    assert row["reason_codes"] == ["unreadable_file"]
    assert row["detail"]


def test_code_and_escaped_tags_stay(parse):
    text = "<p>What is printed?</p><pre>for n in x:\n    print(n)</pre>"
    assert parse(quiz([("<p>&lt;br&gt;</p>", 100), ("<pre><code>1\n</code></pre>", 0)], text=text), "a.xml") == [
        ("What is printed?\nfor n in x:\n    print(n)", ["<br>", "1"], "<br>")
    ]


def test_tags_that_nobody_escaped(parse):
    assert parse(quiz([("<br>", 100), ("<hr>", 0)]), "a.xml")[0][1:] == (["<br>", "<hr>"], "<br>")


def test_plain_text_is_no_html(parse):
    content = """<quiz><question type="multichoice"><questiontext format="plain_text"><text>What is &lt;b&gt;x&lt;/b&gt; &amp;amp;?</text></questiontext>
    <answer fraction="100" format="plain_text"><text>a &lt; b</text></answer><answer fraction="0"><text>c&lt;d</text></answer></question></quiz>"""
    assert parse(content, "a.xml") == [("What is <b>x</b> &amp;?", ["a < b", "c<d"], "a < b")]


def test_entities_of_html_outside_cdata(parse):
    content = """<?xml version="1.0"?><quiz><question type="multichoice"><questiontext><text>Which&nbsp;caf&eacute; &amp; Q & A?</text></questiontext>
    <answer fraction="100"><text><![CDATA[a &amp; b]]></text></answer><answer fraction="0"><text>b</text></answer></question></quiz>"""
    assert parse(content, "a.xml") == [("Which café & Q & A?", ["a & b", "b"], "a & b")]


def test_gaps_with_choices(read):
    one, two = ("Ice is {1:MULTICHOICE:hot~=cold}.", "A {1:MC:=cat~dog} on a {1:MC:=mat~bed}.")
    content = "<quiz>" + "".join(
        f'<question type="cloze"><questiontext format="html"><text><![CDATA[<p>{text}</p>]]></text></questiontext></question>'
        for text in (one, two)
    )
    questions, rejected = read(content + "</quiz>", "a.xml")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [("Ice is _____.", ["hot", "cold"], 1)]
    assert [(row["reason_codes"], row["detail"]) for row in rejected] == [
        (["multiple_questions"], "2 gaps in one text; give each gap a question of its own")
    ]
