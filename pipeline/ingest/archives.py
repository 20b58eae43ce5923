"""Zip archives that hold workbooks and documents: opened when their size is bounded, read no further than they say."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from schemas.errors import DataError

# A workbook of a hundred sheets has 300 parts.
MAX_PARTS = 10_000
# What a damaged archive raises when it is opened or read.
BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError, NotImplementedError)
CHUNK_BYTES = 2**20


def open_archive(data: bytes, max_bytes: int, suffixes: tuple[str, ...] = ("",)) -> zipfile.ZipFile:
    """The archive. Raises DataError where its parts with these suffixes say that they unpack to more than `max_bytes`."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise DataError(f"the file has {len(parts):,} parts; at most {MAX_PARTS:,} are read")
    size = sum(part.file_size for part in parts if part.filename.endswith(suffixes))
    if size > max_bytes:
        raise DataError(f"the file unpacks to {size:,} bytes; at most {max_bytes:,} are read")
    return archive


def part_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part, which may be larger than it says: what it says is what is read, and the check sum then tells."""
    return b"".join(chunks_of(archive, name))


def chunks_of(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> Iterator[bytes]:
    """A part piece by piece. To read it whole would unpack all that it really holds, whatever its size says."""
    with archive.open(name) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
