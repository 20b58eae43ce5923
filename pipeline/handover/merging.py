"""A merged model's folder: there when its check has passed, and not before. Imports no torch."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.common.store.run_files import QUESTIONS
from schemas.errors import DataError


def asked_of(adapter: Path) -> Path:
    """The questions of the data that an adapter was trained on: where its training read them, else where they lie beside it.

    Raises DataError where they are at neither place.
    """
    try:
        told = Path(json.loads((adapter / "training.job.json").read_text(encoding="utf-8"))["questions"])
    except (OSError, ValueError, KeyError, TypeError):
        told = Path(QUESTIONS)
    beside = adapter.parent.parent / "examples" / told.parent.name / QUESTIONS
    for file in (told, beside):
        if file.is_file():
            return file
    raise DataError(
        f"the validation and test questions of adapter {adapter.name} aren't at hand (looked for {told} and {beside}), and without them "
        f"nobody can say whether the merged model is what was trained; name a {QUESTIONS} of models/DATASET/examples/ by --questions"
    )


@contextmanager
def aside_of(target: Path) -> Iterator[Path]:
    """A folder beside `target` to work in, whose folder `model` becomes `target` when the body ends well; else no model is left.

    Raises DataError where `target` holds something.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{target} exists and isn't empty; name a new folder")
    aside = target.with_name(f".{target.name}.merging")
    shutil.rmtree(aside, ignore_errors=True)
    (aside / "model").mkdir(parents=True)
    try:
        yield aside
    except BaseException as error:
        # A child that couldn't say why it ended has left its log here.
        shutil.rmtree(aside / "model" if "left no message" in str(error) else aside)
        raise
    if target.exists():
        target.rmdir()
    (aside / "model").rename(target)
    shutil.rmtree(aside)
