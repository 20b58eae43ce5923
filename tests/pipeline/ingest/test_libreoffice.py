"""LibreOffice as a child: found or not, and gone when its time is over."""

import os
import stat
import time

import pytest

from pipeline.ingest import libreoffice
from schemas.errors import DataError


def program(folder, text):
    place = folder / "soffice.bin"
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    return place


def test_the_program_is_found_beside_its_script(tmp_path, monkeypatch):
    script = tmp_path / "soffice"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(libreoffice, "_PLACES", ())
    assert libreoffice.find_program() is None
    place = program(tmp_path, "")
    assert libreoffice.find_program() == place


def test_without_it_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(libreoffice, "find_program", lambda: None)
    with pytest.raises(DataError, match=r"save the file as \.docx"):
        libreoffice.convert(b"x", ".doc")


def test_one_that_hangs_is_ended_with_its_children(tmp_path, monkeypatch):
    place = program(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child\nsleep 300")
    monkeypatch.setattr(libreoffice, "find_program", lambda: place)
    monkeypatch.setattr(libreoffice, "SECONDS", 1)
    with pytest.raises(DataError, match="takes more than 1 s"):
        libreoffice.convert(b"x", ".doc")
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not _runs(child):
            break
        time.sleep(0.05)
    assert not _runs(child)


def _runs(number):
    """Whether the process is there and no zombie that nobody has asked about."""
    try:
        os.kill(number, 0)
        with open(f"/proc/{number}/stat") as state:  # noqa: PTH123
            return state.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_one_that_makes_nothing_is_a_verdict_and_one_that_asks_to_be_started_again_is(tmp_path, monkeypatch):
    place = program(tmp_path, "exit 0")
    monkeypatch.setattr(libreoffice, "find_program", lambda: place)
    with pytest.raises(DataError, match=r"makes no \.docx"):
        libreoffice.convert(b"x", ".doc")
    program(
        tmp_path, f"test -e {tmp_path}/again || {{ touch {tmp_path}/again; exit 81; }}\nmkdir -p made; printf made > made/document.docx"
    )
    assert libreoffice.convert(b"x", ".doc") == b"made"
