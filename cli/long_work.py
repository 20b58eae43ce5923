"""What commands share that train for hours: their options, and what is said and asked before they begin."""

from typing import Annotated

import typer

from cli.options import err

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="begin without asking")]
MinutesOption = Annotated[
    float | None, typer.Option(min=0, help="begin no training after so many minutes; 0: only look at what is done", show_default=False)
]


def agree(seconds: float | None, trainings: int, minutes: float | None, yes: bool) -> None:
    """Says what is left, in time as measured so far (None: nothing is known), and asks unless `yes`. Exits 1 for a no."""
    if seconds is not None:
        limit = f"; no training begins after {minutes:g} minutes" if minutes is not None else ""
        err.print(f"{trainings} trainings, about {seconds / trainings:.0f} s each: {seconds / 60:.0f} minutes on this machine{limit}")
    if not yes and not typer.confirm("Begin?", default=True, err=True):
        raise typer.Exit(1)
