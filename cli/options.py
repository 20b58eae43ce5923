"""What every command shares: --config and --data-root, the consoles, and how errors end."""

import functools
import inspect
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from pipeline.common.escapes import visible
from schemas.config.base import PROJECT_ROOT
from schemas.errors import PipelineError

STARTED_IN = Path.cwd()


class PlainConsole(Console):
    """A console on which every string is text: no markup, no emoji codes, and nothing that acts on the terminal, whoever wrote it.

    What is styled is a `Text`, made by `styled`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """All strings, also those in cells and titles of tables, come by here."""
        return super().render_str(visible(text), **options)


out = PlainConsole(soft_wrap=True)
err = PlainConsole(stderr=True)


def table_console(width: int) -> Console:
    """As wide as the terminal, or `width` where there is none."""
    return PlainConsole(width=None if out.is_terminal else width)


def styled(*parts: str | tuple[str, str]) -> Text:
    """One text of several, some with a style: (text, style)."""
    return Text.assemble(*(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts))


def indented(text: str, columns: int) -> str:
    """Text whose later lines begin at a column too, so that none of them looks like a line of ours."""
    return text.replace("\n", "\n" + " " * columns)


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="configuration file; default: $MCQ_CONFIG, then configs/sample.yaml", show_default=False),
]
DataRootOption = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        help="where tables, models and decisions lie; default: $MCQ_DATA_ROOT, then data/",
        show_default=False,
    ),
]


def user_path(path: Path) -> Path:
    """A path as the user meant it: from where the command was called, whatever the working directory is by now."""
    return STARTED_IN / path


def settle(config: Path | None, data_root: Path | None) -> None:
    """Puts both options where the code location reads them, and goes to the project root, where dagster.yaml lies."""
    if config is not None:
        os.environ["MCQ_CONFIG"] = str(user_path(config))
    if data_root is not None:
        os.environ["MCQ_DATA_ROOT"] = str(user_path(data_root))
    os.environ["DAGSTER_HOME"] = os.environ.get("DAGSTER_HOME") or str(PROJECT_ROOT)
    os.chdir(PROJECT_ROOT)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """A command: errors that a user can cause end in their own words on stderr and exit code 1; a closed pipe ends quietly."""

    @functools.wraps(function)
    def wrapped(*args: Any, config: Path | None = None, data_root: Path | None = None, **options: Any) -> None:
        settle(config, data_root)
        try:
            function(*args, **options)
        except BrokenPipeError:
            sys.stdout = None  # type: ignore[assignment]
            raise typer.Exit(0) from None
        except Exception as error:
            said = in_words(error)
            if said is None or os.environ.get("MCQ_DEBUG") == "1":
                raise
            err.print(styled(("error:", "bold red"), f" {said}"), soft_wrap=True)
            raise typer.Exit(1) from error

    return with_options(wrapped, function)


def in_words(error: BaseException) -> str | None:
    """What an error that a user, a file or a machine can cause means, and what to do; None for any other."""
    if isinstance(error, PipelineError):
        return str(error)
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    for found in chain:
        if isinstance(found, sqlite3.Error):
            return (
                f"the run history below {os.environ['DAGSTER_HOME']} can't be used ({found}); make room and check the rights, or move the "
                "folder `.dagster` away: it holds the history of runs alone, no table, version or adapter"
            )
        if isinstance(found, OSError):
            return (
                f"{found.strerror or found}: {found.filename or 'no file named'}; check its rights, and the room that is left on the disk"
            )
    return None


def with_options(wrapped: Callable[..., None], function: Callable[..., None]) -> Callable[..., None]:
    """Gives Typer a signature that holds the shared options besides the command's own."""
    signature = inspect.signature(function)
    shared = [
        inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfigOption),
        inspect.Parameter("data_root", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=DataRootOption),
    ]
    wrapped.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *shared])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {**function.__annotations__, "config": ConfigOption, "data_root": DataRootOption}
    return wrapped
