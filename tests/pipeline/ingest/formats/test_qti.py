"""QTI: the file that holds its items, and the one that doesn't. What an item says is in test_qti12.py and test_qti2.py."""

import pytest

ITEM = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1">
<responseDeclaration identifier="R" cardinality="single"><correctResponse><value>x2</value></correctResponse></responseDeclaration>
<itemBody><choiceInteraction responseIdentifier="R"><prompt>Which is a herb?</prompt>
<simpleChoice identifier="x1">plum</simpleChoice><simpleChoice identifier="x2">basil</simpleChoice></choiceInteraction></itemBody></assessmentItem>"""


@pytest.mark.parametrize("name", ["a.xml", "a.qti", "res00001.dat", "noname"])
def test_the_root_element_tells_the_format(parse, name):
    assert parse(ITEM, name) == [("Which is a herb?", ["plum", "basil"], "basil")]
    assert parse('<?xml version="1.0" encoding="UTF-8"?>\n<!-- x -->\n' + ITEM, name) == [("Which is a herb?", ["plum", "basil"], "basil")]


def test_a_test_without_its_items_says_where_they_are(read):
    test = (
        '<assessmentTest><testPart><assessmentSection><assessmentItemRef href="q/1.xml"/></assessmentSection></testPart></assessmentTest>'
    )
    _, (row,) = read(test, "a.xml")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "q/1.xml" in row["detail"]
    assert ".zip" in row["detail"]


def test_an_empty_bank_is_a_verdict(reasons):
    assert reasons("<questestinterop/>", "a.xml") == [["unreadable_file"]]
