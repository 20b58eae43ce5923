"""WP-Pro-Quiz and LearnDash."""


def export(*questions):
    return f'<?xml version="1.0"?><wpProQuiz><data><quiz><title><![CDATA[T]]></title><questions>{"".join(questions)}</questions></quiz></data></wpProQuiz>'


def question(kind="single", right=(1,), html="false"):
    answers = "".join(
        f'<answer points="1" correct="{str(i in right).lower()}"><answerText html="{html}"><![CDATA[{text}]]></answerText></answer>'
        for i, text in enumerate(("<b>", "<i>", "a & b"))
    )
    text = "<questionText><![CDATA[<p>Which tag <em>slants</em>?</p>]]></questionText>"
    return f'<question answerType="{kind}"><title>Q</title>{text}<category>web</category><answers>{answers}</answers></question>'


def test_single_choices_are_read(read):
    (row,), _ = read(export(question()), "a.xml")
    assert (row["stem"], row["options"], row["answer_index"], row["subject"]) == ("Which tag slants?", ["<b>", "<i>", "a & b"], 1, "web")


def test_others_are_named_and_keys_counted(reasons):
    assert reasons(export(question("free_answer"), question("multiple", (0, 1)), question(right=())), "a.xml") == [
        ["not_multiple_choice"],
        ["multiple_answers"],
        ["missing_answer"],
    ]
    assert reasons("<wpProQuiz><data/></wpProQuiz>", "a.xml") == [["unreadable_file"]]
