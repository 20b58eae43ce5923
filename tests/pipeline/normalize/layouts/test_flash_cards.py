"""Cards with two sides."""

CARDS = 'Front,Back\nWhich is red?<br>A. sky<br>B. rose,<b>B. rose</b><br>Roses are red.\n"Which is blue?\nA. sky\nB. rose",sky\n'


def test_options_of_the_front_are_read_with_the_key_on_the_back(read):
    questions, rejected = read(CARDS, "deck.csv")
    assert rejected == []
    assert [(row["stem"], row["options"][row["answer_index"]], row["explanation"]) for row in questions] == [
        ("Which is red?", "rose", "Roses are red."),
        ("Which is blue?", "sky", None),
    ]


def test_cards_without_options_are_not_multiple_choice(reasons):
    assert reasons("Term,Definition\ncell,the unit of life\n", "deck.csv") == [["not_multiple_choice"]]


def test_a_front_page_beside_a_question_is_no_card(parse):
    assert parse("Question,A,B,Answer,Front,Back\nWhich is red?,sky,rose,B,f,b\n", "a.csv") == [("Which is red?", ["sky", "rose"], "rose")]
