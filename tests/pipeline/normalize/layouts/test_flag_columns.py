"""A flag beside each option."""


def table(*rows):
    return "\n".join(",".join(row) for row in rows)


def test_each_option_has_its_flag_in_the_order_of_the_columns(parse):
    named = [["Question", "Option A", "A correct", "Option B", "B correct", "Option C", "C correct"]]
    same = [["Question", "Answer 1", "Correct", "Answer 2", "Correct", "Answer 3", "Correct"]]
    weights = [["Question", "Answer 1", "Weight 1", "Answer 2", "Weight 2", "Answer 3", "Weight 3"]]
    for header, (yes, no) in ((named, ("TRUE", "FALSE")), (same, ("x", "")), (weights, ("100", "-25"))):
        rows = [["Pick red", "rose", yes, "sky", no, "ash", no], ["Pick grey", "rose", no, "sky", no, "ash", yes]]
        assert [answer for _, _, answer in parse(table(*header, *rows), "a.csv")] == ["rose", "ash"]


def test_two_flags_are_several_keys_and_none_is_a_missing_one(reasons):
    header = ["Question", "Option A", "A correct", "Option B", "B correct"]
    rows = [["Both?", "x", "1", "y", "1"], ["None?", "x", "0", "y", "0"]]
    assert reasons(table(header, *rows), "a.csv") == [["multiple_answers"], ["missing_answer"]]


def test_columns_of_keys_are_no_flags(read):
    text = table(
        ["Question", "A", "B", "Correct 1", "Correct 2"], ["Pick red", "rose", "sky", "A", ""], ["Pick two", "rose", "ruby", "A", "B"]
    )
    questions, rejected = read(text, "a.csv")
    assert [row["answer_index"] for row in questions] == [0]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]


def test_a_key_beside_the_flags_has_to_agree(read):
    rows = [["question", "A", "B", "answer", "A correct", "B correct"], ["Pick red", "rose", "sky", "A", "1", "0"]]
    questions, rejected = read(table(*rows, ["Pick blue", "rose", "sky", "B", "1", "0"]), "a.csv")
    assert [row["stem"] for row in questions] == ["Pick red"]
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"]]
