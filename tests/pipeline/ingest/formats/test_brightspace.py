"""Brightspace's question csv."""

from pipeline.ingest.formats.brightspace import FORMAT
from pipeline.ingest.items import SniffedFile

QUIZ = """//MULTIPLE CHOICE,,,,
NewQuestion,MC,,,
ID,GEO-7,,,
Title,Peaks,,,
QuestionText,"Which of these is a mountain, not a lake?",,,
Option,0,Baikal,,a lake
Option,100,Elbrus,,
Option,0,Garda,,
Hint,It is high,,,
Feedback,See the atlas,,,
,,,,
NewQuestion,TF,,,
QuestionText,Elbrus is a lake.,,,
TRUE,0,,,
FALSE,100,,,
NewQuestion,MS,,,
QuestionText,Which are lakes?,,,
Option,1,Baikal,,
Option,1,Garda,,
Option,0,Elbrus,,
NewQuestion,WR,,,
QuestionText,Tell of a lake.,,,
"""


def test_choices_and_statements_are_read_with_the_weight_as_key(read):
    questions, rejected = read(QUIZ, "a.csv")
    assert [(row["stem"], row["options"], row["answer_index"]) for row in questions] == [
        ("Which of these is a mountain, not a lake?", ["Baikal", "Elbrus", "Garda"], 1),
        ("Elbrus is a lake.", ["True", "False"], 1),
    ]
    assert (questions[0]["explanation"], questions[0]["context"], questions[0]["original_id"]) == ("See the atlas", None, "GEO-7")
    assert [row["reason_codes"] for row in rejected] == [["multiple_answers"], ["not_multiple_choice"]]


def test_a_picture_rejects_its_question_and_partial_weights_are_several_keys(reasons):
    picture = "NewQuestion,MC\nQuestionText,Which sign?\nImage,signs/12.png\nOption,100,stop\nOption,0,go\n"
    assert reasons(picture, "a.csv") == [["image_required"]]
    partial = "NewQuestion,MC\nQuestionText,Which sign?\nOption,100,stop\nOption,50,slow\nOption,0,go\n"
    assert reasons(partial, "b.csv") == [["multiple_answers"]]


def test_a_table_that_speaks_of_new_questions_is_none():
    assert not FORMAT.sniff(SniffedFile(b"", ".csv", "Question,A,B,Answer\nWhat does NewQuestion,MC do?,a,b,A\n"))
