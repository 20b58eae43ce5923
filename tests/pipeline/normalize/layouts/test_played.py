"""Reports of quizzes that were played."""

HEADER = "Question Number,Question,Answer 1,Answer 2,Answer 3,Correct Answers,Player,Answer,Correct / Incorrect,Correct\n"


def test_what_players_answered_is_no_key(parse):
    text = (
        HEADER
        + "1 Quiz,Which bird sings?,lark,hen,duck,lark,Ann,hen,Incorrect,0\n1 Quiz,How many legs has a hen?,4,2,3,2,Bob,2,Correct,1\n"
    )
    assert parse(text, "a.csv") == [
        ("Which bird sings?", ["lark", "hen", "duck"], "lark"),
        ("How many legs has a hen?", ["4", "2", "3"], "2"),
    ]


def test_a_question_that_many_answered_is_one_record(parse):
    rows = "".join(f"1 Quiz,Which bird sings?,lark,hen,duck,lark,{name},hen,Incorrect,0\n" for name in ("Ann", "Bob", "Cy"))
    assert len(parse(HEADER + rows, "a.csv")) == 1


def test_several_right_ones_are_refused(reasons):
    assert reasons(HEADER + '1 Quiz,Which fly?,lark,hen,duck,"lark, duck",Ann,hen,Incorrect,0\n', "a.csv") == [["multiple_answers"]]


def test_a_table_without_players_keeps_its_key(parse):
    text = "Question,Answer 1,Answer 2,Correct Answer\nWhich bird sings?,lark,hen,1\nWhich bird lays?,lark,hen,2\n"
    assert [key for *_, key in parse(text, "a.csv")] == ["lark", "hen"]
