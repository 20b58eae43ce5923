"""Exams in plain text and Markdown."""

import pytest

FIRST = "Câu 1. Thủ đô nước ta là\nA. Hà Nội. B. Huế.\nC. Vinh. D. Lào Cai.\n"
SECOND = "Câu 2: Số nào chẵn?\nA. 1\nB. 2\nC. 3\nD. 5\n"
EXPECTED = [("Thủ đô nước ta là", ["Hà Nội.", "Huế.", "Vinh.", "Lào Cai."], "Hà Nội."), ("Số nào chẵn?", ["1", "2", "3", "5"], "2")]
LINES = FIRST.replace(" B.", "\nB.").replace(" D.", "\nD.")
FORMS = {
    "key_behind_each": f"{FIRST}Đáp án: A\n\n{SECOND}Đáp án: B\n",
    "key_with_solution": f"{FIRST}Lời giải: Vì sao? Chọn A.\n\n{SECOND}Lời giải: Chọn B.\n",
    "list": f"ĐỀ THI\n\n{FIRST}\n{SECOND}\nĐÁP ÁN\n1.A 2.B\n",
    "list_without_heading": f"{FIRST}\n{SECOND}\n1-A 2-B\n",
    "lines": f"{FIRST}\n{SECOND}\nĐáp án:\n1. A\n2. B\n",
    "markdown_heading": f"# Đề thi\n\n## {FIRST}\n## {SECOND}\n### Đáp án\n\n1. A\n2. B\n",
    "markdown_table": f"{FIRST}\n{SECOND}\n| Câu | 1 | 2 |\n|---|---|---|\n| Đáp án | A | B |\n",
    "markdown_upright_table": f"{FIRST}\n{SECOND}\n| Câu | Đáp án |\n|:-:|:-:|\n| 1 | A |\n| 2 | B |\n",
    "bold_options": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "**A. Hà Nội.**").replace("B. 2", "**B. 2**"),
    "bold_texts": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "A. **Hà Nội.**").replace("B. 2", "B. **2**"),
    "bold_letter": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "**A.** Hà Nội.").replace("B. 2", "**B.** 2"),
    "bold_marks_in_a_row": f"{FIRST}Đáp án: A\n{SECOND}Đáp án: B\n".replace("A. Hà Nội. B. Huế.", "**A**. Hà Nội. **B**. Huế."),
    "star_before": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "*A. Hà Nội.").replace("B. 2", "*B. 2"),
    "star_behind": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "A. Hà Nội. (*)").replace("B. 2", "B. 2 *"),
    "tick": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "A. Hà Nội. ✓").replace("B. 2", "B. 2 ✓"),
    "task_list": f"{LINES}\n{SECOND}".replace("A. Hà", "[x] A. Hà").replace("B. 2", "[x] B. 2"),
    "underlined": f"{LINES}\n{SECOND}".replace("A. Hà Nội.", "<u>A</u>. Hà Nội.").replace("B. 2", "<u>B</u>. 2"),
    "bullets": f"{LINES}\n{SECOND}".replace("\nA.", "\n- A.").replace("\nB.", "\n- B.").replace("\nC.", "\n- C.").replace("\nD.", "\n- D.")
    + "\nĐÁP ÁN\n1A 2B\n",
    "bold_questions": f"{LINES}\n{SECOND}".replace("Câu 1.", "**Câu 1.**").replace("Câu 2:", "**Câu 2:**") + "\n**ĐÁP ÁN**\n1A 2B\n",
    "plain_numbers": f"{FIRST}\n{SECOND}\nĐÁP ÁN\n1A 2B\n".replace("Câu 1.", "1.").replace("Câu 2:", "2."),
    "no_numbers": f"{FIRST}Đáp án: A\n\n{SECOND}Đáp án: B\n".replace("Câu 1. ", "").replace("Câu 2: ", ""),
    "answer_lines": f"{FIRST}ANSWER: A\n\n{SECOND}ANSWER: B\n",
    "boxes": "### Câu 1\nThủ đô nước ta là\n\n- [x] Hà Nội.\n- [ ] Huế.\n- [ ] Vinh.\n- [ ] Lào Cai.\n\n### Câu 2\nSố nào chẵn?\n\n- [ ] 1\n- [x] 2\n- [ ] 3\n- [ ] 5\n",
    "key_first": "a\nThủ đô nước ta là\nA.Hà Nội.\nB.Huế.\nC.Vinh.\nD.Lào Cai.\n\nb\nSố nào chẵn?\nA.1\nB.2\nC.3\nD.5\n",
    "tabbed_list": f"{FIRST}\n{SECOND}\nĐÁP ÁN\n\n1\t2\nA\tB\n",
    "small_list": f"{FIRST}\n{SECOND}\nĐÁP ÁN: 1 - a; 2 - b\n",
    "rules": f"{FIRST}\n**Đáp án: A**\n\n---\n\n{SECOND}\n---\n**Đáp án: B**\n\n---\n",
    "essays_behind": f"I. TRẮC NGHIỆM\n{FIRST}{SECOND}II. TỰ LUẬN\n\nĐÁP ÁN\n1A 2B\n",
    "slashes": "1/ Thủ đô nước ta là\na/ Hà Nội.\nb/ Huế.\nc/ Vinh.\nd/ Lào Cai.\nĐáp án: a\n2/ Số nào chẵn?\na/ 1\nb/ 2\nc/ 3\nd/ 5\nĐáp án: b\n",
    "crlf": f"{FIRST}\n{SECOND}\nĐÁP ÁN\n1.A 2.B\n".replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_exams_as_people_type_them(parse, name, suffix):
    assert parse(FORMS[name], name + suffix) == EXPECTED


def test_small_letters(parse):
    text = "1. Where is it?\na) here\nb) there\nAnswer: b\n\n2. Who?\na) Ann\nb) Bob\nAnswer: a\n"
    assert parse(text, "quiz.txt") == [("Where is it?", ["here", "there"], "there"), ("Who?", ["Ann", "Bob"], "Ann")]


def test_blanks_and_products_are_no_emphasis(parse):
    text = "Câu 1. Điền vào ____ và ____, __ : 2*3*x = ?\nA. 6*x\nB. 5x\nĐáp án: A\n"
    assert parse(text, "a.md") == [("Điền vào ____ và ____, __ : 2*3*x = ?", ["6*x", "5x"], "6*x")]


def test_a_table_of_questions_in_markdown(parse):
    text = "| Câu hỏi | A | B | Đáp án |\n|---|---|---|---|\n| Ở đâu? | đây | đó | B |\n"
    assert parse(text, "a.md") == [("Ở đâu?", ["đây", "đó"], "đó")]


def test_a_missing_key_and_an_essay_are_verdicts(read):
    questions, rejected = read(FIRST + "Đáp án: A\n" + SECOND + "Câu 3. Hãy phân tích bài thơ.\n", "a.txt")
    assert len(questions) == 1
    assert [row["reason_codes"] for row in rejected] == [["missing_answer"], ["not_multiple_choice"]]


@pytest.mark.parametrize("text", ["just some words\n", "Kính gửi thầy cô,\nEm xin nghỉ.\n"])
def test_text_without_questions_names_the_readers(read, text):
    _, (row,) = read(text, "notes.txt")
    assert row["reason_codes"] == ["unreadable_file"]
    assert "docx" in row["detail"]


def test_a_section_that_counts_anew_keeps_the_keys_of_the_first(read):
    questions, rejected = read(f"{FIRST}{SECOND}PHẦN II. TỰ LUẬN\nCâu 1. Hãy kể về em.\nĐÁP ÁN\n1A 2B\n", "a.txt")
    assert [row["answer_index"] for row in questions] == [0, 1]
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]]


def test_blanks_of_a_cloze_passage_are_questions(read):
    passage = "Read the following passage and choose the best answer from 1 to 2.\nTom (1) ____ to school and (2) ____ books.\n"
    text = f"{passage}Question 1. A. go B. goes C. going D. gone\nQuestion 2. A. read B. reads C. reading D. red\nANSWER KEY\n1B 2B\n"
    questions, rejected = read(text, "a.txt")
    assert rejected == []
    assert [(row["options"][row["answer_index"]], "Tom (1) ____ to school and (2) ____ books" in row["context"]) for row in questions] == [
        ("goes", True),
        ("reads", True),
    ]


def test_a_missing_key_says_what_was_looked_for(read):
    _, (row,) = read(FIRST + SECOND + "Đáp án: B\n", "a.txt")
    assert row["reason_codes"] == ["missing_answer"]
    assert "Đáp án: B" in row["detail"]
    assert "list of keys" in row["detail"]


def test_options_that_are_python_stay_as_they_are(parse):
    text = "1. What is a**2+b**2 for a=2, b=1?\nA. 5\nB. 9\nĐáp án: A\n\n2. Which one runs first?\nA. __new__\nB. __init__\nĐáp án: A\n"
    assert parse(text, "a.txt") == [
        ("What is a**2+b**2 for a=2, b=1?", ["5", "9"], "5"),
        ("Which one runs first?", ["__new__", "__init__"], "__new__"),
    ]


def test_flash_cards(parse):
    cards = "Who flies? a. owl b. cod\ta. owl\nWho swims? a. owl b. cod\tb. cod\n"
    assert parse(cards, "cards.txt") == [("Who flies?", ["owl", "cod"], "owl"), ("Who swims?", ["owl", "cod"], "cod")]


def test_code_in_a_stem_keeps_its_indentation(parse):
    text = "1. What does it do?\nwhile x > 0:\n    x -= 1\n    print(x)\nA. count\nB. nothing\nAnswer: A\n"
    ((stem, _, _),) = parse(text, "a.txt")
    assert stem == "What does it do?\nwhile x > 0:\n    x -= 1\n    print(x)"


@pytest.mark.parametrize(
    "stem", ["Hình sau đây là con gì?", "Quan sát hình và cho biết", "What does Figure 3 show?", "Mark it on the map above."]
)
def test_a_picture_that_is_named_is_missing(reasons, stem):
    assert reasons(f"Câu 1. {stem}\nA. owl\nB. cod\nĐáp án: A\n", "a.txt") == [["image_required"]]


@pytest.mark.parametrize("power", ["3**2**2", "x**2**n", "f(2)**3**2"])
def test_stars_between_numbers_are_an_operator(parse, power):
    ((stem, options, _),) = parse(f"1. What is {power}?\nA. {power}\nB. 9\nAnswer: A\n", "exam.txt")
    assert (stem, options) == (f"What is {power}?", [power, "9"])


@pytest.mark.parametrize("rule", ["+-----+---+---+", "+=====+===+===+"])
def test_a_key_in_a_table_drawn_with_signs(parse, rule):
    table = f"{rule}\n| Câu | 1 | 2 |\n{rule}\n| ĐA  | A | B |\n{rule}\n"
    assert parse(f"{FIRST}\n{SECOND}\nĐÁP ÁN\n{table}", "exam.txt") == EXPECTED


@pytest.mark.parametrize("why", ["", "Lời giải: Vì nó toả nhiệt.\n"])
def test_a_statement_to_judge_holds_no_key_in_its_stem(read, why):
    questions, rejected = read(
        f"{FIRST}Đáp án: A\n\nCâu 2. Lửa nóng. Đúng hay sai?\nĐáp án: Đúng\n{why}\nCâu 3. Tả ngọn lửa.\n", "exam.txt"
    )
    assert [(row["stem"], row["answer_index"]) for row in questions][1:] == [("Lửa nóng. Đúng hay sai?", 0)]
    assert [row["reason_codes"] for row in rejected] == [["not_multiple_choice"]]


@pytest.mark.parametrize("named", ["(Hình biển 1, 2, 3)", "(hình 2)", "(xem hình 1)"])
def test_pictures_that_brackets_name_are_needed(read, named):
    text = f"Câu 1. Biển nào cấm quay đầu xe?\n{named}\nA. Biển 1\nB. Biển 2\nĐáp án: A\n\nCâu 2. Hình (a) nào?\nA. tròn\nB. vuông\nĐáp án: A\n"
    questions, rejected = read(text, "a.txt")
    assert [question["stem"] for question in questions] == ["Hình (a) nào?"]
    assert [row["reason_codes"] for row in rejected] == [["image_required"]]
