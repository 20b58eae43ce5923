"""What every command shares: where its options point, and how its errors end."""

import ast
import io
import os
import re

import pytest
import typer
from rich.table import Table

from cli import options
from cli.options import PlainConsole, command, indented, out, settle, styled
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


@pytest.mark.parametrize(
    "text", ["[bold]x[/]", "[/]", "[link=http://evil]x[/link]", "[@click=f]x", ":bomb: :x:", "a\\", "a\\\\[b]", "[red"]
)
def test_every_string_on_a_console_is_text(text, capsys):
    table = Table(f"head {text}", title=f"title {text}", box=None)
    table.add_row(text)
    for renderable in (text, styled(("x", "bold"), text), table):
        out.print(renderable)
    assert capsys.readouterr().out.count(text) == 5


def test_nothing_that_acts_on_a_terminal_comes_through_and_what_is_styled_still_is():
    text, stream = "\x1b]0;title\x07\x1b[2J\x9b2J\r\b\x00\u202e\U000e0041", io.StringIO()
    console = PlainConsole(file=stream, force_terminal=True, width=400)
    table = Table(text, title=text, box=None)
    table.add_row(text)
    for renderable in (text, styled((text, "bold"), text), table):
        console.print(renderable)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert re.search(r"\x1b\[[0-9;]*1m", stream.getvalue())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\U000e0041]", plain)
    assert plain.count("<U+001B>[2J<U+009B>2J<U+000D><U+0008><U+0000><U+202E><U+E0041>") == 6


def test_no_line_of_a_text_looks_like_one_of_ours():
    assert indented("a\nVerdict: train", 3) == "a\n   Verdict: train"


def test_every_command_prints_by_these_consoles():
    own = {"rich.console", "rich.markup"}
    for file in (PROJECT_ROOT / "cli").glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        taken = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        # A group of texts prints by whichever console prints it.
        imported = {node.module for node in taken if (node.module, [name.name for name in node.names]) != ("rich.console", ["Group"])} | {
            name.name for node in nodes if isinstance(node, ast.Import) for name in node.names
        }
        assert file.name == "options.py" or not own & imported, file.name
