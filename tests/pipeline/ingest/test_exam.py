"""Exams read as a whole: what starts a question, what its options and its key are, and how long a line that nearly lists keys takes."""

import time
from itertools import cycle, islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.exam import PLAIN, ExamLine, exam_items, plain_line

QUESTIONS = [line for n in (1, 2) for line in (f"Câu {n}. Số nào chẵn?", "A. 1", "B. 2", "C. 3", "D. 5")]


def items(*lines):
    """The items of an exam of two questions with these lines behind it."""
    return list(exam_items([ExamLine(line, [PLAIN] * len(line)) for line in [*QUESTIONS, *lines]]))


def pairs(form, count):
    """`form` for each number up to the count, with letters A to D in turn: "1 A 2 B 3 C "."""
    return "".join(form.format(number, letter) for number, letter in enumerate(islice(cycle("ABCD"), count), start=1))


@given(
    word=st.sampled_from(["", "Câu ", "Question", "Q. "]),
    mark=st.sampled_from([" ", ".", " : ", "-", " – ", "= (", ") Chọn ", ": Đáp án: "]),
    between=st.sampled_from([" ", ", ", " | ", ";", ".", "/", "\t"]),
)
def test_a_line_of_pairs_is_a_list_of_keys_however_they_are_parted(word, mark, between):
    assert [item.payload["answer"] for item in items(f" {word}1{mark}C{between}{word}2{mark}B{between}")] == ["C", "B"]


@pytest.mark.parametrize("line", ["1 C 2 B Hết", "1 C 2 B 3", "1 C và 2 B", "1 CD 2 B", "| 1 2 C"])
def test_a_line_with_anything_else_is_none(line):
    assert [item.payload.get("answer") for item in items(line)] == [None, None]


NEARLY_KEYS = {
    "pairs": lambda n: [pairs("{} {} ", n) + "Hết"],
    "pairs_with_words": lambda n: [pairs("Câu {} {} ", n) + "Hết"],
    "pairs_with_chosen": lambda n: [pairs("{} Chọn {} ", n) + "Hết"],
    "pairs_behind_a_heading": lambda n: ["ĐÁP ÁN: " + pairs("{} {} ", n) + "Hết"],
    "pairs_below_a_heading": lambda n: ["ĐÁP ÁN", pairs("Câu {} {} ", n) + "Hết", "A. x", "B. y"],
    "small_pairs": lambda n: ["ĐÁP ÁN", pairs("{} {} ", n).lower() + "hết"],
    "range": lambda n: ["1-2: " + "A " * n + "Ax"],
    "blanks_in_a_pair": lambda n: ["ĐÁP ÁN", "Câu 1" + " " * n + "Hết", "A. x", "B. y"],
    "blanks_behind_a_word": lambda n: ["ĐÁP ÁN", "Câu" + " " * n + "Hết"],
    "blanks_behind_chosen": lambda n: ["1 Chọn" + " " * n + "Hết"],
    "blanks_in_a_key": lambda n: ["Đáp án" + " " * n + "Hết"],
}


@pytest.mark.parametrize("name", NEARLY_KEYS)
def test_the_work_for_a_line_that_is_nearly_a_list_of_keys_grows_with_its_length(name):
    def seconds(count):
        lines, times = NEARLY_KEYS[name](count), [time.process_time()]
        for _ in range(7):
            items(*lines)
            times.append(time.process_time())
        return min(after - before for before, after in pairwise(times))

    def grows_at_most(short, long, times):
        # A machine that does something else meanwhile is asked again; what grows faster is found so each time.
        return any(seconds(long) < times * seconds(short) for _ in range(8))

    # From short lines up: what takes all ways to part the blanks fails here before it takes hours.
    assert all(grows_at_most(2 ** (doubled - 1), 2**doubled, 8) for doubled in range(3, 13))
    # Eightfold in time that grows with the length, 64-fold with its square.
    assert grows_at_most(512, 4096, 32)


def texts(text):
    """(stem, options with their marks, key) of each item of an exam in plain text; the reason of one that is rejected."""
    found = []
    for item in exam_items([plain_line(line) for line in text.split("\n")]):
        if item.reason:
            found.append(str(item.reason))
        else:
            options = [f"{option['label']} {option['text']}" for option in item.payload.get("options", [])]
            found.append((item.payload["question"].partition(": ")[2], options, item.payload["answer"]))
    return found


BIRDS = ("Which one is a bird?", ["A owl", "B cod"], "A")
FISH = ("Which one is a fish?", ["A owl", "B cod"], "B")
ASK = "Which one is a {}?\nA. owl\nB. cod\nAnswer: {}\n"


def test_steps_of_a_solution_start_no_questions():
    steps = "To see it:\n1. look at it\n2. listen\n3. wait\n"
    text = "".join(
        f"{n}. {ASK.format(*one)}{steps}\n" for n, one in enumerate([("bird", "A"), ("fish", "B"), ("bird", "A"), ("fish", "B")], 1)
    )
    assert texts(text) == [BIRDS, FISH, BIRDS, FISH]


def test_a_year_at_the_beginning_of_a_line_starts_no_question():
    text = f"1. {ASK.format('bird', 'A')}Note:\n1874. The town burns.\n1875. It is built again.\n\n2. {ASK.format('fish', 'B')}"
    assert texts(text) == [BIRDS, FISH]


def test_numbers_may_change_their_form_in_the_middle():
    text = f"Câu 1: {ASK.format('bird', 'A')}Câu 2. {ASK.format('fish', 'B')}3. {ASK.format('bird', 'A')}4) {ASK.format('fish', 'B')}"
    assert texts(text) == [BIRDS, FISH, BIRDS, FISH]


def test_an_essay_between_questions_is_a_record():
    text = f"1. {ASK.format('bird', 'A')}2. Describe a bird.\n3. {ASK.format('fish', 'B')}"
    assert texts(text) == [BIRDS, ("Describe a bird.", [], None), FISH]


def test_a_list_that_no_number_opens_is_a_record():
    assert texts(f"1. {ASK.format('bird', 'A')}\n{ASK.format('fish', 'B')}2. {ASK.format('bird', 'A')}3. {ASK.format('fish', 'B')}") == [
        BIRDS,
        "multiple_questions",
        BIRDS,
        FISH,
    ]


def test_numbered_options_below_questions_that_are_numbered_otherwise():
    text = "1. Which one is a bird?\n1) owl\n2) cod\nAnswer: 1\n\n2. Which one is a fish?\n1) owl\n2) cod\nAnswer: 2\n"
    assert texts(text) == [(BIRDS[0], ["1 owl", "2 cod"], "1"), (FISH[0], ["1 owl", "2 cod"], "2")]


@pytest.mark.parametrize(
    ("signs", "key"),
    [
        (("[ ] A.", "[x] B."), "B"),
        (("☐ A.", "☑ B."), "B"),
        (("☐ A.", "☒ B."), "B"),
        (("❌ A.", "✅ B."), "B"),
        (("- ( ) A.", "- (x) B."), "B"),
        (("A.", "*B."), "B"),
        (("A. ☐", "B. ☑"), "B"),
        (("☐", "☑"), "B"),
        (("- [ ]", "- [x]"), "B"),
        (("❌", "✅"), "B"),
        (("❌ A.", "❌ B."), None),
        (("* A.", "* B."), None),
        (("[x] A.", "[x] B."), None),
        (("☒ A.", "☑ B."), "B"),
    ],
)
def test_signs_before_behind_or_instead_of_the_letter(signs, key):
    (found,) = texts(f"1. Which one is a fish?\n{signs[0]} owl\n{signs[1]} cod\n")
    assert found == (FISH[0], FISH[1], key)


@pytest.mark.parametrize("end", [" ✓", " ✅", " (*)", " (đúng)", " <--"])
def test_signs_behind_an_option(end):
    assert texts(f"1. Which one is a fish?\nA. owl\nB. cod{end}\n") == [FISH]


def test_two_ticks_are_two_answers():
    assert texts("1. Which have wings?\n[x] A. owl\n[x] B. bee\n[ ] C. cod\n") == [
        ("Which have wings?", ["A owl", "B bee", "C cod"], ["A", "B"])
    ]


@pytest.mark.parametrize(
    ("line", "key"),
    [("A. owl   *B. cod", "B"), ("A. owl ✅    B. cod", "A"), ("A. owl    ✅ B. cod", "B"), ("A. owl ✅ B. cod", None)],
)
def test_a_sign_between_two_options_belongs_to_the_closer(line, key):
    assert texts(f"1. Which one?\n{line}\n")[0][2] == key


@pytest.mark.parametrize(
    "heading", ["Answer choices:", "Answer Options:", "Options:", "Choices:", "Các phương án:", "Lựa chọn:", "Đáp án:", "**Options:**"]
)
def test_a_heading_of_options_is_no_part_of_the_stem_and_no_list_of_keys(heading):
    text = "".join(
        f"{n}. {ASK.format(*one)}\n".replace("?\n", f"?\n{heading}\n") for n, one in enumerate([("bird", "A"), ("fish", "B")], 1)
    )
    assert texts(text) == [BIRDS, FISH]


@pytest.mark.parametrize("line", ["Answer with the letter.", "Chọn một đáp án.", "(Select one)", "Choose only one answer."])
def test_what_tells_how_to_answer_is_no_part_of_the_last_option(line):
    assert texts(f"1. Which one is a fish?\nA. owl\nB. cod\n{line}\nAnswer: B\n") == [FISH]


def test_a_line_behind_the_last_option_that_could_be_either_is_refused():
    assert texts("1. Which one is a fish?\nA. owl\nB. cod\nOwls fly at night.\nAnswer: B\n") == ["malformed_row"]
    assert texts("1. Which one is a fish?\nA. owl\nB. cod\n\nOwls fly at night.\nAnswer: B\n") == [FISH]
    assert texts("1. Which?\nA. owl\nB. cod that swims\nand dives\nAnswer: B\n") == [
        ("Which?", ["A owl", "B cod that swims\nand dives"], "B")
    ]


@pytest.mark.parametrize(
    ("marks", "reason"),
    [("ABAB", "multiple_questions"), ("ABABC", "multiple_questions"), ("CD", "malformed_row"), ("ABD", "malformed_row")],
)
def test_marks_that_are_no_list_are_refused(marks, reason):
    lines = "".join(f"{letter}. animal {n}\n" for n, letter in enumerate(marks))
    assert texts(f"1. Which one?\n{lines}Answer: A\n") == [reason]


def test_a_key_means_the_mark_where_marks_stand_out_of_order():
    assert texts("1. Which one?\nC. owl\nA. cod\nB. bee\nAnswer: C\n") == [("Which one?", ["C owl", "A cod", "B bee"], "C")]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("Answer: (B)", "B"),
        ("Key: b", "B"),
        ("Đáp án: B", "B"),
        ("Correct answer: option 2", "B"),
        ("【答案】B", "B"),
        ("答案：B", "B"),
        ("**Answer:** B", "B"),
        ("Answer: A and B", ["A", "B"]),
        ("Answer:\nB", "B"),
        ("Chọn B vì nó bơi.", "B"),
        ("A cat is no answer", None),
    ],
)
def test_the_line_of_a_key(line, key):
    assert texts(f"1. Which one is a fish?\nA. owl\nB. cod\n\n{line}\n")[0][2] == key


def test_keys_that_differ_are_refused():
    assert texts(f"1. {ASK.format('bird', 'A')}2. {ASK.format('fish', 'B')}ANSWER KEY\n1. B 2. B\n") == ["multiple_answers", FISH]
    assert texts("1. Which one is a fish?\n*A. owl\nB. cod\nAnswer: B\n") == ["multiple_answers"]


def test_keys_of_parts_belong_to_these():
    part = "1. Which one is a bird?\nA. owl\nB. cod\n2. Which one is a fish?\nA. owl\nB. cod\n"
    assert texts(f"PART 1\n{part}PART 2\n{part}ANSWERS\nPART 1: 1A 2B\nPART 2: 1A 2B\n") == [BIRDS, FISH, BIRDS, FISH]
    assert [found[2] for found in texts(f"PHẦN I\n{part}PHẦN II\n{part}ĐÁP ÁN\n1A 2B\n")] == [None] * 4


def test_pairs_between_questions_are_no_list_of_keys():
    text = f"1. {ASK.format('bird', 'A')}2. Match them.\n1-B, 2-C, 3-A\n3. {ASK.format('fish', 'B')}"
    assert [found[2] for found in texts(text)] == ["A", None, "B"]


def test_statements_and_short_answers_of_the_national_exam_are_refused():
    text = (
        "PHẦN I. Trắc nghiệm nhiều lựa chọn\nCâu 1: Which one is a bird?\nA. owl\nB. cod\n"
        "PHẦN II. Trắc nghiệm đúng sai\nCâu 1: Cho số 9.\na) Nó lẻ.\nb) Nó chẵn.\nc) Nó là số chính phương.\nd) Nó lớn hơn 10.\n"
        "PHẦN III. Trả lời ngắn\nCâu 1: Tính 4 + 5.\nĐÁP ÁN\nPHẦN I: 1.A\nPHẦN II: 1. ĐSĐS\nPHẦN III: 1. 9\n"
    )
    assert texts(text) == [BIRDS, "not_multiple_choice", ("Tính 4 + 5.", [], None)]


def test_full_width_marks():
    assert texts("１\n1．哪个是鸟？\nＡ．猫头鹰　Ｂ．鳕鱼\n答案：Ａ\n2、哪个是鱼？（ B ）\n（A）猫头鹰（夜）\n（B）鳕鱼\n") == [
        ("哪个是鸟？", ["A 猫头鹰", "B 鳕鱼"], "A"),
        ("哪个是鱼？（ ）", ["A 猫头鹰（夜）", "B 鳕鱼"], "B"),
    ]


def test_code_keeps_its_lines_and_semicolons():
    text = "1. What is it?\n```\nA. x = 1\n1. y\n    z = 2\n```\nA. int x = 5;\nB. x = 5;\nAnswer: A\n"
    assert texts(text) == [("What is it?\n```\nA. x = 1\n1. y\n    z = 2\n```", ["A int x = 5;", "B x = 5;"], "A")]


def test_the_rubric_is_the_question_where_nothing_else_asks():
    text = "Choose the word that differs in the position of stress.\nQuestion 1: A. hotel B. table C. garden\nKEY: 1A\n"
    assert texts(text) == [("Choose the word that differs in the position of stress.", ["A hotel", "B table", "C garden"], "A")]
    assert texts(text.replace("that differs in the position of stress", "whose underlined part differs")) == ["malformed_row"]


WORDS = st.sampled_from("river stone candle garden window barrel ladder thunder marble copper willow saddle".split())
PHRASES = st.lists(WORDS, min_size=2, max_size=4).map(" ".join)
NOISE = st.sampled_from(
    [
        "",
        "",
        "Steps:\n1. look\n2. think\n3. choose\n",
        "Note:\n1901. The dam broke.\n",
        "Explanation: it was said before.\n",
        "---\n",
        "\nA word on it.\n\n",
    ]
)
ONE = st.tuples(PHRASES, st.lists(PHRASES, min_size=2, max_size=4, unique=True), st.integers(0, 3), NOISE)


@settings(max_examples=150)
@given(
    st.lists(ONE, min_size=2, max_size=7),
    st.sampled_from(["{}. ", "{}) ", "Câu {}: ", "Question {}. "]),
    st.sampled_from(["line", "list", "star"]),
    st.booleans(),
)
def test_an_exam_comes_out_right_or_rejected_whatever_stands_between(questions, number, keys, one_line):
    text, expected, listed = "", [], []
    for place, (stem, options, right, noise) in enumerate(questions, 1):
        right %= len(options)
        marked = [f"{'*' if keys == 'star' and n == right else ''}{'ABCD'[n]}. {option}" for n, option in enumerate(options)]
        text += f"{number.format(place)}What about {stem}?\n{('   ' if one_line else chr(10)).join(marked)}\n"
        text += f"Answer: {'ABCD'[right]}\n{noise}\n" if keys == "line" else "\n"
        listed.append(f"{place}.{'ABCD'[right]}")
        expected.append((f"What about {stem}?", [f"{'ABCD'[n]} {option}" for n, option in enumerate(options)], "ABCD"[right]))
    text += f"ANSWER KEY\n{' '.join(listed)}\n" if keys == "list" else ""
    found = texts(text)
    assert [one for one in found if not isinstance(one, str)] == expected


def read_lines(text):
    return [
        (item.payload["question"].partition(": ")[2], [option["text"] for option in item.payload["options"]], item.payload["answer"])
        for item in exam_items([plain_line(line) for line in text.split("\n")])
    ]


@pytest.mark.parametrize("mark", ["A.", "A)"])
def test_a_number_as_option_c_starts_no_question(mark):
    """ "C. 1.5 m" isn't question C1."""
    options = ["1.5 m", "2.5 m", "3.25 m", "4"]
    text = "\n".join(
        f"{n}. How long is it?\n"
        + "\n".join(f"{mark.replace('A', letter)} {option}" for letter, option in zip("ABCD", options, strict=True))
        + "\nAnswer: C"
        for n in (1, 2)
    )
    assert read_lines(text) == [("How long is it?", options, "C")] * 2


def test_whole_numbers_as_options_start_no_question():
    assert read_lines("Câu 1. Có mấy?\nA. 1.\nB. 2.\nC. 3.\nD. 4.\nĐáp án: D\nCâu 2. Có mấy nữa?\nA. 1.\nB. 2.\nC. 3.\nĐáp án: C") == [
        ("Có mấy?", ["1.", "2.", "3.", "4."], "D"),
        ("Có mấy nữa?", ["1.", "2.", "3."], "C"),
    ]


def test_questions_called_c_are_read():
    assert [
        stem for stem, _, _ in read_lines("C1. Which is hot?\nA. ice\nB. fire\nAnswer: B\nC2. Which is cold?\nA. ice\nB. fire\nAnswer: A")
    ] == ["Which is hot?", "Which is cold?"]


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("word", ["Câu {}.", "Question {}:"])
def test_a_numbered_list_in_a_stem_stays_there_to_its_last_line(word, count):
    steps = "\n".join(f"{n}. bước {name}" for n, name in enumerate("abcde"[:count], start=1))
    text = "\n".join(f"{word.format(n)} Sắp xếp:\n{steps}\nA. 1-2\nB. 2-1\nĐáp án: B" for n in (1, 2, 3))
    assert read_lines(text) == [(f"Sắp xếp:\n{steps}", ["1-2", "2-1"], "B")] * 3


@pytest.mark.parametrize("lines", [["KEY", "1. A", "2. B", "2. C"], ["KEY", "1A 2B 2C"], ["1A 2B", "1A 2C"]])
def test_a_list_that_gives_two_keys_for_a_number_gives_none(lines):
    first, second = items(*lines)
    assert first.payload["answer"] == "A"
    assert (second.reason, second.detail) == ("multiple_answers", "the list of keys gives B and C for its number; keep the right one")


def test_a_key_told_twice_alike_counts():
    assert [item.payload["answer"] for item in items("ĐÁP ÁN", "1A 2B", "1. A", "2. B vì 2 chẵn, và 1 C thì lẻ")] == ["A", "B"]


@pytest.mark.parametrize("gap", ["（ B ）", "(B)", "（B）", "( B )"])
def test_a_key_in_the_gap_of_a_chinese_question_is_taken_out(gap):
    assert read_lines(f"1. 会游泳的是{gap}。\nA. 猫\nB. 鱼\nC. 鸡") == [("会游泳的是（ ）。", ["猫", "鱼", "鸡"], "B")]


def test_a_key_in_a_gap_within_the_sentence_is_taken_out():
    assert read_lines("1. 树上有（ A ）在唱歌。\nA. 小鸟\nB. 小鱼") == [("树上有（ ）在唱歌。", ["小鸟", "小鱼"], "A")]


@pytest.mark.parametrize("stem", ["如图（A）所示的是什么？", "Which vitamin is called ( C )?", "（ A ）和（ B ）都是什么？"])
def test_a_letter_in_brackets_that_fills_no_gap_stays(stem):
    assert read_lines(f"1. {stem}\nA. x\nB. y\nAnswer: B") == [(stem, ["x", "y"], "B")]


def test_a_key_in_the_gap_and_another_behind_the_options_contradict():
    (item,) = exam_items([plain_line(line) for line in "1. 会飞的是（ A ）\nA. 鸟\nB. 鱼\n答案：B".split("\n")])
    assert (item.reason, item.payload) == ("multiple_answers", {"question": "Question 1: 会飞的是（ A ）\nA. 鸟\nB. 鱼\n答案：B"})


@pytest.mark.parametrize("mark", [".", ")", ":"])
def test_roman_numbers_number_questions(mark):
    text = f"I{mark} Which is hot?\nA. ice\nB. fire\nAnswer: B\nII{mark} Which is cold?\nA. ice\nB. fire\nAnswer: A"
    assert read_lines(text) == [("Which is hot?", ["ice", "fire"], "B"), ("Which is cold?", ["ice", "fire"], "A")]


def set_off(*keys, own):
    """Questions whose option with each of these letters is bold, and behind which stand other keys."""
    bold = frozenset(["bold"])
    for number, (key, said) in enumerate(zip(keys, own, strict=True), start=1):
        yield plain_line(f"Câu {number}. Chọn số {number}.")
        for letter in "ABC":
            yield ExamLine(f"{letter}. {letter}{number}", [bold if letter == key else PLAIN] * 5)
        if said:
            yield plain_line(f"Đáp án: {said}")


def test_an_option_that_stands_out_and_another_key_contradict():
    first, second, third = exam_items(list(set_off("A", "B", "C", own=["A", "C", ""])))
    assert (first.payload["answer"], third.payload["answer"]) == ("A", "C")
    assert (second.reason, second.detail) == (
        "multiple_answers",
        "its keys differ: C behind the options, B set off by its style; keep the right one",
    )


def test_a_style_that_shows_no_keys_contradicts_none():
    found = exam_items(list(set_off("A", "A", "A", own=["B", "C", "A"])))
    assert [item.payload["answer"] for item in found] == ["B", "C", "A"]


CODED = "Trường THCS A    {}\nCâu 1. Số nào chẵn?\nA. 1\nB. 2\nC. 3\nCâu 2. Số nào lẻ?\nA. 1\nB. 2\nC. 4\n\n{}"
TABLES_BY_CODE = {
    "columns": "BẢNG ĐÁP ÁN\nCâu   131   132\n1   C   B\n2   B   A\n",
    "columns by tabs": "ĐÁP ÁN MÃ ĐỀ\nCâu\t131\t132\n1\tC\tB\n2\tB\tA\n",
    "columns by single spaces": "ĐÁP ÁN\nCâu 131 132\n1 C B\n2 B A\n",
    "two halves": "ĐÁP ÁN\nCâu   131   132   Câu   131   132\n1   C   B   2   B   A\n",
    "rows": "ĐÁP ÁN CÁC MÃ ĐỀ\nMã đề   1   2\n131   C   B\n132   B   A\n",
    "lists behind the code": "ĐÁP ÁN\nMã đề 131: 1C 2B\nMã đề 132: 1B 2A\n",
    "lists below the code": "ĐÁP ÁN\nMã đề 131\n1.C 2.B\nMã đề 132\n1.B 2.A\n",
}


def keys(text):
    return [(item.payload["answer"], item.reason, item.detail) for item in exam_items([plain_line(line) for line in text.split("\n")])]


@pytest.mark.parametrize("table", TABLES_BY_CODE)
def test_of_keys_by_exam_code_those_of_the_exams_own_code_count(table):
    assert [key for key, _, _ in keys(CODED.format("Mã đề: 132", TABLES_BY_CODE[table]))] == ["B", "A"]


@pytest.mark.parametrize("own", ["", "Mã đề thi 485", "Mã đề 131, mã đề 132"])
@pytest.mark.parametrize("table", TABLES_BY_CODE)
def test_keys_by_exam_code_are_nobodys_where_the_exam_says_no_code_of_theirs(table, own):
    found = keys(CODED.format(own, TABLES_BY_CODE[table]))
    assert [(key, str(reason)) for key, reason, _ in found] == [(None, "missing_answer")] * 2
    assert all("131, 132" in detail and "Mã đề" in detail for _, _, detail in found)


def test_numbers_of_a_table_that_are_no_codes_give_no_keys():
    data = "Năm   1950   1960\n1   C   B\n"
    assert [key for key, _, _ in keys(CODED.format("", data) + "\nĐÁP ÁN\n1C 2B")] != ["C", "A"]


def test_each_part_or_exam_is_read_with_the_keys_behind_it():
    ask = "{}. Which one is a {}?\nA. owl\nB. cod\n"
    first = ask.format(1, "bird") + ask.format(2, "fish")
    second = ask.format(1, "fish") + ask.format(2, "bird")
    for heading in ("Đáp án phần {}: {}", "ĐÁP ÁN ĐỀ SỐ {}: {}", "Answer key: {1}"):
        text = f"I. FIRST\n{first}{heading.format(1, '1A, 2B')}\n\nII. SECOND\n{second}{heading.format(2, '1B, 2A')}\n"
        assert texts(text) == [BIRDS, FISH, FISH, BIRDS]


def test_a_matching_question_between_two_lists_parts_no_exam():
    text = f"1. {ASK.format('bird', 'A')}Answers: 1-b, 2-a\n2. {ASK.format('fish', 'B')}Answers: 1-a, 2-b\n"
    assert [found[:2] for found in texts(text)] == [BIRDS[:2], FISH[:2]]


@pytest.mark.parametrize(
    "foot", ["          GO ON TO THE NEXT PAGE", "   Trang 2/4", "  (xem tiếp trang sau)", "View Answer", "Xem đáp án"]
)
def test_the_foot_of_a_page_and_buttons_are_no_option(foot):
    text = f"1. Which one is a bird?\nA. owl\nB. cod\n{foot}\n2. Which one is a fish?\nA. owl\nB. cod\n\nANSWER KEY\n1. A  2. B"
    assert texts(text) == [BIRDS, FISH]


def test_a_line_in_capitals_goes_on_an_option_in_capitals():
    text = "1. Which sign?\nA. STOP\nB. GO ON\n     TO THE LEFT\n2. Which one is a fish?\nA. owl\nB. cod\n\nKEY\n1B 2B"
    assert texts(text)[0] == ("Which sign?", ["A STOP", "B GO ON\n     TO THE LEFT"], "B")


def test_the_key_written_into_the_brackets_of_most_questions():
    text = "1. Which bird? ( A )\nA. owl\nB. cod\n2. A fish is a (B).\nA. owl\nB. cod\n3. Which one? (   )\nA. x\nB. y\n"
    assert [key for key, _, _ in keys(text)] == ["A", "B", None]
    alone = "1. Eat vitamin (A).\nA. yes\nB. no\nAnswer: B\n2. Which bird?\nA. owl\nB. cod\nAnswer: A\n"
    assert texts(alone)[0] == ("Eat vitamin (A).", ["A yes", "B no"], "B")


def test_options_numbered_as_the_questions_are():
    ask = "{}. Which one is a {}?\n1. owl\n2. cod\n3. cow\nAnswer: {}\nRationale: Look at it.\n\n"
    text = ask.format(1, "bird", 1) + ask.format(2, "fish", 2) + ask.format(3, "bird", 1)
    assert texts(text) == [
        (f"Which one is a {what}?", ["1 owl", "2 cod", "3 cow"], key) for what, key in (("bird", "1"), ("fish", "2"), ("bird", "1"))
    ]


@pytest.mark.parametrize("number", ["Item {} of 40\n", "{}\n", "Question #{} Topic 1\n\n", "Question {}: ", "Câu {} [NB]: "], ids=repr)
def test_what_stands_with_a_questions_number_is_no_part_of_it(number):
    ask = "Which one is a {}?\nA) owl\nB) cod\n\nCorrect Answer: {}\n\n"
    text = number.format(1) + ask.format("bird", "A") + number.format(2) + ask.format("fish", "B")
    assert texts(text) == [BIRDS, FISH]


def test_a_question_may_have_a_passage_of_its_own():
    text = "Question 7 refers to the following notice.\n\nSubject: Closed on Friday\nThe owls are ill.\n\n7. Which one is a bird?\nA. owl\nB. cod\nAnswer: A"
    (item,) = exam_items([plain_line(line) for line in text.split("\n")])
    assert "Subject: Closed on Friday\nThe owls are ill." in item.payload["context"]
