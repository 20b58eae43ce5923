"""Old Word documents and Rich Text: converted where LibreOffice is, else refused with what to do."""

import pytest

from pipeline.ingest.formats import office, read_bytes
from pipeline.ingest.libreoffice import find_program
from schemas.errors import DataError

needs_libreoffice = pytest.mark.skipif(find_program() is None, reason="LibreOffice (soffice) isn't installed")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
RTF = (
    rb"{\rtf1\ansi{\fonttbl\f0 Times;}\f0 C\u226?u 1. L\u225? m\u224?u g\u236??\par A. {\b\ul \u273?\u7887?}\par B. xanh\par"
    rb" C\u226?u 2. M\u225?u m\u224?u g\u236??\par A. xanh\par {\b\ul B.} \u273?\u7887?\par \u272?\u193?P \u193?N: 1A 2B\par}"
)


@needs_libreoffice
def test_rich_text_is_converted_and_read(parse):
    assert parse(RTF, "a.rtf") == [("Lá màu gì?", ["đỏ", "xanh"], "đỏ"), ("Máu màu gì?", ["xanh", "đỏ"], "đỏ")]


@needs_libreoffice
def test_what_libreoffice_makes_nothing_of_is_one_verdict(reasons):
    assert reasons(OLE + "WordDocument".encode("utf-16-le"), "a.doc") == [["unreadable_file"]]


@pytest.mark.parametrize(("data", "words"), [(RTF, "Rich Text"), (OLE + "WordDocument".encode("utf-16-le"), "old Word document")])
def test_without_libreoffice_the_file_says_what_to_do(monkeypatch, data, words):
    monkeypatch.setattr(office, "find_program", lambda: None)
    with pytest.raises(DataError, match=words):
        list(office.read(data))


@pytest.mark.parametrize("name", [".wps", ".pages"])
def test_documents_of_other_programs_are_refused(name):
    with pytest.raises(DataError, match="save it as .docx"):
        read_bytes(OLE, name, "auto")


def test_an_old_workbook_is_none_of_ours(read):
    assert not office.sniff(office.SniffedFile(OLE + "Workbook".encode("utf-16-le"), ".xls", ""))
