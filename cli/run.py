"""`mcq run`: the main job, through the same definitions as the UI."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import command, err, out, styled
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from assets.resources.foundry import Foundry


class Until(StrEnum):
    """Where to stop."""

    CURATED = "curated"
    RENDERED = "rendered"
    TRAINED = "trained"
    EVALUATED = "evaluated"


PINNED_JOBS = {Until.RENDERED: "render_published", Until.TRAINED: "train_published", Until.EVALUATED: "train_and_evaluate"}
JOBS = {Until.CURATED: "curate", Until.RENDERED: "render", Until.TRAINED: "train", Until.EVALUATED: "everything"}


@command
def run(
    until: Annotated[Until, typer.Option(help="the last thing to do")] = Until.EVALUATED,
    files: Annotated[bool, typer.Option("--files", help="end with a line for every file, not only for those to look at")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="publish although a source shrank or is refused much more (`guard:`): exactly what was blocked")
    ] = False,
    dataset_version: Annotated[
        str | None,
        typer.Option(
            metavar="V",
            help="render, train and evaluate on this version (or its beginning) instead of the published one; publishes nothing",
        ),
    ] = None,
) -> None:
    """Run the main job: ingest, curate, publish, render, train, evaluate. Ends with the funnel and where everything lies.

    What is unchanged since the last run is not computed again; an interrupted training resumes. Exit code 1 when an asset or a
    blocking check failed: then readers still see the version before.
    """
    from assets.resources.configurations import load_foundry
    from assets.resources.foundry import ledger_of
    from assets.resources.unchanged import inputs_now, note_standing, standing_version
    from cli.summary import summarise, summarise_standing
    from pipeline.guard import note_blocked, read_blocked
    from pipeline.ingest.files import find_files
    from pipeline.training.base_config import refuse_early
    from pipeline.training.hardware import require_device

    foundry = load_foundry()
    if dataset_version is not None:
        if accept:
            raise ConfigError("--accept publishes and --dataset-version doesn't: give one of them")
        raise typer.Exit(0 if run_pinned(replace(foundry, pinned=dataset_version), until, files) else 1)
    inputs = inputs_now(foundry, find_files(foundry.config))
    if until in (Until.TRAINED, Until.EVALUATED):
        require_device(foundry.config.train)
    if until != Until.CURATED:
        refuse_early(foundry.config.train)
    err.print(styled((foundry.config.dataset, "bold"), f": {foundry.config_file}, to {until}"))
    if until == Until.CURATED and (standing := standing_version(foundry, inputs)) is not None:
        note_blocked(foundry.lake, None)  # what waited is gone: the files are as they were
        summarise_standing(foundry, standing, len(inputs["files"]), files)
        raise typer.Exit(0)
    # Imported here: they load Dagster and the whole code location.
    from assets.guard import ACCEPT_TAG, THIS_RUN
    from cli.launch import launch

    waiting = read_blocked(foundry.lake)
    succeeded = launch(foundry, JOBS[until], {ACCEPT_TAG: waiting.key if waiting else THIS_RUN} if accept else {})
    if succeeded:
        out.print()
        summarise(foundry, until != Until.CURATED, files)
        if (version := foundry.lake.current()) is not None:
            note_standing(foundry, inputs, ledger_of(foundry, version), version)
    raise typer.Exit(0 if succeeded else 1)


def run_pinned(foundry: "Foundry", until: Until, files: bool) -> bool:
    """Does the rest of the job on a version that was published before. Curates and publishes nothing; True when it succeeded."""
    from cli.summary import summarise
    from pipeline.training.base_config import refuse_early
    from pipeline.training.hardware import require_device

    version = foundry.version()
    if until in (Until.TRAINED, Until.EVALUATED):
        require_device(foundry.config.train)
    if until != Until.CURATED:
        refuse_early(foundry.config.train)
    err.print(styled((foundry.config.dataset, "bold"), f": {foundry.config_file}, version {version.name}, to {until}"))
    if until == Until.CURATED:
        succeeded = True
    else:
        from assets.resources.runs import READ_VERSION
        from cli.launch import launch

        succeeded = launch(foundry, PINNED_JOBS[until], {READ_VERSION: version.name})
    if succeeded:
        out.print()
        summarise(foundry, until != Until.CURATED, files)
    return succeeded
