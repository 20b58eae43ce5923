"""`mcq predict`: an adapter answers new questions."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import STARTED_IN, command, err, out, user_path
from schemas.errors import ConfigError
from schemas.reasons import REASON_TEXT


class Mode(StrEnum):
    """What is scored."""

    CLOZE = "cloze"
    LETTER = "letter"


class Device(StrEnum):
    """Where the model computes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


AdapterOption = Annotated[Path, typer.Option("--adapter", metavar="DIR", help="folder of a finished adapter")]
DeviceOption = Annotated[Device, typer.Option(help="auto: a GPU where there is one")]
BaseOption = Annotated[
    str | None, typer.Option("--base", help="where its base model lies here: a folder or a hub name; default: as it was trained")
]
TEXTS = REASON_TEXT | {
    "too_long": "longer than the adapter takes",
    "answer_altered": "the base model's tokenizer leaves nothing of an option",
}


@command
def predict(
    file: Annotated[Path, typer.Argument(help="questions in any readable format, with keys or without")],
    adapter: AdapterOption,
    target: Annotated[
        Path | None, typer.Option("--out", help="a .jsonl, .csv or .xlsx to write; default: FILE.answers.jsonl, where you are")
    ] = None,
    mode: Annotated[Mode | None, typer.Option(help="default: the one that the adapter's verdict is given on")] = None,
    device: DeviceOption = Device.AUTO,
    base: BaseOption = None,
    reader: Annotated[str, typer.Option(help="auto, or the name of a reader")] = "auto",
    answer_format: Annotated[str, typer.Option(help="auto, letter, index0, index1 or text")] = "auto",
    field: Annotated[list[str] | None, typer.Option(metavar="PART=COLUMN", help="as in `fields:` of a source; may be repeated")] = None,
) -> None:
    """Answer new questions with an adapter: the chosen option, the probability of each, and where the file has a key, whether it is right.

    A row a record of the file, in its order; what can't be asked stands there too, with its reason. Interrupted at any moment, the same
    command goes on where it stopped.
    """
    from assets.resources.foundry import data_root
    from cli.child import run_child
    from pipeline.handover.asked_file import require_file, source_of
    from pipeline.handover.job import open_adapter
    from pipeline.handover.prediction import Prediction
    from schemas.config.base import PROJECT_ROOT

    path = user_path(file).absolute()
    require_file(path)
    found = open_adapter(user_path(adapter).resolve())
    config = found.under(device=str(device), base_model=where(base))
    source = source_of(path, reader, answer_format, _fields(field or []))
    answers = user_path(target or Path(f"{file.name}.answers.jsonl")).absolute()
    this = Prediction(path, source, found, config, mode.value if mode else config["evaluate"]["primary"], answers)
    if this.is_done():
        err.print(f"{answers} holds these answers already", soft_wrap=True)
        return
    with this.open(f"{path}, adapter {found.folder.name}, {this.mode}") as working:
        asked, done = working.count("asked"), working.count("answer is not null")
        err.print(
            f"{working.count():,} records, {asked:,} to ask ({this.mode})" + (f", {done:,} of them answered before" if done else ""),
            soft_wrap=True,
        )
        if done < asked:
            facts = found.facts(config, this.folder, working.path, PROJECT_ROOT / data_root() / "models")
            run_child("pipeline.handover.predict", this.folder, {**facts, "mode": this.mode}, "the same command goes on from here")
        noted = this.end(working)
    summarise(noted, answers)


def where(base: str | None) -> str | None:
    """A base model as the user meant it: a folder from where the command was called, else a hub name."""
    return str(STARTED_IN / base) if base and (STARTED_IN / base).is_dir() else base


def _fields(given: list[str]) -> dict[str, str]:
    if wrong := next((one for one in given if "=" not in one), None):
        raise ConfigError(f"--field {wrong}: expected PART=COLUMN, as in --field stem='Nội dung'")
    return {part.strip(): column for part, _, column in (one.partition("=") for one in given)}


def summarise(noted: dict[str, Any], answers: Path) -> None:
    """How many were answered and right, what wasn't and why, and where the answers are."""
    counts = noted["counts"]
    compared = "no keys to compare with"
    if counts["with_key"]:
        compared = f"{counts['right']:,} of {counts['with_key']:,} that have a key right ({counts['right'] / counts['with_key']:.1%})"
    err.print(f"{counts['answered']:,} of {counts['records']:,} records answered; {compared}", soft_wrap=True)
    for code, count in noted["not_answered"].items():
        err.print(f"  not answered: {code:<22} {count:>6,}  {TEXTS.get(code, '')}", soft_wrap=True)
    out.print(str(answers))
