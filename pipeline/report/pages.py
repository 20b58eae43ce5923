"""Where the report of a version lies: written once a version and code; the pages of the last run are `latest.html` and, in other
languages, such as `latest.vi.html`."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.common.files import write_atomically
from pipeline.common.translations import LANGUAGES
from pipeline.report.document import Page, to_html

LATEST = "latest"
FIRST = LANGUAGES[0]


class Pages:
    """The pages of one version, one in each language."""

    def __init__(self, folder: Path, version: str, code: str, audit_url: str = "") -> None:
        self.folder, self.version = folder, version
        # The mark's name holds what the pages are written with beside their version: other code, or another address, writes them anew.
        made = hashlib.sha256(f"{code} {audit_url}".encode()).hexdigest()[:16]
        self.mark = folder / f".{version}-{made}.sha256"

    def html(self, language: str = FIRST) -> Path:
        """The page in a language."""
        return self.folder / file_name(self.version, language)

    def exist(self) -> bool:
        """Whether all were written, by this code, and are as they were written."""
        try:
            return self.mark.read_text(encoding="ascii") == self._hash()
        except (OSError, UnicodeDecodeError):
            return False

    def write(self, pages: Sequence[Page]) -> None:
        """Writes all, each with links to the others, and last what they must hash to."""
        for page in pages:
            others = {other.words.language: self.html(other.words.language).name for other in pages if other is not page}
            write_atomically(self.html(page.words.language), to_html(page, others).encode())
        write_atomically(self.mark, self._hash())

    def make_latest(self, versions: Iterable[str]) -> None:
        """Copies the pages to `latest.html` and its like, and removes the pages of all but these versions, and those of other code."""
        for language in LANGUAGES:
            write_atomically(self.folder / file_name(LATEST, language), self.html(language).read_bytes())
        names = [LATEST, *versions]
        known = {file_name(name, language) for name in names for language in LANGUAGES}
        for page in self.folder.glob("*.html"):
            if page.name not in known:
                page.unlink(missing_ok=True)
        for mark in self.folder.glob(".*.sha256"):
            of_version = mark.name.startswith(f".{self.version}-")
            if mark != self.mark and (of_version or not any(mark.name.startswith(f".{version}-") for version in names)):
                mark.unlink(missing_ok=True)

    def _hash(self) -> str:
        return hashlib.sha256(b"".join(self.html(language).read_bytes() for language in LANGUAGES)).hexdigest()


def file_name(page: str, language: str) -> str:
    """The file of a page in a language; the first has none in its name.

    >>> file_name("latest", "en"), file_name("latest", "vi")
    ('latest.html', 'latest.vi.html')
    """
    return f"{page}.html" if language == FIRST else f"{page}.{language}.html"
