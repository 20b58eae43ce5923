"""Control tokens of the configured base model, read from its tokenizer's file where that lies on this machine: no model library, no
network."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.common.control_tokens import is_control
from schemas.config.train import TrainConfig


def base_model_tokens(train: TrainConfig, models: Path) -> list[str]:
    """Special and other added control tokens of `train.base_model`; none where its files aren't here. `models` is `<data root>/models`."""
    for folder in _folders(train.base_model, models):
        try:
            added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
            return [token["content"] for token in added if token["special"] or is_control(token["content"])]
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return []


def _folders(name: str, models: Path) -> Iterator[Path]:
    yield models / "base" / name
    yield Path(name).expanduser()
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    yield from sorted((hub / f"models--{name.replace('/', '--')}" / "snapshots").glob("*"))
