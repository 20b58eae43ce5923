"""GIFT."""

import pytest

from pipeline.ingest.formats.gift import sniff
from pipeline.ingest.items import SniffedFile

GIFT = """// a comment
$CATEGORY: $course$/Geography/Capitals

::q1:: Which city is the capital of Peru? {=Lima ~Quito#no ~Cuzco}

The sun \\= a star. {T}

::q3::[html]Grant lived in {~Paris =London ~Rome} as a child.

Name your favourite colour. {}

::q5:: Match {=a -> b =c -> d}
"""


def test_gift(read, parse):
    questions, rejected = read(GIFT, "quiz.gift")
    assert [(row["stem"], row["options"], row["options"][row["answer_index"]]) for row in questions] == [
        ("Which city is the capital of Peru?", ["Lima", "Quito", "Cuzco"], "Lima"),
        ("The sun = a star.", ["True", "False"], "True"),
        ("Grant lived in _____ as a child.", ["Paris", "London", "Rome"], "London"),
    ]
    assert (questions[0]["original_id"], questions[0]["subject"]) == ("q1", "Capitals")
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many? {\n~1\n~2 # too few\n=3 # yes!\n~4\n}", ("How many?", ["1", "2", "3", "4"], "3")),
        ("Which? {~%100%Lima ~%-50%Quito ~%0%Cuzco}", ("Which?", ["Lima", "Quito", "Cuzco"], "Lima")),
        ("Which? {=%100%Lima#good ~Quito}", ("Which?", ["Lima", "Quito"], "Lima")),
        ("Which\\: {=x\\=1 ~x\\~2 ~\\{3\\} ~4\\#5}", ("Which:", ["x=1", "x~2", "{3}", "4#5"], "x=1")),
        ("{1:MULTICHOICE:=Lima#ok~Quito} is the capital.", ("_____ is the capital.", ["Lima", "Quito"], "Lima")),
        ("Which? {1:=Lima ~Quito}", ("Which?", ["Lima", "Quito"], "Lima")),
        ("Which letter? {=A ~B ~C}", ("Which letter?", ["A", "B", "C"], "A")),
        ("::Tên::[markdown]Thủ đô? {=Hà Nội ~Huế####Xem bài 1}", ("Thủ đô?", ["Hà Nội", "Huế"], "Hà Nội")),
        ("Sai? {FALSE#no#yes}", ("Sai?", ["True", "False"], "False")),
        ("What is $\\\\frac\\{1\\}\\{2\\}$? {=half ~third}", ("What is $\\frac{1}{2}$?", ["half", "third"], "half")),
    ],
)
def test_gift_in_its_forms(parse, text, expected):
    for name in ("quiz.gift", "quiz.txt"):
        assert parse(text.replace("\\\\frac", "\\frac"), name) == [expected]


def test_several_right_answers_or_none(reasons):
    assert reasons("Pick two. {~%50%a ~%50%b ~%-100%c}\n", "quiz.gift") == [["multiple_answers"]]
    assert reasons("Pick one. {~a ~b ~c}\n", "quiz.gift") == [["missing_answer"]]
    assert reasons("When? {#1822:5}\n\nSay it. {=yes =yeah}", "quiz.gift") == [["not_multiple_choice"]] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[html]<p>Which?</p>{\n=<p>Lima<br></p>#<p>yes</p>\n~<p><span lang\\="EN">Quito</span></p>\n}',
            ("Which?", ["Lima", "Quito"], "Lima"),
        ),
        ("[html]<p>It is {=hot ~cold}.</p>", ("It is _____.", ["hot", "cold"], "hot")),
        ("[html]Which tag? {=&lt;b&gt; ~&lt;i&gt;}", ("Which tag?", ["<b>", "<i>"], "<b>")),
        ("Which tag? {=<b> ~<br>}", ("Which tag?", ["<b>", "<br>"], "<b>")),
        ("How much? {=2<sup>3</sup> ~23}", ("How much?", ["2³", "23"], "2³")),
        ("[plain]What does <b>x</b> do? {=a ~b}", ("What does <b>x</b> do?", ["a", "b"], "a")),
        ("[markdown]What does `__init__` do? {=a ~b}", ("What does `__init__` do?", ["a", "b"], "a")),
        ("Half is $\\frac{1}{2}$ of {=two ~three}", ("Half is $\\frac{1}{2}$ of", ["two", "three"], "two")),
    ],
)
def test_formats_of_texts(parse, text, expected):
    assert parse(text, "a.gift") == [expected]


def test_two_blocks_are_two_questions(reasons):
    assert reasons("It is {=hot ~cold} and {=wet ~dry}.", "a.gift") == [["multiple_questions"]]


@pytest.mark.parametrize(
    "text",
    [
        "1. A force $\\vec{F}$ acts. What changes?\nA. speed\nB. mass\nANSWER: A",
        'Q1. Which line is JSON?\n\nA. {true}\n\nB. {"a": {true}}\n\nC. {=1}',
        "let a = {T}\n\nThe set {F} is empty.\n\nA. x\n\nB. y",
    ],
)
def test_braces_of_formulas_and_code_are_no_answers(text):
    assert not sniff(SniffedFile(b"", ".txt", text))


def test_answers_in_most_paragraphs_are_gift():
    assert sniff(SniffedFile(b"", ".txt", "// sums\n\nTwo and two is {=4 ~5}\n\nOne is odd.{T}\n\nSay why. {}"))
