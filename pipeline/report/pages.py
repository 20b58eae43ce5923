"""Where the report of a version lies: written once a version and code; the page of the last run is `latest.html` too."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.common.files import write_atomically
from pipeline.report.document import Block, to_html, to_markdown

LATEST = "latest"


class Pages:
    """The page of one version, and its Markdown for the UI."""

    def __init__(self, folder: Path, version: str, code: str) -> None:
        # The Markdown's name holds the code's version too: a page that other code wrote is written anew.
        self.folder, self.html, self.markdown = folder, folder / f"{version}.html", folder / f".{version}-{code}.md"

    def exist(self) -> bool:
        """Whether both were written, by this code."""
        return self.html.exists() and self.markdown.exists()

    def write(self, title: str, blocks: Sequence[Block]) -> None:
        """Writes both; the page last, so that a page never lacks its Markdown."""
        write_atomically(self.markdown, to_markdown(title, blocks).encode())
        write_atomically(self.html, to_html(title, blocks).encode())

    def make_latest(self, versions: Iterable[str]) -> None:
        """Copies the page to `latest.html`, and removes the pages of all but these versions."""
        write_atomically(self.folder / f"{LATEST}.html", self.html.read_bytes())
        known = {LATEST, *versions}
        for old in self.folder.iterdir():
            if old not in (self.html, self.markdown) and (old.suffix != ".html" or old.stem not in known):
                old.unlink(missing_ok=True)
