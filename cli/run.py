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
    from assets.resources.foundry import ledger_of, load_foundry
    from assets.resources.unchanged import inputs_now, note_standing, standing_version
    from cli.summary import summarise, summarise_standing
    from pipeline.ingest.files import find_files
    from pipeline.training.hardware import require_device

    foundry = load_foundry()
    inputs = inputs_now(foundry, find_files(foundry.config))
    if until in (Until.TRAINED, Until.EVALUATED):
        require_device(foundry.config.train)
    err.print(styled((foundry.config.dataset, "bold"), f": {foundry.config_file}, to {until}"))
    if until == Until.CURATED and (standing := standing_version(foundry, inputs)) is not None:
        summarise_standing(foundry, standing, len(inputs["files"]), files)
        raise typer.Exit(0)
    # Imported here: it loads the whole code location.
    from cli.launch import launch

    succeeded = launch(JOBS[until])
    if succeeded:
        out.print()
        summarise(foundry, until != Until.CURATED, files)
        if (version := foundry.lake.current()) is not None:
            note_standing(foundry, inputs, ledger_of(foundry, version), version)
    raise typer.Exit(0 if succeeded else 1)
