"""`mcq`: the command line, a module a command. A command's module is imported when it is called: each needs little of the others'."""

from importlib import import_module

import click
import typer
from typer.core import TyperGroup

COMMANDS = ("run", "trace", "ledger", "diff", "inspect", "pairs", "export", "predict", "merge", "card", "plan", "study")
COMMANDS += ("compare", "evidence", "review", "audit", "doctor")
SETTINGS = {"help_option_names": ["-h", "--help"]}


class Commands(TyperGroup):
    """The commands, in the order that the help shows them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in COMMANDS:
            return None
        one = typer.Typer(add_completion=False, pretty_exceptions_enable=False, context_settings=SETTINGS)
        one.command(name=cmd_name)(getattr(import_module(f"cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(one)


app = typer.Typer(
    name="mcq", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, context_settings=SETTINGS
)


@app.callback()
def mcq() -> None:
    """MCQ Foundry: raw multiple-choice questions to a dataset where every sample can be explained, an adapter, an honest verdict."""


if __name__ == "__main__":
    app()
