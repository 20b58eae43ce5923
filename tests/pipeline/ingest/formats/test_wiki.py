"""Quizzes of MediaWiki."""

from pipeline.ingest.formats.wiki import plain

QUIZ = """== Test ==
<quiz display="simple">
{ Which '''city''' lies on the [[Seine|river Seine]]?
|type="()" coef="2"}
- London
|| No, that is the Thames.
+ Paris
|| Yes, since long ago.
- <nowiki>[[Rome]]</nowiki>

{Which are even? |type="[]"}
+ 2
+ 4
- 5

{One of them
|type="[]"}
- x<sub>2</sub>
+ x<sup>2</sup> &amp; <math>\\frac{1}{2}</math>

{ The capital of Spain is { Madrid _10 }.
|type="{}"}

{ Match
|type="()"}
| yes | no
+- Dogs bark
-+ Cats bark

{Look: [[File:Cat.jpg|thumb]] what?|type="()"}
+ a cat
- a dog

{No key
|type="()"}
- a
- b
</quiz>
"""


def test_questions_and_what_is_none(read):
    for name in ("quiz.txt", "quiz.wiki"):
        questions, rejected = read(QUIZ, name)
        assert [(q["stem"], q["options"], q["answer_index"], q["explanation"]) for q in questions] == [
            ("Which city lies on the river Seine?", ["London", "Paris", "[[Rome]]"], 1, "Yes, since long ago."),
            ("One of them", ["x₂", "x² & $\\frac{1}{2}$"], 1, None),
        ]
        assert [row["reason_codes"][0] for row in rejected] == [
            "multiple_answers",
            "not_multiple_choice",
            "not_multiple_choice",
            "image_required",
            "missing_answer",
        ]


def test_a_page_may_begin_with_its_quiz(parse):
    assert parse('<quiz display="simple">\n{Pick\n}\n+ a\n- b\n</quiz>', "page.txt") == [("Pick", ["a", "b"], "a")]


def test_a_wiki_table_is_no_question(reasons):
    assert reasons('<quiz>\n</quiz>\n{| class="x"\n|a\n|}\n- b\n', "page.wiki") == [["unreadable_file"]]


def test_markup():
    assert plain("''a'' [[Dog|dogs]] [http://x.y see] b<br/>c <code>''d''</code> <!-- e -->") == "a dogs see b\nc ''d'' "
