"""Flash cards."""

import pytest


def test_cards_with_their_options_in_the_text(parse):
    text = "Which animal flies? a. cow b. owl c. cod\tb. owl\nWhich one swims? a. cow b. owl c. cod\tc\n"
    assert parse(text, "cards.txt") == [
        ("Which animal flies?", ["cow", "owl", "cod"], "owl"),
        ("Which one swims?", ["cow", "owl", "cod"], "cod"),
    ]


def test_the_first_card_is_no_header_and_either_side_may_ask(parse):
    assert parse("b. owl\tWhich flies? a. cow b. owl\na. cow\tWhich moos? a. cow b. owl\n", "cards.txt")[0] == (
        "Which flies?",
        ["cow", "owl"],
        "owl",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Which flies?\na. cow\nb. owl\tb\nWhich moos?\na. cow\nb. owl\ta. cow\n",
        '"Which flies?\nA. cow\nB. owl"\tB\n"Which moos?\nA. cow\nB. owl"\tA\n',
        "Question\tAnswer\nWhich flies? A. cow B. owl\tB\nWhich moos? A. cow B. owl\tA\n",
    ],
)
def test_cards_of_several_lines_and_with_a_header(parse, text):
    assert parse(text, "cards.txt") == [("Which flies?", ["cow", "owl"], "owl"), ("Which moos?", ["cow", "owl"], "cow")]


def test_terms_and_definitions_are_no_questions(reasons):
    assert reasons("Peru\tLima\nChile\tSantiago\nCuba\tHavana\n", "cards.txt") == [["not_multiple_choice"]] * 3


def test_a_back_that_is_no_option(reasons):
    assert (
        reasons("Which flies? a. cow b. owl c. cod\tant\nWhich moos? a. cow b. owl c. cod\tant\n", "cards.txt")
        == [["answer_not_in_options"]] * 2
    )


def test_tabs_within_an_exam_are_left_to_it(parse):
    exam = "Câu 1.\tSố nào chẵn?\nA. 1\tB. 2\nC. 3\tD. 5\nĐáp án:\tB\n"
    assert parse(exam, "exam.txt") == [("Số nào chẵn?", ["1", "2", "3", "5"], "2")]


def test_anki_with_columns(parse):
    text = "#separator:tab\n#html:true\n#columns:Question\tA\tB\tC\tAnswer\nWhich is red?\tsky\tblood\tgrass\tB\nWhich is blue?\tsky\tblood\tgrass\tA\n"
    assert parse(text, "notes.txt") == [
        ("Which is red?", ["sky", "blood", "grass"], "blood"),
        ("Which is blue?", ["sky", "blood", "grass"], "sky"),
    ]


def test_anki_whose_notes_mark_the_right_option_by_ones(read):
    text = "#separator:tab\n#html:false\n#notetype column:1\n#tags column:7\nMC\tWhich flies?\tcow\towl\tcod\t0 1 0\tt\nMC\tWhich are animals?\tcow\towl\trose\t1 1 0\tt\n"
    questions, rejected = read(text, "notes.txt")
    assert [(q["stem"], q["options"], q["answer_index"]) for q in questions] == [("Which flies?", ["cow", "owl", "cod"], 1)]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]


def test_anki_without_columns_says_how_to_name_them(read):
    _, rejected = read("#separator:tab\n#html:true\nWhat?\tA thing\nWho?\tMe\n", "notes.txt")
    assert [row["reason_codes"] for row in rejected] == [["unreadable_file"]]
    assert "#columns:" in rejected[0]["detail"]


def test_anki_notes_whose_front_holds_the_options(read):
    text = "#separator:tab\n#html:true\n#tags column:3\nWhich barks?<br>A. cat<br>B. dog\tIt is loud.<br>Answer: B\tx\nWhich swims?<br>A. cod<br>B. cow\t<b>A. cod</b>\tx\n"
    questions, _ = read(text, "a.txt")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ("Which barks?", ["cat", "dog"], 1),
        ("Which swims?", ["cod", "cow"], 0),
    ]
    assert questions[0]["explanation"] == "It is loud."


def test_what_stands_behind_the_letter_of_a_note_is_no_option(read):
    text = "#separator:tab\n#html:true\nWhich of them barks?\tcat\tdog\tcow\tB\tloud\nWhich of them moos?\tcat\tdog\tcow\tC\tmilk\n"
    questions, _ = read(text, "a.txt")
    assert [row["options"] for row in questions] == [["cat", "dog", "cow"]] * 2
