"""Where the report of a version lies: written once a version and code; the page of the last run is `latest.html` too."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.common.files import write_atomically
from pipeline.report.document import Block, to_html, to_markdown

LATEST = "latest"


class Pages:
    """The page of one version, and its Markdown for the UI."""

    def __init__(self, folder: Path, version: str, code: str) -> None:
        self.folder, self.version, self.html = folder, version, folder / f"{version}.html"
        # The Markdown's name holds the code's version: a page that other code wrote is written anew.
        self.markdown, self.mark = folder / f".{version}-{code}.md", folder / f".{version}-{code}.sha256"

    def exist(self) -> bool:
        """Whether both were written, by this code, and are as they were written."""
        try:
            return self.mark.read_text(encoding="ascii") == self._hash()
        except (OSError, UnicodeDecodeError):
            return False

    def write(self, title: str, blocks: Sequence[Block]) -> None:
        """Writes both, and last what they must hash to."""
        write_atomically(self.markdown, to_markdown(title, blocks).encode())
        write_atomically(self.html, to_html(title, blocks).encode())
        write_atomically(self.mark, self._hash())

    def make_latest(self, versions: Iterable[str]) -> None:
        """Copies the page to `latest.html`, and removes the pages of all but these versions, and those of other code."""
        write_atomically(self.folder / f"{LATEST}.html", self.html.read_bytes())
        known = [LATEST, *versions]
        for page in self.folder.glob("*.html"):
            if page.stem not in known:
                page.unlink(missing_ok=True)
        for hidden in [*self.folder.glob(".*.md"), *self.folder.glob(".*.sha256")]:
            is_own, of_version = hidden in (self.markdown, self.mark), hidden.name.startswith(f".{self.version}-")
            if not is_own and (of_version or not any(hidden.name.startswith(f".{version}-") for version in known)):
                hidden.unlink(missing_ok=True)

    def _hash(self) -> str:
        return hashlib.sha256(self.markdown.read_bytes() + self.html.read_bytes()).hexdigest()
