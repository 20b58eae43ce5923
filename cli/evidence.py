"""`mcq evidence`: which keys models that never saw the question don't believe; says first what it will take."""

from typing import TYPE_CHECKING

import typer

from cli.long_work import MinutesOption, YesOption, agree
from cli.options import command, err, out

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.evidence.folds import Fold

SHOWN = 10


@command
def evidence(yes: YesOption = False, minutes: MinutesOption = None) -> None:
    """Ask every curated question of adapters trained without its group (`evidence:`), and rank the keys that are suspected wrong.

    Says first how many trainings that is and how long they will take, measured on the first. What is done is kept: what was interrupted
    goes on. Nothing is removed: the suspected ones stand in `mcq review`.
    """
    from assets.resources.cache_keys import evidence_folder, places
    from assets.resources.configurations import load_foundry
    from pipeline.evidence.folds import done, forecast, planned
    from pipeline.training.base_config import refuse_early
    from pipeline.training.hardware import require_device

    foundry = load_foundry()
    require_device(foundry.config.train)
    refuse_early(foundry.config.train)
    folds = planned(foundry.config.evidence)
    # Imported here: they load Dagster and the whole code location.
    from assets.evidence import MINUTES_TAG, MOST_TAG
    from cli.launch import launch

    if foundry.lake.current() is None and not launch(foundry, "render"):
        raise typer.Exit(1)
    folder = evidence_folder(foundry, places(foundry))

    def left() -> int:
        return len(folds) - len(done(folder, folds))

    say_plan(folds, left(), folder)
    if left() and (minutes is None or minutes > 0):
        if left() == len(folds):
            err.print("measuring first, with one of them")
            if not launch(foundry, "evidence", {MOST_TAG: "1"}):
                raise typer.Exit(1)
        if left():
            agree(forecast(folder, left(), folds), left(), minutes, yes)
    succeeded = launch(foundry, "evidence", {} if minutes is None else {MINUTES_TAG: str(minutes)})
    if succeeded:
        summarise(folder)
    raise typer.Exit(0 if succeeded else 1)


def say_plan(folds: "list[Fold]", left: int, folder: "Path") -> None:
    """How many trainings there are, and how many of them are done."""
    from cli.summary import short

    repeats = len({fold.repeat for fold in folds})
    err.print(f"{len(folds)} trainings: {len(folds) // repeats} parts held out in turn" + (f", {repeats} times" if repeats > 1 else ""))
    err.print(f"{len(folds) - left} are done, {left} are left; they lie in {short(folder)}")


def summarise(folder: "Path") -> None:
    """What came out, the most suspected first, and where to decide."""
    from cli.summary import short
    from pipeline.common.store.evidence import TABLE, read_evidence, read_summary
    from pipeline.evidence.table import sentence

    out.print(sentence(read_summary(folder)))
    for row in read_evidence(folder)[:SHOWN]:
        if row["suspected_wrong_key"]:
            share = "" if row["wrong_share"] is None else f"  wrong in {row['wrong_share']:.0%} of such"
            out.print(f"{row['suspected_wrong_key']:>4}  {row['record_id']}  key believed {row['adapter_gold_probability']:.0%}{share}")
    out.print(f"\nAll of them: {short(folder / TABLE)}; decide with `mcq review --queue suspected_keys`")
