"""What no record holds of a file is told, whatever its reader says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest import ingest, read_file, text_left
from pipeline.ingest.remainder import remainder
from schemas.config import Config

EXAM = """Đề thi thử môn Sinh học, năm học này
Câu 1: Con vật nào sủa?
A. Mèo
B. Chó
Đáp án: B
Câu 2: Con vật nào đẻ trứng?
A. Gà
B. Trâu
Đáp án: A
"""


def payload(**cells):
    return json.dumps(cells, ensure_ascii=False)


def test_text_in_no_record_is_told_with_its_share_and_place():
    left = remainder(
        "Part two\nWhich dog barks?\nA. Rex\nhe forgot this line\nand that one\n", [payload(question="Which dog barks?", options=["Rex"])]
    )
    assert [(piece.kind, piece.text, piece.words) for piece in left.pieces] == [
        ("heading", "Part two", 2),
        ("text", "he forgot this line\nand that one", 7),
    ]
    assert left.fraction == pytest.approx(9 / 13)
    assert left.longest() == ["he forgot this line\nand that one", "Part two"]


def test_lists_of_keys_are_named_and_do_not_count():
    left = remainder("Which dog barks?\nĐÁP ÁN\n1.A 2.B 3-C\n", [payload(question="Which dog barks?")])
    assert [piece.kind for piece in left.pieces] == ["keys"]
    assert (left.fraction, left.longest()) == (0, [])


def test_words_that_stand_elsewhere_in_another_order_are_not_held():
    left = remainder("the dog bit the old man today", [payload(question="today the man old bit dog the")])
    assert left.fraction == 1


def test_where_only_what_is_left_out_is_given_the_share_is_of_all_words():
    left = remainder("colour list", [payload(question="which one is a dog")], whole=False)
    assert left.fraction == pytest.approx(2 / (2 + 6))


def test_an_empty_text_leaves_nothing():
    assert remainder("", []) == (0.0, [])
    assert remainder("...\n---\n", []).fraction == 0


def test_long_pieces_are_cut_and_few_are_shown():
    left = remainder(
        "\n1. held line of text\n".join(f"lost line {n} " + "word " * 100 for n in range(9)), [payload(question="held line of text")]
    )
    assert len(left.pieces) == 9
    assert len(left.longest()) == 5
    assert all(len(piece) <= 200 for piece in left.longest())


WORDS = st.lists(st.text("abcdeghk", min_size=2, max_size=6), min_size=1, max_size=6).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_every_word_is_in_a_record_or_in_the_remainder(lines, data):
    held = [line for line in lines if data.draw(st.booleans())]
    left = remainder("\n".join(lines), [payload(question=line) for line in held])
    pieces = "\n".join(piece.text for piece in left.pieces).split("\n")
    for line in lines:
        assert line in held or line in pieces or all(word in " ".join(held).split() for word in line.split())
    assert (left.fraction == 0) == (not left.longest())


def test_a_file_tells_its_share_on_its_records(tmp_path):
    (tmp_path / "exam.txt").write_text(EXAM, encoding="utf-8")
    raw = ingest(Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": "*"}]}))
    assert raw["unread_fraction"].tolist() == pytest.approx([9 / 31] * 2, abs=0.1)
    assert [list(pieces) for pieces in raw["unread"]] == [["Đề thi thử môn Sinh học, năm học này"], []]


def test_tables_and_structures_have_no_share(tmp_path):
    for name, content in (("a.csv", "question,A,B,answer\nWhich?,x,y,A\n"), ("a.json", '[{"question": "Which?"}]')):
        (tmp_path / name).write_text(content)
        content, _ = read_file(tmp_path / name, "auto")
        assert text_left(content) is None


def test_a_file_that_has_text_and_no_question_is_a_record(tmp_path):
    (tmp_path / "notes.gift").write_text("// only a remark, and nothing that is asked\n")
    content, _ = read_file(tmp_path / "notes.gift", "auto")
    assert [item.reason for item in content.items] == ["unknown_layout"]
    assert "no question" in content.items[0].detail
