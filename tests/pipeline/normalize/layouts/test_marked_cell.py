"""All options in one cell, each judged by a word."""


def test_each_option_stands_behind_its_verdict(parse):
    text = 'ID,Question,Answer\n1,Pick red,"Wrong:sky, blue,Right:rose"\n2,Pick blue,"Right:sky\nWrong:rose\nWrong:ash"\n'
    assert parse(text, "a.csv") == [("Pick red", ["sky, blue", "rose"], "rose"), ("Pick blue", ["sky", "rose", "ash"], "sky")]


def test_two_right_ones_are_several_keys_and_a_word_alone_is_no_list(reasons):
    text = 'Question,Answer\nPick all,"Right:rose,Right:ruby,Wrong:sky"\nTell,Right: it is red\n'
    assert reasons(text, "a.csv") == [["multiple_answers"], ["not_multiple_choice"]]


def test_what_is_said_of_an_answer_is_no_list_of_options(parse):
    for column in ("feedback", "shown"):
        text = f'question,A,B,answer,{column}\nPick red,rose,sky,A,"Correct: well done, Incorrect: see page 3"\n'
        assert parse(text, "a.csv") == [("Pick red", ["rose", "sky"], "rose")]
