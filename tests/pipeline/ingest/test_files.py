"""What a folder may hold, and what listing and opening it make of that."""

import os
import re

import pytest

from pipeline.ingest import files
from pipeline.ingest.files import bytes_of, find_files, name_below, printable, size_of, source_files
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError, DataError


@pytest.fixture
def listed(tmp_path):
    """Names of the files that a glob finds below the folder."""

    def run(path="**/*"):
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": path}]})
        ((source, found),) = find_files(config)
        assert found == source_files(config, source)
        return [name_below(tmp_path, file) for file in found]

    return run


def test_folders_are_no_files_whatever_they_are_called(listed, tmp_path):
    (tmp_path / "sub.csv").mkdir()
    (tmp_path / "sub.csv" / "b.csv").touch()
    (tmp_path / "a.csv").touch()
    assert listed() == ["a.csv", "sub.csv/b.csv"]


def test_what_is_no_sound_file_is_listed_so_that_it_is_named(listed, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "nothing.csv").symlink_to("/nowhere/at/all.csv")
    assert listed("*.csv") == ["loop.csv", "nothing.csv", "pipe.csv"]


def test_a_folder_that_may_not_be_listed_is_named(listed, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    if os.access(tmp_path / "closed", os.R_OK):
        pytest.skip("this user may list every folder")
    assert listed() == ["closed"]
    with pytest.raises(DataError, match="grant read permission"):
        bytes_of(tmp_path / "closed")


def test_a_link_that_leaves_the_root_is_named_in_letters_that_can_be_printed(listed, tmp_path, tmp_path_factory):
    secret = tmp_path_factory.mktemp("outside") / "secret.csv"
    secret.touch()
    (tmp_path / os.fsdecode(b"\xe9.csv")).symlink_to(secret)
    with pytest.raises(ConfigError, match=r"\\xe9\.csv is a link that leaves the root"):
        listed()


def test_a_name_that_is_no_utf8_is_text_with_escapes():
    assert printable(os.fsdecode(b"\xd0\xe8 1.csv")) == r"\xd0\xe8 1.csv"
    assert printable("\ud800") == "\ufffd"
    assert printable("Đề 1.csv") == "Đề 1.csv"


@pytest.mark.parametrize(("size", "fits"), [(9, True), (10, True), (11, False)])
def test_a_file_is_measured_before_it_is_loaded(tmp_path, monkeypatch, size, fits):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    (tmp_path / "a.csv").write_bytes(b"x" * size)
    if fits:
        assert bytes_of(tmp_path / "a.csv") == b"x" * size
    else:
        with pytest.raises(DataError, match="11 bytes; at most 10 are read: split the file"):
            bytes_of(tmp_path / "a.csv")


def test_a_sparse_file_of_a_terabyte_is_refused_at_once(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(DataError, match="at most"):
        bytes_of(tmp_path / "a.csv")


@pytest.mark.parametrize(("path", "what"), [("/dev/zero", "a device"), ("pipe", "a named pipe")])
def test_what_never_ends_is_not_opened(tmp_path, monkeypatch, path, what):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(os, "open", None)
    with pytest.raises(DataError, match=what):
        bytes_of(tmp_path / path)


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.touch()
    seen = file.stat()
    file.unlink()
    os.mkfifo(file)
    # The first look is one from before the exchange.
    monkeypatch.setattr(type(file), "stat", lambda _: seen)
    with pytest.raises(DataError, match="a named pipe"):
        bytes_of(file)


def test_a_file_that_is_gone_has_no_size(tmp_path):
    assert size_of(tmp_path / "gone") == 0


@pytest.mark.parametrize(
    ("root", "path", "write"), [("sample/raw", "school_vi/*", "root: {}/sample/raw"), (".", "sample/raw/school_vi/*", "root: {}")]
)
def test_a_root_that_was_meant_from_the_projects_root_is_told_what_to_write(tmp_path, root, path, write):
    file = tmp_path / "old.yaml"
    file.write_text(f"dataset: d\nroot: {root}\nsources: [{{name: s, path: '{path}'}}]\n")
    with pytest.raises(ConfigError, match=re.escape(f"write `{write.format(os.path.relpath(PROJECT_ROOT, tmp_path))}`")):
        find_files(load_config(file))
    file.write_text("dataset: d\nroot: nowhere\nsources: [{name: s, path: '*'}]\n")
    with pytest.raises(ConfigError, match="root nowhere is no folder; set `root:`"):
        find_files(load_config(file))
