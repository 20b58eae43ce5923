"""Details of tables in Vietnamese: whole, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.assess import explain
from pipeline.assess.signals import SIGNALS
from pipeline.common.translations import Words, catalogue
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from pipeline.told import detail_told, look_told
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.details import DETAILS
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Rejected, SourceFile
from schemas.wording import LOOK_TEXT

VIETNAMESE = Words("vi")


def told(detail):
    return detail_told(detail, VIETNAMESE)


def test_a_detail_is_told_with_what_it_names_kept_as_it_is():
    said = "its key 'chính trị.' is contradicted by 'văn hóa.', the key of record 1003c9439e802745 (vnhsge/a.json#item:11)"
    assert told(said) == (
        "đáp án 'chính trị.' của câu này mâu thuẫn với 'văn hóa.', đáp án của bản ghi 1003c9439e802745 (vnhsge/a.json#item:11)"
    )
    assert detail_told(said, Words("en")) == said
    assert detail_told(None, VIETNAMESE) == ""


def test_sentences_are_told_one_by_one():
    assert told("two options read 'a; b'; it comes with the picture x.png") == "hai phương án cùng ghi 'a; b'; câu này đi kèm hình x.png"
    assert told("it comes with the picture x.png; y.png") == "câu này đi kèm hình x.png; y.png"


def test_numbers_are_written_as_the_language_writes_them():
    assert told("more than 20,000 characters") == "nhiều hơn 20.000 ký tự"


@pytest.mark.parametrize(
    "unknown", ["nobody wrote this", "two options read", "two options read 'a' and more", "no text; nobody wrote this"]
)
def test_what_is_not_wholly_known_stays_as_it_is(unknown):
    assert told(unknown) == unknown


def test_what_reads_in_two_ways_stays_as_it_is():
    said = "the list of keys is for the exam codes 1, and it is of the codes 2, and it is of the codes 3; write its code above the questions (`Mã đề: 211`), an exam a file"
    assert told(said) == said


@settings(max_examples=30)
@given(st.text())
def test_a_text_that_looks_like_a_sentence_is_no_sentence_within_quotes(text):
    for hostile in (text, f"{text}'; two options read 'x", "no text", 'it is"; no text'):
        assert told(f"two options read {hostile!r}") == f"hai phương án cùng ghi {hostile!r}"


@given(st.text(max_size=300))
def test_any_text_is_told_or_left(text):
    assert isinstance(told(text), str)


def test_a_hostile_text_ends_soon():
    for hostile in ("no text; " * 5000, "it still is no question (" * 2000, "{what} (x) by y (decision " * 500, "x by " * 4000):
        assert told(hostile) == hostile


def test_a_decision_is_told_with_its_reviewer_and_why():
    assert told("rejected by Lan (decision d7): sách cũ; xem lại") == "được loại bỏ, do Lan quyết định (d7): sách cũ; xem lại"
    assert (
        told("its key is 'a', where it was 'b', set by Lan (decision d7)")
        == "đáp án được đặt là 'a', trước đó là 'b', do Lan quyết định (d7)"
    )


@pytest.mark.parametrize("language", ["en", "vi"])
def test_signals_are_told_whatever_language_the_question_has(language):
    signal = SIGNALS[0]
    said = f"score 0.55 is under quality.min_score 0.6: {explain(signal, 0.75, language)}"
    assert (
        told(said)
        == f"điểm 0,55 thấp hơn quality.min_score 0,6: {signal.says_vi} ({signal.name} 0,75, ngưỡng {VIETNAMESE.marked(f'{signal.threshold:g}')}, -{VIETNAMESE.marked(f'{signal.penalty:g}')})"
    )


def test_every_template_is_told():
    assert set(DETAILS) <= catalogue("vi").keys()


def test_the_reason_to_look_at_a_file_is_told_with_its_detail():
    assert look_told("it can't be read: an empty archive", VIETNAMESE) == "không đọc được: tệp nén rỗng"
    assert look_told("it can't be read: nobody wrote this", VIETNAMESE) == "it can't be read: nobody wrote this"
    assert look_told(LOOK_TEXT["unread"].format(share="12%"), VIETNAMESE).startswith("12% ")
    assert look_told("it can't be read: an empty archive", Words("en")) == "it can't be read: an empty archive"


@pytest.mark.parametrize("folder", [PROJECT_ROOT / "sample", PROJECT_ROOT.parent / "shared" / "cases" / "files"])
def test_every_detail_of_real_files_is_told(folder):
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if not files:
        pytest.skip(f"{folder} isn't here")
    sources = [{"name": f"s{number}", "path": glob_escape(file)} for number, file in enumerate(files)]
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": sources})
    read = normalize(ingest(config), config.sources)
    details = [row["detail"] for row in to_rows(read.rejected, Rejected) if row["detail"]]
    looks = [look for row in to_rows(read.files, SourceFile) for look in row["looks"]]
    assert [detail for detail in details if told(detail) == detail] == []
    assert [look for look in looks if look_told(look, VIETNAMESE) == look] == []
    assert details


def glob_escape(file):
    return "".join(f"[{one}]" if one in "*?[" else one for one in file)
