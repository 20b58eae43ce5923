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
from rich import markup
from rich.console import Console

from schemas.config.base import PROJECT_ROOT
from schemas.errors import PipelineError

STARTED_IN = Path.cwd()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="configuration file; default: $MCQ_CONFIG, then configs/sample.yaml", show_default=False),
]
DataRootOption = Annotated[
    Path | None,
    typer.Option("--data-root", help="where tables, models and audit.sqlite lie; default: $MCQ_DATA_ROOT, then data/", show_default=False),
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
        except PipelineError as error:
            if os.environ.get("MCQ_DEBUG") == "1":
                raise
            err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(1) from error
        except BrokenPipeError:
            sys.stdout = None  # type: ignore[assignment]
            raise typer.Exit(0) from None
        except Exception as error:
            said = in_words(error)
            if said is None or os.environ.get("MCQ_DEBUG") == "1":
                raise
            err.print(f"[bold red]error:[/] {escape(said)}", soft_wrap=True)
            raise typer.Exit(1) from error

    return with_options(wrapped, function)


def in_words(error: BaseException) -> str | None:
    """What a failure of the disk or of the run history means, and what to do; None for any other."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
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


def escape(text: str) -> str:
    """Text of users and files is never markup."""
    return markup.escape(text)
