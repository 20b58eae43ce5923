"""Archives (zip, tar, gzip): each file in one is read by the reader that fits it, and is a part of its own. Of a content package of a
learning platform only the files of questions are read, with the passages that they refer to; of a course of Open edX its problems."""

import posixpath
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from pipeline.ingest.formats import olx, qti
from pipeline.ingest.items import FileItems, Format, Item, SniffedFile, Text
from pipeline.ingest.members import Budget, Member, is_archive, members_of
from pipeline.ingest.qti2 import references_of
from pipeline.ingest.verdicts import explain
from pipeline.ingest.xml_files import parse_xml, root_name
from schemas.errors import DataError
from schemas.reasons import Reason

# Reads the bytes of a file with this suffix by the reader that fits; None for an archive.
ReadMember = Callable[[bytes, str], FileItems | None]

# An archive, in an archive.
MAX_DEPTH = 2
# Archives that are one document, by a file that they all hold, and what to do about them.
_OTHERS = {
    "[Content_Types].xml": "an Office document, neither Word's nor Excel's (a presentation?): save it as .docx, or copy its text into one",
    "mimetype": "an OpenDocument file or an e-book: save it as .docx or .xlsx",
    "META-INF/MANIFEST.MF": "a program, no questions",
    "moodle_backup.xml": "a Moodle course backup: export the questions from the question bank as Moodle XML",
}
# Files that are no questions, whatever is beside them: pictures, sounds, fonts, style, definitions, what systems leave behind.
_BESIDE = frozenset(
    ".png .jpg .jpeg .gif .svg .webp .bmp .tif .tiff .ico .heic .mp3 .mp4 .m4a .m4v .wav .ogg .oga .ogv .webm .avi .mov .srt .vtt .ttf"
    " .otf .woff .woff2 .eot .css .scss .map .dtd .xsd .xsl .exe .dll .db .ini .lnk .bak .tmp .log".split()
)
_PROBLEMS = ("problem", "library")
_LEFT_BEHIND = frozenset((".ds_store", "thumbs.db", "desktop.ini", "license", "licence", ".gitignore", ".gitattributes"))


def archive_format(read_member: ReadMember) -> Format:
    """The format of archives, whose files `read_member` reads."""

    def read(data: bytes) -> Iterator[Item | Text]:
        return _read(data, read_member, Budget(len(data)), 1)

    return Format("zip", _sniff, read_bytes=read)


def _sniff(file: SniffedFile) -> bool:
    """The first bytes of an archive."""
    return is_archive(file.data)


def _read(data: bytes, read_member: ReadMember, budget: Budget, depth: int) -> Iterator[Item | Text]:
    """What the files of an archive hold, the name of each before its locators: `#inner/a.csv/row:5`. Raises DataError where none holds
    any."""
    members = list(members_of(data, budget))
    for name, what in _OTHERS.items():
        if any(member.name == name for member in members):
            raise DataError(what)
    archive = _Archive(members, read_member, budget, depth)
    found = False
    for member in archive.questions():
        for piece in archive.items(member):
            found = found or isinstance(piece, Item)
            yield piece
    if not found:
        raise DataError(archive.nothing())


class _Archive:
    def __init__(self, members: list[Member], read_member: ReadMember, budget: Budget, depth: int) -> None:
        self.members, self.read_member, self.budget, self.depth = members, read_member, budget, depth
        self.by_name = {posixpath.normpath(member.name): member for member in members}
        names = [PurePosixPath(member.name) for member in members]
        self.is_package = any(name.name.lower() == "imsmanifest.xml" for name in names)
        self.is_course = any(name.name == "course.xml" for name in names) and any(name.parent.name in _PROBLEMS for name in names)
        self.empty: list[str] = []
        self.contexts: dict[str, str] = {}

    def questions(self) -> list[Member]:
        """The members that may hold questions."""
        members = [member for member in self.members if not _is_beside(member.name)]
        if self.is_course:
            return [member for member in members if PurePosixPath(member.name).parent.name in _PROBLEMS]
        if self.is_package:
            # Canvas writes each quiz twice; the one beside the common cartridge says more.
            paths = [PurePosixPath(member.name) for member in members]
            twice = {path.name.partition(".")[0] for path in paths if "non_cc_assessments" in path.parts}
            return [
                member
                for member in members
                if not (member.name.endswith("assessment_qti.xml") and PurePosixPath(member.name).parent.name in twice)
            ]
        return members

    def items(self, member: Member) -> Iterator[Item | Text]:
        """A member's items; one rejected item where it can't be read."""
        path = PurePosixPath(member.name)
        try:
            if member.fault:
                raise DataError(member.fault)
            data = member.read()
            found = self._read(data, path)
        except qti.NoItemsError:
            self.empty.append(member.name)
            return
        except Exception as error:
            if isinstance(error, DataError) and self.budget.is_spent:
                raise
            payload = {"unreadable_file": member.name}
            yield Item(f"{member.name}/file:1", payload, Reason.UNREADABLE_FILE, explain(error, path), member.name)  # type: ignore[arg-type]
            return
        if found is None:
            self.empty.append(member.name)
            return
        if found.text:
            yield Text(found.text)
        for item in found.items:
            part = f"{member.name}/{item.part}" if item.part else member.name
            yield item._replace(locator=f"{member.name}/{item.locator}", part=part, reader=item.reader or found.reader)
        if not found.items:
            self.empty.append(member.name)

    def _read(self, data: bytes, path: PurePosixPath) -> FileItems | None:
        """What a member holds, None for one that is no file of questions."""
        file = SniffedFile(data, path.suffix.lower(), "")
        if self.is_package:
            if not qti.sniff(file):
                return None
            return _parted(qti.read_part(data, lambda href: self._sibling(path, href), self._context(path)), "qti")
        if self.is_course:
            return _parted(olx.read(data), "olx") if olx.sniff(file) else None
        if qti.sniff(file):
            return _parted(qti.read_part(data, lambda href: self._sibling(path, href), self._context(path)), "qti")
        found = self.read_member(data, path.suffix)
        if found is None:
            if self.depth >= MAX_DEPTH:
                raise DataError("an archive in an archive in an archive: unpack it, and give the files that it holds")
            return _parted(_read(data, self.read_member, self.budget, self.depth + 1), "zip")
        return found

    def _sibling(self, path: PurePosixPath, href: str) -> bytes | None:
        """The file that a member refers to, from where it stands or from the top."""
        for base in (path.parent.as_posix(), ""):
            found = self.by_name.get(posixpath.normpath(posixpath.join(base, unquote(href))))
            if found is not None and not found.fault:
                return found.read()
        return None

    def _context(self, path: PurePosixPath) -> str:
        """What the tests of the package say to the candidates of this item."""
        if not self.contexts:
            self.contexts = {"": ""}
            for member in self.members:
                if member.name.lower().endswith(".xml") and not member.fault:
                    data = member.read()
                    if root_name(SniffedFile(data, ".xml", "")) in ("assessmenttest", "assessmentsection"):
                        self._note(PurePosixPath(member.name), data)
        return self.contexts.get(posixpath.normpath(path.as_posix()), "")

    def _note(self, path: PurePosixPath, data: bytes) -> None:
        try:
            references = references_of(parse_xml(data))
        except DataError:
            return
        for href, context in references.items():
            self.contexts[posixpath.normpath(posixpath.join(path.parent.as_posix(), unquote(href)))] = context

    def nothing(self) -> str:
        """Why nothing was read, with what is there."""
        if not self.members:
            return "an empty archive"
        beside = [member.name for member in self.members]
        names = ", ".join(beside[:5]) + (f" and {len(beside) - 5} more" if len(beside) > 5 else "")
        if self.is_package:
            return f"a content package without a question in QTI (it holds {names}): export the questions themselves as QTI"
        return f"an archive without a file of questions (it holds {names})"


def _parted(found: Iterator[Item | Text], reader: str) -> FileItems:
    pieces = list(found)
    items = [piece for piece in pieces if isinstance(piece, Item)]
    return FileItems(items, reader, None, "\n".join(piece.text for piece in pieces if isinstance(piece, Text)) or None)


def _is_beside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _BESIDE or path.name.lower() in _LEFT_BEHIND or "__MACOSX" in path.parts or path.name.startswith("._")
