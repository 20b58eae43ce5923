"""Tutor LMS' csv."""

from pipeline.ingest.formats.tutor import FORMAT
from pipeline.ingest.items import SniffedFile

QUIZ = """settings,"Knots","A test",0,minutes
question,"Which knot makes a loop, and holds?",,single_choice,1.00,1,,1,1,
answer,"reef knot",text,0,,,,1
answer,bowline,text,1,,,,2
question,"Which hold two ropes?",,multiple_choice,1.00,2,,1,1,
answer,"reef knot",text,1,,,,1
answer,"sheet bend",text,1,,,,2
answer,bowline,text,0,,,,3
question,"Tell of a knot.",,open_ended,1.00,3,,1,1,
question,"Which is this?",,single_choice,1.00,4,,1,1,
answer,"1.png",image,0,12,,,1
answer,"2.png",image,1,13,,,2
question,"Which is tied first?",,single_choice,1.00,5,,1,1,
answer,"this",text,0,,,,1
answer,"that",text,0,,,,2
"""


def test_a_one_in_the_fourth_cell_marks_the_key(read):
    (question,), rejected = read(QUIZ, "a.csv")
    assert (question["stem"], question["options"], question["answer_index"]) == (
        "Which knot makes a loop, and holds?",
        ["reef knot", "bowline"],
        1,
    )
    assert [row["reason_codes"] for row in rejected] == [
        ["multiple_answers"],
        ["not_multiple_choice"],
        ["image_required"],
        ["missing_answer"],
    ]


def test_a_table_with_a_column_called_question_is_another():
    assert not FORMAT.sniff(SniffedFile(b"", ".csv", "question,answer,type\nWho?,I,single_choice\n"))
