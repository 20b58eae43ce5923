"""Bytes to text: the encoding is found without its mark, and binary bytes are refused."""

import pytest

from pipeline.ingest.decode import decode

TEXT = "Câu 1: Thủ đô của nước Việt Nam là gì?\nA. Hà Nội B. Huế\nNhững người nông dân đã tích cực sản xuất lương thực; khuỷu tay, quyết định.\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark(encoding):
    assert decode(TEXT.encode(encoding)) == (TEXT, encoding)


def test_binary_bytes_are_no_text():
    with pytest.raises(UnicodeError, match="NUL"):
        decode(b"\x00\x01\xff\x80" * 300 + b"\x00")
