"""Lists of keys in exams: what counts as one, and how long a line that nearly is one takes."""

import time
from itertools import cycle, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.exam import PLAIN, ExamLine, exam_items

QUESTIONS = [line for n in (1, 2) for line in (f"Câu {n}. Số nào chẵn?", "A. 1", "B. 2", "C. 3", "D. 5")]


def items(*lines):
    """The items of an exam of two questions with these lines behind it."""
    return list(exam_items([ExamLine(line, [PLAIN] * len(line)) for line in [*QUESTIONS, *lines]], {}))


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
