"""Every kind of failure in words: what it means, and what to do."""

import errno
from pathlib import Path

import pytest

from pipeline.ingest.verdicts import explain, unknown_text
from schemas.errors import DataError

CASES = {
    "own words": (DataError("not a workbook"), "not a workbook"),
    "gone": (FileNotFoundError(errno.ENOENT, "x"), "deleted or renamed"),
    "closed": (PermissionError(errno.EACCES, "x"), "grant read permission"),
    "loop": (OSError(errno.ELOOP, "x"), "leads back to itself"),
    "disk": (OSError(errno.EIO, "Input/output error"), "Input/output error: check the disk"),
    "slow": (TimeoutError("it takes more than 10 s"), "more than 10 s to read it"),
    "crash": (ChildProcessError("its process ended: SIGSEGV"), "or it crashes the xlsx reader (its process ended: SIGSEGV)"),
    "memory": (MemoryError(), "more than the 4 GiB"),
    "depth": (RecursionError("maximum"), "nested too deeply"),
    "in the other process": (RuntimeError("PanicException: index out of bounds"), "(PanicException: index out of bounds)"),
    "here": (LookupError("unknown encoding: x"), "(LookupError: unknown encoding: x)"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_told_in_words(name):
    error, words = CASES[name]
    assert words in explain(error, Path("a.xlsx"), "xlsx")


def test_advice_comes_with_whatever_a_reader_raises():
    assert explain(KeyError("x"), Path("a.xlsx")) == (
        "its reader can't make sense of it: a damaged file, or no true .xlsx (KeyError: 'x'); "
        "open it in the program that it comes from and save it anew, or export it as csv"
    )


def test_long_words_of_a_library_are_cut():
    assert len(explain(ValueError("x" * 100_000), Path("a.xlsx"))) < 1000


UNKNOWN = {
    "one\ttwo\nthree\tfour\n": ("rows of 2 cells parted by tabs", "put a line of names above them"),
    "<!DOCTYPE html><body>quiz</body>": ("a web page", "save it as .html"),
    "\\begin{document} quiz": ("LaTeX", "save it as .tex"),
    "import quiz\n": ("program code", "export the data behind it"),
    "Who wrote this?\nWho read it?\n": ("questions without options", "write their options as lines"),
    "A long text about nothing.": ("a text without numbered questions", "number its questions"),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_text_that_no_reader_takes_is_named_with_the_nearest_way_in(text):
    said = unknown_text(text, ".txt", ["csv", "exam"])
    assert all(part in said for part in UNKNOWN[text])
    assert said.endswith("Or name one as `reader:` (csv, exam)")
