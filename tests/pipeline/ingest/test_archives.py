"""Archives that unpack to more than they should, or than they say."""

import struct
import zipfile

import pytest

from pipeline.ingest import archives
from pipeline.ingest.archives import chunks_of, open_archive, part_of
from schemas.errors import DataError
from tests.pipeline.ingest.zipped import zipped


def lying(content, size):
    """An archive whose one part unpacks to `content`, and says that it has `size` bytes."""
    data = bytearray(zipped(("part", content)))
    struct.pack_into("<I", data, 22, size)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


@pytest.mark.parametrize(("most", "fits"), [(30, True), (29, False)])
def test_the_size_that_an_archive_says_is_bounded(most, fits):
    data = zipped(("a.xml", "x" * 10), ("b.xml", "x" * 20), ("c.png", "x" * 1000))
    if fits:
        assert part_of(open_archive(data, most, (".xml",)), "b.xml") == b"x" * 20
    else:
        with pytest.raises(DataError, match="unpacks to 30 bytes; at most 29"):
            open_archive(data, most, (".xml",))


def test_the_number_of_parts_is_bounded(monkeypatch):
    monkeypatch.setattr(archives, "MAX_PARTS", 2)
    assert open_archive(zipped(("a", ""), ("b", "")), 10)
    with pytest.raises(DataError, match="3 parts"):
        open_archive(zipped(("a", ""), ("b", ""), ("c", "")), 10)


def test_a_part_that_is_larger_than_it_says_costs_what_it_says():
    import tracemalloc

    data = lying(b" " * 300_000_000, 1000)
    archive = open_archive(data, 10_000)
    tracemalloc.start()
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        part_of(archive, "part")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 * archives.CHUNK_BYTES


def test_a_part_comes_in_pieces():
    data = zipped(("a", b"x" * (archives.CHUNK_BYTES + 1)))
    assert [len(chunk) for chunk in chunks_of(open_archive(data, 2**30), "a")] == [archives.CHUNK_BYTES, 1]
