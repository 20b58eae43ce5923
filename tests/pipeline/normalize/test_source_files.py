"""How a file was read, and why a person should look."""

import pytest

from pipeline.ingest import ingest
from pipeline.normalize import normalize
from pipeline.normalize.source_files import worst_first
from schemas.config import Config
from schemas.tables.arrow import to_rows
from schemas.tables.curation import SourceFile


@pytest.fixture
def described(tmp_path):
    """SourceFile rows of files (name -> text)."""

    def run(**files):
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content, encoding="utf-8")
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": "*"}]})
        return to_rows(worst_first(normalize(ingest(config), config.sources).files), SourceFile)

    return run


def test_a_table_says_what_each_column_was_taken_for(described):
    (file,) = described(a_csv="question,A,B,answer,mood\nWhich one?,x,y,A,good\nWhich other?,x,z,B,bad\n")
    assert file["fields"] == ["stem <- question", "answer <- answer", "option 1 <- A", "option 2 <- B"]
    assert (file["reader"], file["layout"], file["answer_format"], file["unused"]) == ("csv", "headers", "letter", ["mood"])
    assert (file["records"], file["questions"], file["rejected"], file["looks"]) == (2, 2, 0, [])


def test_a_file_of_which_half_is_refused_needs_a_look_and_stands_first(described):
    sound = "question,A,B,answer\nWhich one?,x,y,A\n"
    files = described(a_csv=sound, b_csv=sound + "Which other?,x,z,\n")
    assert [file["file"] for file in files] == ["b.csv", "a.csv"]
    assert files[0]["looks"] == ["1 of 2 records are refused (missing_answer): see what each says"]
    assert files[0]["reasons"] == ["missing_answer 1"]


def test_an_unused_header_that_resembles_a_used_one_needs_a_look(described):
    (file,) = described(a_csv="question,Option 1,Option 2,Option 4,answer\nWhich one?,x,y,w,1\nWhich two?,x,y,w,2\n")
    assert any("'Option 4', which is called like 'Option" in look for look in file["looks"]) or file["questions"] == 0


def test_text_in_no_record_needs_a_look_above_a_tenth(described):
    exam = "Câu 1: Con vật nào sủa?\nA. Mèo\nB. Chó\nĐáp án: B\n"
    (file,) = described(a_txt="Một bài đọc dài mà không câu hỏi nào dùng đến, và không ai hỏi gì về nó cả\n" + exam * 2)
    assert file["unread_fraction"] > 0.1
    assert any("of its text is in no record" in look for look in file["looks"])


def test_a_file_that_cannot_be_read_says_so(described):
    (file,) = described(a_json="no json at all")
    assert file["looks"][0].startswith("it can't be read: ")
    assert file["layout"] == "none"
