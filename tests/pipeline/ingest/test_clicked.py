"""Choices of a web page, and which of them it says is right."""

import pytest

RADIOS = """<html><head><title>T</title></head><body><h1>Birds</h1><p>Choose well.</p>
<div class="question"><p>Which bird swims?</p><label><input type="radio" name="q1" value="a"> wren</label><br>
<label{}><input type="radio" name="q1" value="b"{}> penguin</label></div>
<div class="question"><p>Which bird is blue?</p><label><input type="radio" name="q2"{}> jay</label><label><input type="radio" name="q2"> crow</label></div>
</body></html>"""
ASKED = [("Which bird swims?", ["wren", "penguin"], "penguin"), ("Which bird is blue?", ["jay", "crow"], "jay")]


@pytest.mark.parametrize("said", [' data-correct="true"', ' class="correct"', " data-correct", ' data-is-correct="1"'])
def test_buttons_with_their_keys(parse, said):
    assert parse(RADIOS.format("", said, said), "a.html") == ASKED


def test_the_choice_that_someone_made_is_no_key(reasons):
    assert reasons(RADIOS.format("", " checked", " checked"), "a.html") == [["missing_answer"]] * 2
    assert reasons(RADIOS.format("", ' data-correct="false"', ""), "a.html") == [["missing_answer"]] * 2


def test_a_class_of_the_label(read):
    questions, rejected = read(RADIOS.format(' class="option right-answer"', "", ""), "a.htm")
    assert [(row["stem"], row["answer_index"]) for row in questions] == [("Which bird swims?", 1)]
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"]]
    assert read(RADIOS.format(' class="incorrect"', "", ""), "a.htm")[0] == []


FLAT = """<form><p>1. Which bird sings?</p><input type=radio name=a id=a1><label for=a1>wren</label><input type=radio name=a id=a2><label for=a2>ostrich</label>
<p>Answer: A</p><p>2. Which runs?</p><pre>x = 2
print(x)</pre><input type=radio name=b> wren <br><input type=radio name=b> ostrich <br><details><summary>Show answer</summary>Answer: ostrich</details></form>"""


def test_keys_behind_the_choices_are_no_part_of_the_next_stem(parse):
    assert parse(FLAT, "a.html") == [
        ("Which bird sings?", ["wren", "ostrich"], "wren"),
        ("Which runs?\nx = 2\nprint(x)", ["wren", "ostrich"], "ostrich"),
    ]


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("Answer: B", 1),
        ("Correct answer: b.", 1),
        ("The right answer is: (B)", 1),
        ("Đáp án đúng: B", 1),
        ("Answer: B. emu", 1),
        ("Answer: emu", 1),
    ],
)
def test_wordings_of_a_key(read, key, right):
    page = f"<p>Which runs?</p><input type=radio name=q>wren<br><input type=radio name=q>emu<p>{key}</p>"
    assert [row["answer_index"] for row in read(page, "a.html")[0]] == [right]


@pytest.mark.parametrize("key", ["Answer: a dog", "Answer: A dog", "Answers vary", "Answer: Because", "Answer: Z"])
def test_what_only_looks_like_a_key(reasons, key):
    page = f"<p>Which runs?</p><input type=radio name=q>wren<br><input type=radio name=q>emu<p>{key}</p>"
    assert reasons(page, "a.html") == [["missing_answer"]]


def test_values_that_say_right_or_wrong(parse, reasons):
    page = '<p>Which is it?</p><input type="radio" name="q" value="{}"> a1<br><input type="radio" name="q" value="{}"> b1<br><input type="radio" name="q" value="{}"> c1'
    assert parse(page.format("wrong", "correct", "wrong"), "a.html") == [("Which is it?", ["a1", "b1", "c1"], "b1")]
    assert parse(page.format("0", "1", "0"), "a.html") == [("Which is it?", ["a1", "b1", "c1"], "b1")]
    # Numbers of the choices, and true and false as choices.
    assert reasons(page.format("0", "1", "2"), "a.html") == [["missing_answer"]]
    two = '<p>Wrens sing.</p><input type="radio" name="q" value="true"> Yes<br><input type="radio" name="q" value="false"> No'
    assert reasons(two, "a.html") == [["missing_answer"]]


def test_lists_that_say_which_item_is_right(parse):
    page = "<h1>Quiz</h1><div><h3>Which bird swims?</h3><ul><li>wren</li><li class='correct'>penguin</li></ul></div><div><h3>Which hops?</h3><ul><li class='correct'>wren</li><li>emu</li></ul></div>"
    assert parse(page, "a.html") == [("Which bird swims?", ["wren", "penguin"], "penguin"), ("Which hops?", ["wren", "emu"], "wren")]
    buttons = '<div><p>Which bird swims?</p><button data-correct="false">wren</button><button data-correct="true">penguin</button></div>'
    assert parse(buttons, "a.html") == [("Which bird swims?", ["wren", "penguin"], "penguin")]


def test_several_right_choices(reasons):
    page = "<p>Which are birds?</p><input type=checkbox name=q data-correct=true>wren<br><input type=checkbox name=q data-correct=true>emu<br><input type=checkbox name=q>cat"
    assert reasons(page, "a.html") == [["multiple_answers"]]


def test_choices_without_names_are_parted_by_the_stems_between_them(parse):
    page = "<p>Which swims?</p><input type=radio>wren<br><input type=radio data-correct>penguin<p>Which runs?</p><input type=checkbox name=x data-correct>emu<br><input type=checkbox name=y>wren"
    assert parse(page, "a.html") == [("Which swims?", ["wren", "penguin"], "penguin"), ("Which runs?", ["emu", "wren"], "emu")]
    same = page.replace("type=radio", "type=checkbox")
    assert parse(same, "a.html") == [("Which swims?", ["wren", "penguin"], "penguin"), ("Which runs?", ["emu", "wren"], "emu")]


LISTS = "<ol><li>Which swims?<ul><li>wren</li><li>{}</li></ul>{}</li><li>Which runs?<ul><li>{}</li><li>wren</li></ul>{}</li></ol>"


def test_a_list_of_questions_with_lists_of_options(parse, reasons, read):
    asked = [("Which swims?", ["wren", "penguin"], "penguin"), ("Which runs?", ["emu", "wren"], "emu")]
    assert parse(LISTS.format("<b>penguin</b>", "", "<strong>emu</strong>", ""), "a.html") == asked
    assert parse(LISTS.format("penguin", "<p>Answer: penguin</p>", "emu", "<p>Answer: A</p>"), "a.html") == asked
    assert reasons(LISTS.format("penguin", "", "emu", ""), "a.html") == [["missing_answer"]] * 2
    assert (
        parse(LISTS.format("<b>penguin</b>", "", "<b>emu</b>", "").replace("<ul>", "<ol type=A>").replace("</ul>", "</ol>"), "a.html")
        == asked
    )
    menu = "<ul><li>Products<ul><li>Tea</li><li>Mugs</li></ul></li><li>About<ul><li>Us</li><li>Jobs</li></ul></li></ul>"
    assert reasons(menu, "a.html") == [["unreadable_file"]]
