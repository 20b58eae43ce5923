"""What every command shares: where its options point, and how its errors end."""

import os

import pytest
import typer

from cli import options
from cli.options import command, escape, settle
from schemas.config.base import PROJECT_ROOT
from schemas.errors import DataError


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    """Called from another folder; environment and working directory are as before afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "STARTED_IN", tmp_path)
    for name in ("MCQ_CONFIG", "MCQ_DATA_ROOT", "MCQ_DEBUG"):
        monkeypatch.setenv(name, "")


def test_paths_are_meant_from_where_the_command_was_called(tmp_path):
    settle(tmp_path.__class__("c.yaml"), tmp_path / "data")
    assert (os.environ["MCQ_CONFIG"], os.environ["MCQ_DATA_ROOT"]) == (str(tmp_path / "c.yaml"), str(tmp_path / "data"))
    assert os.getcwd() == str(PROJECT_ROOT)  # noqa: PTH109


def test_what_is_not_given_leaves_the_environment_alone(monkeypatch):
    monkeypatch.setenv("MCQ_CONFIG", "mine.yaml")
    settle(None, None)
    assert (os.environ["MCQ_CONFIG"], os.environ["MCQ_DATA_ROOT"]) == ("mine.yaml", "")


def failing(error):
    @command
    def fail(name: str = "x") -> None:
        raise error

    return fail


def test_an_error_of_the_user_ends_in_its_own_words_with_code_1(capsys):
    with pytest.raises(typer.Exit) as end:
        failing(DataError("[red] is no table"))()
    assert end.value.exit_code == 1
    assert capsys.readouterr().err == "error: [red] is no table\n"


def test_an_error_of_ours_and_any_error_while_debugging_has_its_traceback(monkeypatch):
    with pytest.raises(KeyError):
        failing(KeyError("bug"))()
    monkeypatch.setenv("MCQ_DEBUG", "1")
    with pytest.raises(DataError):
        failing(DataError("said"))()


def test_a_reader_that_goes_away_ends_quietly(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(typer.Exit) as end:
        failing(BrokenPipeError())()
    assert (end.value.exit_code, capsys.readouterr().err) == (0, "")


def test_texts_of_files_are_no_markup():
    assert escape("[bold]x[/]") == "\\[bold]x\\[/]"
