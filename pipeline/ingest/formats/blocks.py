"""OpenTriviaQA's text: a block starts at each line that begins with `#Q`, its key at `^`, its options at `A ` .. `D `."""

import re
from collections.abc import Iterator

from pipeline.ingest.items import Format, Item, SniffedFile


def sniff(file: SniffedFile) -> bool:
    """A line begins with #Q."""
    return re.search(r"(?m)^#Q\b", file.text) is not None


def read(text: str) -> Iterator[Item]:
    """One item a block, its text as found; text before the first is no question."""
    for number, block in enumerate(re.split(r"(?m)^(?=#Q)", text)[1:], start=1):
        yield Item(f"block:{number}", block.rstrip())


FORMAT = Format("blocks", sniff, read_text=read)
