"""Why a file can't be read, in words: what went wrong, what that means, and what to do about it."""

import errno
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.common.confined import MEMORY_BYTES
from schemas.errors import PipelineError

_SYSTEM = {
    errno.ENOENT: "it is gone: deleted or renamed while files were read, or a link to nothing; the next refresh reads what is there then",
    errno.EACCES: "this user may not read it: grant read permission",
    errno.EPERM: "this user may not read it: grant read permission",
    errno.ELOOP: "a link that leads back to itself: put the file in its place",
    errno.ENOTDIR: "the folder that held it is gone; the next refresh reads what is there then",
    errno.ENAMETOOLONG: "its path is too long for this system: shorten the names of its folders",
}
_SIMPLER = "open it in the program that it comes from and save it anew, or export it as csv"
_STRAY = "In a workbook that is mostly a stray cell far below or beside the table: delete those rows and columns"
_MEMORY = f"reading it takes more than the {MEMORY_BYTES / 2**30:.0f} GiB of memory that one file may take"


def unknown_text(text: str, suffix: str, readers: Iterable[str]) -> str:
    r"""What a text looks like that no reader takes, and the nearest way in.

    >>> unknown_text("front\tback\nfront\tback\n", ".txt", ["csv"])[:71]
    'no reader knows this kind of text (.txt): it looks like rows of 2 cells'
    """
    looks, way = next(((what, how) for what, how, fits in _LOOKS if fits(text)), _PROSE)
    if cells := _cells_of(text):
        looks, way = f"rows of {cells} cells parted by tabs", "put a line of names above them (question, A, B, answer) and save it as .tsv"
    kind = suffix or "no suffix"
    return f"no reader knows this kind of text ({kind}): it looks like {looks}; {way}. Or name one as `reader:` ({', '.join(readers)})"


def _cells_of(text: str) -> int:
    """Cells of each row, where all lines have as many; 0 for what is no table."""
    counts = {line.count("\t") for line in text.split("\n") if line.strip()}
    return counts.pop() + 1 if len(counts) == 1 and counts != {0} else 0


_WRITE = (
    "number its questions (Câu 1: / Question 1: / 1.), put each option on a line of its own (A. ...) and the key behind them (Đáp án: B)"
)
_PROSE = ("a text without numbered questions or lettered options", _WRITE)
# What a text looks like, what to do about it, and how that shows; the first that fits is said.
_LOOKS: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("a web page", "save it as .html", re.compile(r"<(?:html|body|!doctype)\b", re.IGNORECASE).search),
    ("LaTeX", "save it as .tex", re.compile(r"\\(?:begin|question|documentclass)\b").search),
    (
        "program code",
        "export the data behind it as .json or .csv",
        re.compile(r"(?m)^(?:import|from|def|function|class)\s").search,
    ),
    ("questions without options", "write their options as lines A. ... B. ...", re.compile(r"(?m)\?[ \t]*$").search),
)


def explain(error: Exception, path: Path, reader: str = "") -> str:
    """One sentence or two for the `detail` of an unreadable file."""
    who = f"the {reader} reader" if reader not in ("", "auto") else "its reader"
    if isinstance(error, PipelineError):
        text = str(error)
    elif isinstance(error, TimeoutError) and error.errno is None:  # with one it is a network drive's
        text = f"{error} to read it, more than a file of its size may: split it; where it is small, {_SIMPLER}"
    elif isinstance(error, ChildProcessError):
        text = f"{_MEMORY}, or it crashes {who} ({error}). {_STRAY}; else {_SIMPLER}"
    elif isinstance(error, MemoryError):
        text = f"{_MEMORY}, or than there is: split it. {_STRAY}"
    elif isinstance(error, RecursionError):
        text = "nested too deeply to be a file of questions"
    elif isinstance(error, OSError):
        text = _SYSTEM.get(error.errno or 0, f"{error.strerror or error}: check the disk or network drive that it lies on")
    else:
        kind = path.suffix.lower() or "text"
        said = str(error) if isinstance(error, RuntimeError) else f"{type(error).__name__}: {error}"
        text = f"{who} can't make sense of it: a damaged file, or no true {kind} ({said[:300]}); {_SIMPLER}"
    return text
