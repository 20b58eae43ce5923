"""`mcq`: the command line, a module a command."""

import typer

from cli import audit, diff, doctor, export, inspect, ledger, pairs, plan, review, run, trace

app = typer.Typer(
    name="mcq",
    help="MCQ Foundry: raw multiple-choice questions to a dataset where every sample can be explained, an adapter, an honest verdict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (run, trace, ledger, diff, inspect, pairs, export, plan, review, audit, doctor):
    app.command(name=module.__name__.rpartition(".")[2])(getattr(module, module.__name__.rpartition(".")[2]))

if __name__ == "__main__":
    app()
