"""Question lists in Markdown."""

import pytest

from pipeline.ingest.formats.markdown import FORMAT
from pipeline.ingest.items import SniffedFile, Text

HOT, COLD = ("Which is hot?", ["ice", "fire"], "fire"), ("Which is cold?", ["ice", "fire"], "ice")
TASKS = "- [ ] ice\n- [x] fire\n"
LETTERS = "A. ice\nB. fire\n"
KINDS = {
    "task_lists": f"#### Q1. Which is hot?\n\n{TASKS}\n#### Q2. Which is cold?\n\n- [X] ice\n- [] fire\n",
    "two_styles_of_numbers": f"#### Q1. Which is hot?\n\n{TASKS}\n[reference](x)\n\n#### 2. Which is cold?\n\n- [x] ice\n- [ ] fire\n",
    "any_letter": f"#### C1. Which is hot?\n\n{TASKS}\n#### Вопрос 2. Which is cold?\n\n- [x] ice\n- [ ] fire\n",
    "headings_alone": f"# Quiz\n\n### Which is hot?\n\n{TASKS}\n### Which is cold?\n\n- [ x ] ice\n- [ ] fire\n\n> It is.\n",
    "folded_headings": "###### 1. Which is hot?\n\n- A: ice\n- B: fire\n\n<details><summary>Antwort</summary>\n\n#### Antwort: B\n\nA. melts.\n</details>\n\n"
    "---\n\n###### 2. Which is cold?\n\n- A: ice\n- B: fire\n\n<details><summary>Antwort</summary>\n\n#### Antwort: A\n</details>\n",
    "folded_sentence": f"**1. Which is hot?**\n{LETTERS}\n<details><summary>Show</summary>The correct answer is **B**.</details>\n\n**2. Which is cold?**\n"
    f"{LETTERS}\n<details>\n<summary>Show</summary>\n\nA) ice\n\n</details>\n",
    "list_at_the_end": f"**1.** Which is hot?\n{LETTERS}\n**2.** Which is cold?\n{LETTERS}\n## Answer key\n\n1. B\n2. A\n",
    "table_at_the_end": f"### Câu 1\nWhich is hot?\n\n{LETTERS}\n### Câu 2\nWhich is cold?\n\n{LETTERS}\n## Đáp án\n\n| Câu | 1 | 2 |\n|-|-|-|\n| Đáp án | B | A |\n",
    "letters_said_right": f"__Question__\n\nWhich is hot?\n\n{LETTERS}\n__Answers__\n\n- A\n- B - Correct\n\n__Question__\n\nWhich is cold?\n\n{LETTERS}\n"
    "__Answers__\n\n- A - Correct\n- B\n",
    "emoji": "## Câu 1:\n\n**Question:** Which is hot?\n\n**Answer Options:**\n❌ Option 1: A. ice\n✅ Option 2: B. fire\n\n---\n\n## Câu 2:\n\n"
    "**Question:** Which is cold?\n\n**Answer Options:**\n✅ Option 1: A. ice\n❌ Option 2: B. fire\n",
    "bold_options": "1. Which is hot?\n   - ice\n   - **fire**\n\n2. Which is cold?\n   - **ice**\n   - fire\n",
    "numbered_options": "1. Which is hot?\n   1. ice\n   2. fire\n\n   Answer: 2\n2. Which is cold?\n   1. ice\n   2. fire\n\n   Answer: 1\n",
    "edx": ">>Which is hot?||Think.<<\n\n( ) ice {{No.}}\n(x) fire\n\n[explanation]\nIt burns.\n[explanation]\n\n---\n\n>>Which is cold?<<\n\n[[ (ice), fire ]]\n",
    "quiz_tags": f"# Guide\n\nProse.\n\n<quiz>\nWhich is hot?\n{TASKS}\nYes.\n</quiz>\n\nMore.\n\n<quiz>\nWhich is cold?\n- [x] ice\n- [ ] fire\n</quiz>\n",
    "rules": f"Which is hot?\n\n{LETTERS}\n**Answer: B**\n\n---\n\nWhich is cold?\n\n{LETTERS}\n**Answer: A**\n",
    "quotes": "> **Question 1:** Which is hot?\n>\n> - A. ice\n> - B. fire\n>\n> **Answer:** B\n\n> **Question 2:** Which is cold?\n>\n> - A. ice\n> - B. fire\n>\n> **Answer:** A\n",
    "outer_fence": f"Here:\n\n```markdown\n1. Which is hot?\n{LETTERS}Answer: B\n\n2. Which is cold?\n{LETTERS}Answer: A\n```\n",
    "json_fences": '```json\n[{"question": "Which is hot?", "options": ["ice", "fire"], "answer": "fire"}]\n```\n\n```json\n'
    '[{"question": "Which is cold?", "options": ["ice", "fire"], "answer": "ice"}]\n```\n',
    "steps_in_solutions": f"1. Which is hot?\n{LETTERS}Answer: B\n\n   Because:\n   1. it burns\n   2. it glows\n\n2. Which is cold?\n{LETTERS}Answer: A\n",
    "statements_repeat_options": f"**Question 1:** Which is hot?\n\n{LETTERS}\n**Answer:** B\n\n**Explanation:**\nA. It is frozen.\nB. It burns.\n\n**Question 2:** Which is cold?\n\n"
    f"{LETTERS}\n**Answer:** A\n",
    "comments": "1. Which is hot?\n   - ice\n   - fire\n   <!-- Answer: B -->\n\n2. Which is cold?\n   - ice\n   - fire\n   <!-- Answer: A -->\n",
    "one_line": "**Câu 1:** Which is hot?\n\nA. ice  B. fire\n\n**Đáp án:** B\n\n**Câu 2:** Which is cold?\n\nA. ice  B. fire\n\n**Đáp án:** A\n",
}


@pytest.mark.parametrize("name", KINDS)
def test_question_lists_as_people_write_them(parse, name):
    expected = [HOT, ("Which is cold?\n_____", *COLD[1:])] if name == "edx" else [HOT, COLD]
    assert parse(KINDS[name], name + ".md") == expected


@pytest.mark.parametrize(
    "text", ["a**2 + b**2", "3*4*5", "__init__()", "x < y, List<int>", "$a_1 * b_2$", "`__str__` or `a *b* c`", "snake_case_name"]
)
def test_what_is_no_markup_stays(parse, text):
    assert parse(f"#### Q1. What is {text}?\n\n- [x] {text}\n- [ ] none\n", "a.md") == [(f"What is {text}?", [text, "none"], text)]


def test_markup_goes(parse):
    text = "#### Q1. **Which** of [these](x) is H<sub>2</sub>O, \\$5 &amp; <kbd>F1</kbd>?\n\n- [x] *water*\n- [ ] <b>salt</b>\n"
    assert parse(text, "a.md") == [("Which of these is H₂O, $5 & F1?", ["water", "salt"], "water")]


def test_tags_alone_are_the_option(parse):
    text = "1. Which breaks?\n\n- [x] <br>\n- [ ] <p>\n- [ ] <b></b>\n"
    assert parse(text, "a.md") == [("Which breaks?", ["<br>", "<p>", "<b></b>"], "<br>")]


def test_code_keeps_its_fence_and_indentation(parse):
    code = "```python\ndef f():\n    return 1\n```"
    other = code.replace("1", "2")
    text = f"#### Q1. Which one?\n\n{code}\n\n- [ ] A\n\n{code}\n\n- [x] B\n\n{other}\n\nBehind.\n"
    assert parse(text, "a.md") == [(f"Which one?\n{code}", [f"A\n{code}", f"B\n{other}"], f"B\n{other}")]


def test_a_fence_that_nobody_closed_swallows_no_question(parse):
    text = "#### Q1. Which is hot?\n\n```python\nprint(1)\n\n- [ ] ice\n- [x] fire\n\n#### Q2. Which is cold?\n\n- [x] ice\n- [ ] fire\n"
    assert parse(text, "a.md") == [("Which is hot?\n```python\nprint(1)\n```", *HOT[1:]), COLD]


def test_a_table_with_bars_in_code_and_escaped(parse):
    text = "| Question | A | B | Answer |\n|---|---|---|---|\n| What is `a | b`? | or | and | A |\n| And `a \\| c`? | or | and | B |\n"
    assert parse(text, "a.md") == [("What is `a | b`?", ["or", "and"], "or"), ("And `a | c`?", ["or", "and"], "and")]


@pytest.mark.parametrize(
    ("behind", "reason"),
    [
        ("- [x] ice\n- [x] fire\n", "multiple_answers"),
        ("- [ ] ice\n- [ ] fire\n", "missing_answer"),
        ("", "not_multiple_choice"),
        (f"{TASKS}\nAnswer: A\n", "multiple_answers"),
    ],
)
def test_what_is_in_doubt_is_rejected(read, behind, reason):
    questions, (rejected,) = read(f"#### Q1. Which is hot?\n\n{behind}\n#### Q2. Which is cold?\n\n- [x] ice\n- [ ] fire\n", "a.md")
    assert [row["stem"] for row in questions] == ["Which is cold?"]
    assert rejected["reason_codes"] == [reason]


def test_options_that_say_correct_or_key_are_options(parse):
    text = "#### Q1. Which?\n\n- [ ] This is correct\n- [x] key\n- [ ] Answer\n"
    assert parse(text, "a.md") == [("Which?", ["This is correct", "key", "Answer"], "key")]


def test_a_denied_letter_is_no_key(read):
    text = f"**1. Which is hot?**\n{LETTERS}\n<details><summary>Why</summary>A) is wrong, it melts.</details>\n"
    questions, (rejected,) = read(text, "a.md")
    assert len(questions) == 0
    assert rejected["reason_codes"] == ["missing_answer"]


def test_statements_before_the_options_belong_to_the_stem(parse):
    text = "1. Which hold?\n\n   1. Ice is cold.\n   2. Fire is wet.\n\n   - A. the first\n   - B. both\n\n   Answer: A\n"
    assert parse(text, "a.md") == [("Which hold?\n1. Ice is cold.\n2. Fire is wet.", ["the first", "both"], "the first")]


@pytest.mark.parametrize("text", ["# Notes\n\n## Features\n\n- [x] fast\n- [ ] cheap\n", "# Install\n\n```sh\nmake\n```\n"])
def test_a_readme_holds_no_question(read, text):
    questions, (rejected,) = read(text, "README.md")
    assert len(questions) == 0
    assert rejected["reason_codes"] == ["unreadable_file"]


def test_text_is_told_from_other_kinds():
    def told(text, suffix=".txt"):
        return FORMAT.sniff(SniffedFile(text.encode(), suffix, text))

    assert told(KINDS["task_lists"])
    assert told(KINDS["folded_headings"])
    assert told("words", ".md")
    assert not told("1. a\nA. x\nB. y\n")
    assert not told('[{"question": "x"}]', ".md")
    assert not told("<details>\n", ".html")


def test_people_see_headings_and_prose_but_no_tags():
    assert FORMAT.read_text is not None
    seen = [item.text for item in FORMAT.read_text(KINDS["quiz_tags"]) if isinstance(item, Text)]
    assert "Prose." in seen
    assert "More." in seen
    assert not any("quiz>" in text for text in seen)


TO_DO = "# Plan\n\n## Version 3\n\n- [x] new logo\n- [ ] new tests\n\n## Someday\n\n- [ ] night colours\n- [ ] sounds\n"


@pytest.mark.parametrize(
    "text",
    [
        TO_DO,
        "# My week\n\n- [x] wash the car\n- [ ] paint the fence\n",
        "## Spring\n\n- [x] dig\n- [ ] sow\n\n## Autumn\n\n- [x] rake\n- [ ] rest\n",
    ],
)
def test_a_list_of_things_to_do_is_no_question(read, text):
    questions, rejected = read(text, "PLAN.md")
    assert len(questions) == 0
    assert {code for row in rejected for code in row["reason_codes"]} == {"not_multiple_choice"}
    assert "things to do" in rejected[0]["detail"]


@pytest.mark.parametrize(
    "stem", ["## Which is hot?", "## Cái nào nóng", "## The hottest of these is", "## Question 1: heat", "Pick the hot one", "## Hot:"]
)
def test_boxes_below_what_asks_are_a_question(parse, stem):
    ((_, options, key),) = parse(f"# Heat\n\n{stem}\n\n{TASKS}", "heat.md")
    assert (options, key) == (["ice", "fire"], "fire")


def test_titles_above_boxes_with_one_tick_each_are_questions(parse):
    text = "".join(
        f"## {title}\n\n- [ ] ice\n- [x] {answer}\n\n"
        for title, answer in [("Hot thing", "fire"), ("Wet thing", "rain"), ("Loud thing", "bell")]
    )
    assert [stem for stem, _, _ in parse(text, "things.md")] == ["Hot thing", "Wet thing", "Loud thing"]


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_fence_behind_a_box_is_the_option(parse, indent):
    boxes = "".join(
        f"{indent}- [{mark}] ```sh\n{indent}  {line}\n{indent}    -v\n{indent}  ```\n" for mark, line in [(" ", "rm x"), ("x", "cp x y")]
    )
    ((stem, options, key),) = parse(f"#### Q1. Which copies a file?\n\n{boxes}", "shell.md")
    assert (stem, options, key) == (
        "Which copies a file?",
        ["```sh\nrm x\n  -v\n```", "```sh\ncp x y\n  -v\n```"],
        "```sh\ncp x y\n  -v\n```",
    )
