"""A file is the old one or the new one, whole."""

import os
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from pipeline.common import files
from pipeline.common.files import is_whole_parquet, json_lines, read_parquet, remove_orphans, write_atomically, write_parquet
from schemas.errors import DataError


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_readable_by_others(tmp_path):
    write_atomically(tmp_path / "f", b"x")
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o644


def test_what_a_killed_process_left_is_removed_at_once_and_what_another_writes_stays(tmp_path):
    killed = "import os, sys; from pathlib import Path; from pipeline.common.files import replacing\nwith replacing(Path(sys.argv[1])): os._exit(9)"
    subprocess.run(
        [sys.executable, "-c", killed, str(tmp_path / "f")], check=False, cwd=files.PROJECT_ROOT if hasattr(files, "PROJECT_ROOT") else None
    )
    assert len(list(tmp_path.iterdir())) == 1
    with files.replacing(tmp_path / "g") as own:
        own.write_bytes(b"half")
        assert remove_orphans(tmp_path.glob(".*.tmp"), 3600) == 1
        assert list(tmp_path.iterdir()) == [own]
    assert (tmp_path / "g").read_bytes() == b"half"


def test_what_another_machine_left_is_removed_by_age(tmp_path):
    left = tmp_path / ".f.00000000-1-abcdefgh.tmp"
    left.write_bytes(b"")
    assert remove_orphans(tmp_path.glob(".*.tmp"), 3600) == 0
    os.utime(left, (time.time() - 7200,) * 2)
    assert remove_orphans(tmp_path.glob(".*.tmp"), 3600) == 1
    (tmp_path / ".notes.tmp").write_bytes(b"somebody's")
    assert remove_orphans(tmp_path.glob(".*.tmp"), -1) == 0


def test_a_folder_in_a_files_place_is_moved_aside(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "kept").write_text("x")
    write_atomically(tmp_path / "f", "new")
    assert (tmp_path / "f").read_text() == "new"
    assert (tmp_path / "f.aside-1" / "kept").read_text() == "x"


def test_a_flipped_bit_in_a_parquet_file_is_seen(tmp_path):
    path = tmp_path / "t.parquet"
    write_parquet(path, pa.table({"n": list(range(1000)), "t": [f"text {i}" for i in range(1000)]}))
    assert read_parquet(path).num_rows == 1000
    data = path.read_bytes()
    seen = 0
    for place in range(4, len(data), len(data) // 40):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        seen += not is_whole_parquet(path) or read_parquet(path)["n"].to_pylist() != list(range(1000))
    assert seen >= 30
    path.unlink()
    with pytest.raises(DataError, match="is gone"):
        read_parquet(path)


def test_a_line_that_was_cut_or_filled_with_nothing_is_left_out(tmp_path):
    (tmp_path / "m").write_bytes(b'{"step": 1}\n\x00\x00\x00{"step": 2}\n[1]\n\xff\n{"step": 3}\n{"st')
    assert json_lines(tmp_path / "m") == [('{"step": 1}', {"step": 1}), ('{"step": 3}', {"step": 3})]
    assert json_lines(tmp_path / "nothing") == []
