"""TOML."""

QUIZ = """# a pack
title = "Trees"

[[questions]]
text = "Which tree bears acorns?"
choices = ["ash", "oak"]
answer = "oak"

[[questions]]
text = '''Which wood
floats?'''
choices = ["ebony", "balsa"]
answer = 1
"""


def test_tables_of_questions(parse):
    text = QUIZ.replace("answer = 1", 'answer = "balsa"')
    assert parse(text, "a.toml") == [
        ("Which tree bears acorns?", ["ash", "oak"], "oak"),
        ("Which wood\nfloats?", ["ebony", "balsa"], "balsa"),
    ]


def test_what_is_broken_or_no_quiz_says_so(reasons, read):
    assert reasons('[[questions]]\ntext = "a', "a.toml") == [["unreadable_file"]]
    _, (row,) = read('[project]\nname = "x"\nversion = "1"\n', "pyproject.toml")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "without questions" in row["detail"]
