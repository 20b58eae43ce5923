"""Questions of any file, keyed or not, read as a dataset's are."""

import json

import pytest

from pipeline.handover.asked_file import asked_rows, source_of
from schemas.errors import ConfigError

STEMS = ["Where are plums kept at the depot?", "Thủ đô của Việt Nam là gì?"]
OPTIONS = [["the tower", "the chapel", "the shed"], ["Huế", "Hà Nội", "Vinh"]]


def lettered(first="{}", letter="{}. "):
    return "\n\n".join(
        "\n".join([first.format(stem, n=n), *(letter.format(name) + text for name, text in zip("ABC", options, strict=True))])
        for n, (stem, options) in enumerate(zip(STEMS, OPTIONS, strict=True), 1)
    )


def choices(stem, options):
    listed = " ".join(rf"\choice {option}" for option in options)
    return rf"\question {stem} \begin{{choices}} {listed} \end{{choices}} "


BODY = "".join(map(choices, STEMS, OPTIONS))
TEX = rf"\documentclass{{exam}}\begin{{document}}\begin{{questions}}{BODY}\end{{questions}}\end{{document}}"
UNKEYED = {
    "rows.jsonl": "".join(json.dumps({"question": s, "options": o}) + "\n" for s, o in zip(STEMS, OPTIONS, strict=True)),
    "sheet.csv": "Câu hỏi,A,B,C\n" + "".join(",".join([s, *o]) + "\n" for s, o in zip(STEMS, OPTIONS, strict=True)),
    "exam.txt": lettered("Câu {n}. {}"),
    "aiken.txt": lettered(),
    "blocks.txt": lettered("#Q {}", "{} "),
    "paper.tex": TEX,
    "quiz.gift": "\n\n".join(f"{s} {{\n" + "\n".join(f"~{t}" for t in o) + "\n}" for s, o in zip(STEMS, OPTIONS, strict=True)),
}


def read(tmp_path, name, text, **how):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return list(asked_rows(file, source_of(file, **how)))


@pytest.mark.parametrize("name", UNKEYED)
def test_questions_without_keys_can_be_asked_in_any_format(name, tmp_path):
    rows = read(tmp_path, name, UNKEYED[name])
    assert [(row["stem"], row["options"], row["answer_index"], row["reason_codes"]) for row in rows] == [
        (stem, options, None, []) for stem, options in zip(STEMS, OPTIONS, strict=True)
    ]
    assert all(row["locator"].startswith(f"{name}#") for row in rows)


def test_a_fault_of_the_text_counts_where_a_reader_had_stopped_at_the_missing_key(tmp_path):
    (first, second) = read(tmp_path, "paper.tex", TEX.replace("the chapel", "the tower"))
    assert (first["reason_codes"], second["reason_codes"]) == (["duplicate_options"], [])


def test_every_record_keeps_its_place_and_doubtful_keys_are_refused(tmp_path):
    lines = [
        {"question": "One and one?", "options": ["1", "2", "3"], "answer": "B"},
        {"question": "", "options": ["1", "2"], "answer": "A"},
        {"question": "Two and two?", "options": ["3", "4", "5"], "answer": ""},
        {"question": "Three and three?", "options": ["6", "7", "8"], "answer": "E"},
        {"question": "Four and four?", "options": ["7", "8", "9"], "answer": "A, C"},
    ]
    rows = read(tmp_path, "mixed.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert [row["locator"] for row in rows] == [f"mixed.jsonl#line:{n}" for n in range(1, 6)]
    assert [row["answer_index"] for row in rows] == [1, 0, None, None, None]
    assert [row["reason_codes"] for row in rows] == [[], ["empty_stem"], [], ["answer_not_in_options"], ["multiple_answers"]]
    assert rows[3]["detail"]


def test_columns_and_key_format_can_be_said(tmp_path):
    text = "a1,b1,c1,d1\nWhich is even?,3,4,1\nWhich is odd?,7,8,0\n"
    fields = {"stem": "a1", "option_a": "b1", "option_b": "c1", "answer": "d1"}
    rows = read(tmp_path, "odd.csv", text, fields=fields, answer_format="index0")
    assert [(row["stem"], row["answer_index"]) for row in rows] == [("Which is even?", 1), ("Which is odd?", 0)]
    with pytest.raises(ConfigError, match="unknown question part 'steam'"):
        read(tmp_path, "odd.csv", text, fields={"steam": "a1"})
    with pytest.raises(ConfigError, match="reader exel"):
        read(tmp_path, "odd.csv", text, reader="exel")
