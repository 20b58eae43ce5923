"""`mcq study`: alpha, rank and learning rate side by side; says first what it will take."""

from typing import TYPE_CHECKING

import typer

from cli.long_work import MinutesOption, YesOption, agree
from cli.options import command, err, out

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.study.grid import Cell, Grid


@command
def study(yes: YesOption = False, minutes: MinutesOption = None) -> None:
    """Train every policy of alpha at every rank, learning rate and seed of `study:`, on the published dataset, and say what differs.

    Says first how many trainings that is and how long they will take, measured. What is done is kept: an interrupted study goes on.
    """
    from assets.resources.cache_keys import places, study_folder
    from assets.resources.configurations import load_foundry
    from pipeline.study.cost import forecast, to_measure
    from pipeline.study.files import PAGE, PLOT
    from pipeline.study.grid import BASE, done, grid
    from pipeline.training.base_config import refuse_early, shape_of
    from pipeline.training.hardware import require_device

    foundry = load_foundry()
    train = foundry.config.train
    require_device(train)
    refuse_early(train)
    planned = grid(foundry.config.study, train, shape_of(train).hidden_size)
    # Imported here: they load Dagster and the whole code location.
    from assets.study import CELLS_TAG, MINUTES_TAG
    from cli.launch import launch

    if foundry.lake.current() is None and not launch(foundry, "render"):
        raise typer.Exit(1)
    folder = study_folder(foundry, places(foundry))

    def waiting() -> "list[Cell]":
        finished = set(done(folder, planned.cells))
        return [cell for cell in planned.cells if cell not in finished]

    say_plan(planned, len(waiting()), folder)
    if minutes is None or minutes > 0:
        first = to_measure(waiting())
        if first and (not (folder / BASE).is_file() or len(done(folder, planned.cells)) < len(first)):
            err.print(f"measuring first, with {len(first)} of them: rank {' and '.join(str(cell.rank) for cell in first)}")
            if not launch(foundry, "study", {CELLS_TAG: ",".join(cell.name for cell in first)}):
                raise typer.Exit(1)
        left = waiting()
        if left:
            agree(forecast(folder, left, planned.cells), len(left), minutes, yes)
    succeeded = launch(foundry, "study", {} if minutes is None else {MINUTES_TAG: str(minutes)})
    if succeeded:
        summarise(folder / PAGE, folder / PLOT, len(planned.cells) - len(waiting()), len(planned.cells))
    raise typer.Exit(0 if succeeded else 1)


def say_plan(planned: "Grid", left: int, folder: "Path") -> None:
    """How many trainings there are, and how many of them are done."""
    from cli.summary import short

    ranks = sorted({arm.rank for arm in planned.arms})
    policies = len({arm.policy for arm in planned.arms})
    err.print(
        f"{len(planned.of)} settings with seeds: {len(planned.arms)} arms ({policies} policies, ranks {', '.join(map(str, ranks))}, other "
        f"layers); {planned.shared} of them are another's arithmetic, so {len(planned.cells)} trainings"
    )
    err.print(f"{len(planned.cells) - left} are done, {left} are left; they lie in {short(folder)}")


def summarise(page: "Path", plot: "Path", done: int, trainings: int) -> None:
    """What came out, and where it lies."""
    from cli.summary import short
    from pipeline.study.page import TABLES

    text = page.read_text(encoding="utf-8")
    out.print(text[: text.index(f"\n## {TABLES}")].strip())
    out.print(f"\n{done} of {trainings} trainings are done. The whole page: {short(page)}; the picture: {short(plot)}")
