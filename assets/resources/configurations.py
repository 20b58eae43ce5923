"""Which configurations a code location holds: what MCQ_CONFIG names is one file, several, or a folder."""

import os
from pathlib import Path
from typing import NamedTuple

import yaml

from assets.resources.foundry import Foundry, data_root, open_foundry
from assets.resources.names import in_names
from pipeline.common.text import short_hash
from schemas.config.base import PROJECT_ROOT
from schemas.config.yaml_file import read_yaml
from schemas.errors import ConfigError

SAMPLE = "configs/sample.yaml"


class Loaded(NamedTuple):
    """The datasets of a code location, and a sentence for every configuration that could not be loaded."""

    foundries: list[Foundry]
    left_out: list[str]


def configuration_files(named: str | None = None) -> list[Path]:
    """The files that MCQ_CONFIG (or `named`) names, each once: files and folders, separated by commas or the system's path separator.

    Of a folder its *.yaml that are pipelines, in order of their names. Relative paths start at the project root. Raises ConfigError.
    """
    value = named or os.environ.get("MCQ_CONFIG") or SAMPLE
    parts = [value] if (PROJECT_ROOT / value).exists() else value.replace(os.pathsep, ",").split(",")
    files: dict[Path, None] = {}
    for part in filter(None, map(str.strip, parts)):
        path = PROJECT_ROOT / part
        found = sorted(file for file in path.glob("*.yaml") if is_pipeline(file)) if path.is_dir() else [path]
        if not found:
            raise ConfigError(f"{path} holds no configuration: no *.yaml with `dataset:` and `sources:`")
        files |= dict.fromkeys(found)
    if not files:
        raise ConfigError(f"MCQ_CONFIG={value!r} names no configuration; name a file, several with commas between, or a folder")
    return list(files)


def is_pipeline(file: Path) -> bool:
    """Whether a YAML file means to be a configuration of ours; one that can't be read may be, and loading it says what is wrong."""
    try:
        data = read_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return True
    return isinstance(data, dict) and bool({"dataset", "sources"} & data.keys())


def load_configurations(files: list[Path]) -> Loaded:
    """Opens each of these. One that is broken, or whose dataset another file names too, is left out and said; the others stand.

    Raises ConfigError where none is left.
    """
    opened: list[Foundry] = []
    left_out = []
    for file in files:
        try:
            opened.append(open_foundry(str(file), data_root()))
        except ConfigError as error:
            left_out.append(str(error))
    named: dict[str, list[str]] = {}
    for foundry in opened:
        named.setdefault(in_names(foundry.config.dataset), []).append(shown(foundry.config_file))
    for name, places in named.items():
        if len(places) > 1:
            left_out.append(f"{' and '.join(places)} are of one dataset, {name}; name one of them, or change `dataset:` in one")
    kept = [foundry for foundry in opened if len(named[in_names(foundry.config.dataset)]) == 1]
    if not kept:
        raise ConfigError("\n".join(left_out))
    return Loaded(kept, left_out)


def load_foundry() -> Foundry:
    """What a command works with: the one configuration that --config or MCQ_CONFIG names. Raises ConfigError."""
    files = configuration_files()
    if len(files) > 1:
        listed = "".join(f"\n  --config {shown(file)}" for file in files)
        raise ConfigError(f"MCQ_CONFIG names {len(files)} configurations, and a command works with one; add one of{listed}")
    return open_foundry(str(files[0]), data_root())


def shown(file: Path) -> str:
    """A configuration file as people name it: from the project root where it lies below it."""
    return str(file.relative_to(PROJECT_ROOT)) if file.is_relative_to(PROJECT_ROOT) else str(file)


def file_hash(file: Path) -> str:
    """8 hexadecimal digits over a configuration's text; of none where it can't be read."""
    try:
        return short_hash(file.read_text(encoding="utf-8"))[:8]
    except (OSError, ValueError):
        return ""
