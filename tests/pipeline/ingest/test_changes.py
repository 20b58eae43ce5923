"""A refresh is due once changed files have stood still for two looks."""

import os

import pytest

from pipeline.ingest.changes import find_changes
from schemas.config import Config
from schemas.errors import DataError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("q\n")
    return tmp_path


@pytest.fixture
def watch(folder):
    """Looks again: whether a refresh is due, and why not."""
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", "path": "*.csv"}]})
    seen = None

    def again():
        nonlocal seen
        seen, due, why = find_changes(config, seen)
        return due, why

    return again


def test_the_first_look_takes_the_files_as_known(watch):
    assert watch() == (False, "first look: 1 files are taken as known")
    assert watch() == (False, "nothing new in 1 files")


def test_a_file_that_still_grows_is_waited_for_and_refreshed_once(watch, folder):
    watch()
    for text in ("q\n1\n", "q\n1\n2\n"):
        (folder / "b.csv").write_text(text)
        due, why = watch()
        assert not due
        assert "waiting until they stand still" in why
    assert watch() == (True, "")
    assert watch() == (False, "nothing new in 2 files")


@pytest.mark.parametrize("change", [lambda file: os.utime(file, ns=(1, 1)), lambda file: file.rename(file.with_name("c.csv"))])
def test_another_time_or_name_is_a_change(watch, folder, change):
    watch()
    change(folder / "a.csv")
    assert not watch()[0]
    assert watch()[0]


def test_files_that_went_back_to_what_they_were_need_no_refresh(watch, folder):
    watch()
    (folder / "b.csv").write_text("q\n")
    watch()
    (folder / "b.csv").unlink()
    assert watch() == (False, "nothing new in 1 files")


def test_files_that_cannot_be_listed_change_nothing(watch, folder):
    watch()
    (folder / "a.csv").rename(folder / "a.txt")
    with pytest.raises(DataError, match="the raw files can't be listed: source s: no file matches"):
        watch()
    (folder / "a.txt").rename(folder / "a.csv")
    assert watch() == (False, "nothing new in 1 files")


def test_files_that_cannot_be_listed_are_told_without_their_whole_path(folder, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied", str(folder / "closed"))

    monkeypatch.setattr("pipeline.ingest.changes.source_files", fail)
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", "path": "*.csv"}]})
    with pytest.raises(DataError) as error:
        find_changes(config, None)
    assert str(error.value) == "the raw files can't be listed: Permission denied"


def test_a_file_beside_the_sources_counts_whether_it_is_there_or_not(folder, tmp_path):
    config = Config.model_validate({"dataset": "d", "root": str(folder), "sources": [{"name": "s", "path": "*.csv"}]})
    decisions = tmp_path / "review" / "decisions.jsonl"
    seen, _, _ = find_changes(config, None, [decisions])
    decisions.parent.mkdir()
    decisions.write_text("{}\n")
    looks = []
    for _ in range(3):
        seen, due, _ = find_changes(config, seen, [decisions])
        looks.append(due)
    assert looks == [False, True, False]
