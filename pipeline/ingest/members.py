"""The files in an archive (zip, tar, gzip), named and bounded before anything of them is unpacked."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pipeline.ingest.archives import BROKEN, CHUNK_BYTES, MAX_PARTS, chunks_of
from schemas.errors import DataError

MAX_UNPACKED_BYTES = 512 * 2**20
# Text packs to a tenth, tables of one word to a hundredth. What unpacks to more is made to fill a disk.
MAX_RATIO, RATIO_FROM_BYTES = 500, 16 * 2**20
# The table of contents takes 46 bytes a file and its name.
_MAX_CONTENTS_BYTES = MAX_PARTS * 400
_END, _END_BYTES = b"PK\x05\x06", 22
_GZIP_NAME = 8


class Member(NamedTuple):
    """A file in an archive. `fault` says why it isn't to be read."""

    name: str
    read: Callable[[], bytes]
    fault: str = ""


class Budget:
    """What an archive, with those in it, may still unpack to: so much in all, and no more than text packs to."""

    def __init__(self, packed: int) -> None:
        self.left = min(MAX_UNPACKED_BYTES, max(RATIO_FROM_BYTES, MAX_RATIO * packed))

    def take(self, count: int) -> None:
        """Counts bytes. Raises DataError where too many were unpacked."""
        self.left -= count
        if self.left < 0:
            most = f"more than {MAX_UNPACKED_BYTES:,} bytes, or to {MAX_RATIO} times its size"
            raise DataError(f"the archive unpacks to {most}: give the files that hold questions alone")

    @property
    def is_spent(self) -> bool:
        """Whether something was asked for that it had no bytes for."""
        return self.left < 0


def is_archive(data: bytes) -> bool:
    """Whether these bytes begin as a zip, tar or gzip file does."""
    return data.startswith((b"PK\x03\x04", _END, b"\x1f\x8b")) or data[257:262] == b"ustar"


def zipped_names(data: bytes) -> frozenset[str]:
    """Names of the files in a zip archive, none for what is no sound one: what a file is shows in its own table of contents, as another
    archive in it may bear any name."""
    if not data.startswith(b"PK\x03\x04"):
        return frozenset()
    try:
        _refuse_contents(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (*BROKEN, ValueError, DataError):
        return frozenset()


def members_of(data: bytes, budget: Budget) -> Iterator[Member]:
    """The files of an archive in its order, folders left out.

    Raises:
        DataError: it is broken, has too many files, or says that it unpacks to too much.
    """
    try:
        if data.startswith(b"\x1f\x8b"):
            data, name = _gunzipped(data, budget)
            if data[257:262] != b"ustar":
                yield Member(name, lambda: data)
                return
        yield from _tarred(data) if data[257:262] == b"ustar" else _zipped(data, budget)
    except (*BROKEN, tarfile.TarError, ValueError) as error:
        raise DataError(f"a broken archive ({error}): pack it anew, or give the files that it holds") from error


def _zipped(data: bytes, budget: Budget) -> Iterator[Member]:
    _refuse_contents(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = [part for part in archive.infolist() if not part.is_dir()]
    _refuse_count(len(parts))
    if (size := sum(part.file_size for part in parts)) > budget.left:
        budget.take(size)

    def read(part: zipfile.ZipInfo) -> bytes:
        budget.take(part.file_size)
        try:
            return b"".join(chunks_of(archive, part))
        except (*BROKEN, ValueError) as error:
            raise DataError(f"it is broken in its archive ({error}): pack it anew, or give the file itself") from error

    for part in parts:
        fault = "it is encrypted: unpack the archive with its password and give what is in it" if part.flag_bits & 1 else ""
        yield Member(part.filename, lambda part=part: read(part), fault or _leads_out(part.filename))  # type: ignore[misc]


def _refuse_contents(data: bytes) -> None:
    """Refuses a table of contents that would take long to read at all; what it says is at the end of the file."""
    end = data.rfind(_END)
    if end < 0 or len(data) < end + _END_BYTES:
        return
    count, size = int.from_bytes(data[end + 10 : end + 12], "little"), int.from_bytes(data[end + 12 : end + 16], "little")
    if size > _MAX_CONTENTS_BYTES or count == 0xFFFF:
        raise DataError(f"the archive holds more than {MAX_PARTS:,} files: give the files that hold questions alone")


def _refuse_count(count: int) -> None:
    if count > MAX_PARTS:
        raise DataError(f"the archive holds more than {MAX_PARTS:,} files: give the files that hold questions alone")


def _tarred(data: bytes) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for count, part in enumerate(archive):
            _refuse_count(count)
            # Links, devices; a sparse file may be of any size.
            if not part.isreg() or part.issparse():
                continue
            stream = archive.extractfile(part)
            content = stream.read() if stream else b""
            yield Member(part.name, lambda content=content: content, _leads_out(part.name))  # type: ignore[misc]


def _gunzipped(data: bytes, budget: Budget) -> tuple[bytes, str]:
    """What is packed in a gzip file, and the name that it says it had."""
    pieces = []
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            budget.take(len(chunk))
            pieces.append(chunk)
    name = ""
    if len(data) > 10 and data[3] & _GZIP_NAME and not data[3] & 4:
        name = data[10:1000].partition(b"\0")[0].decode("utf-8", "replace")
    return b"".join(pieces), name or "content"


def _leads_out(name: str) -> str:
    """Why a file with this name isn't read, "" for a sound one. Nothing is written anywhere; who names a file so means harm."""
    parts = name.replace("\\", "/").split("/")
    out = parts[0] == "" or ".." in parts or parts[0].endswith(":")
    return "its name leads out of the archive: pack it anew" if out else ""
