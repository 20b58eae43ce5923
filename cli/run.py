"""`mcq run`: the main job, through the same definitions as the UI."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import command, err, out, styled


class Until(StrEnum):
    """Where to stop."""

    CURATED = "curated"
    RENDERED = "rendered"
    TRAINED = "trained"
    EVALUATED = "evaluated"


JOBS = {Until.CURATED: "curate", Until.RENDERED: "render", Until.TRAINED: "train", Until.EVALUATED: "everything"}


@command
def run(
    until: Annotated[Until, typer.Option(help="the last thing to do")] = Until.EVALUATED,
    files: Annotated[bool, typer.Option("--files", help="end with a line for every file, not only for those to look at")] = False,
) -> None:
    """Run the main job: ingest, curate, publish, render, train, evaluate. Ends with the funnel and where everything lies.

    What is unchanged since the last run is not computed again; an interrupted training resumes. Exit code 1 when an asset or a
    blocking check failed: then readers still see the version before.
    """
    from assets.resources.configurations import load_foundry
    from cli.launch import launch
    from cli.summary import summarise
    from pipeline.ingest.files import find_files
    from pipeline.training.hardware import require_device

    foundry = load_foundry()
    find_files(foundry.config)
    if until in (Until.TRAINED, Until.EVALUATED):
        require_device(foundry.config.train)
    err.print(styled((foundry.config.dataset, "bold"), f": {foundry.config_file}, to {until}"))
    succeeded = launch(foundry, JOBS[until])
    if succeeded:
        out.print()
        summarise(foundry, until != Until.CURATED, files)
    raise typer.Exit(0 if succeeded else 1)
