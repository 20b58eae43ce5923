"""Stars before options in columns."""

HEADER = "Question Type,Question Text,Answer 1,Answer 2,Answer 3,Correct Feedback,Points\n"
ROWS = "MC,Which bird sings?,*lark,hen,duck,Right!,10\nMC,Which bird dives?,lark,hen,* duck,Right!,10\n"


def test_the_starred_option_is_the_key(parse):
    assert parse(HEADER + ROWS, "a.csv") == [
        ("Which bird sings?", ["lark", "hen", "duck"], "lark"),
        ("Which bird dives?", ["lark", "hen", "duck"], "duck"),
    ]


def test_two_stars_or_none_are_refused(read):
    text = HEADER + ROWS * 4 + "MC,Which fly?,*lark,*hen,duck,,1\nMC,Which swim?,lark,hen,duck,,1\n"
    _, rejected = read(text, "a.csv")
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"], ["missing_answer"]]


def test_pointers_are_no_stars(parse):
    text = "question,A,B,C,answer\nWhat is the value at p?,*p,&p,p,A\nWhat is the address of p?,*q,&p,**p,B\n"
    assert [options for _, options, _ in parse(text, "a.csv")] == [["*p", "&p", "p"], ["*q", "&p", "**p"]]


def test_a_few_stars_mark_no_key(reasons):
    few = "question,A,B,C\nWhat is the value at p?,*p,&p,p\nWhich is a type?,int,p,q\nWhich is a loop?,for,if,q\n"
    assert reasons(few, "b.csv") == [["missing_answer"]] * 3
