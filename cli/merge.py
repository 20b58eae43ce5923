"""`mcq merge`: base model and adapter as one 16-bit model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command, err, out, user_path
from cli.predict import AdapterOption, BaseOption, Device, DeviceOption, where


class Dtype(StrEnum):
    """The 16-bit number types."""

    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class Onto(StrEnum):
    """What a QLoRA or DoRA adapter is added to."""

    TRAINED = "trained"
    ORIGINAL = "original"


@command
def merge(
    adapter: AdapterOption,
    target: Annotated[Path, typer.Option("--out", metavar="DIR", help="new or empty")],
    gguf: Annotated[bool, typer.Option("--gguf", help="and as GGUF, by llama.cpp's converter: $LLAMA_CPP or the PATH")] = False,
    agree: Annotated[float, typer.Option(min=0, max=1, help="share of choices that must be the same, or the model is refused")] = 0.99,
    dtype: Annotated[Dtype, typer.Option(help="of the saved weights")] = Dtype.FLOAT16,
    onto: Annotated[
        Onto, typer.Option(help="QLoRA, DoRA: the base rounded to NF4, as the adapter saw it in training, or as its publisher gives it")
    ] = Onto.TRAINED,
    max_questions: Annotated[int | None, typer.Option(min=1, help="check on a sample of so many; default: all")] = None,
    questions: Annotated[Path | None, typer.Option(help="a questions.parquet to check on, where the adapter's own isn't at hand")] = None,
    device: DeviceOption = Device.AUTO,
    base: BaseOption = None,
) -> None:
    """Merge an adapter into its base model: safetensors in 16 bit, with tokenizer and model card.

    The merged model, loaded anew, answers the validation and test questions beside what was trained; where fewer choices agree than asked
    for, it is refused with the figures and nothing is left.
    """
    from assets.resources.foundry import data_root
    from cli.child import run_child
    from pipeline.handover.card import write_card
    from pipeline.handover.gguf import convert, find_converter
    from pipeline.handover.job import open_adapter
    from pipeline.handover.merging import aside_of, asked_of
    from schemas.config.base import PROJECT_ROOT

    converter = find_converter() if gguf else None
    found = open_adapter(user_path(adapter).resolve())
    asked = user_path(questions) if questions else asked_of(found.folder)
    folder = user_path(target).absolute()
    with aside_of(folder) as aside:
        config = found.under(device=str(device), base_model=where(base))
        facts = found.facts(config, aside / "model", asked, PROJECT_ROOT / data_root() / "models")
        settings = {"weights": str(dtype), "onto": str(onto), "agree": agree, "max_questions": max_questions}
        told = run_child("pipeline.handover.merge", aside, facts | settings, "nothing was merged")
        write_card(found, PROJECT_ROOT / data_root(), aside / "model")
    for line in told:
        err.print(line["said"], soft_wrap=True)
    if converter is not None:
        err.print("converting to GGUF")
        convert(converter, folder, str(dtype), folder / f"{folder.name}-{dtype}.gguf")
    out.print(str(folder))
