"""The memory plan of a project: its model, its settings, and the lengths of its own samples once they are rendered."""

from typing import Any

from assets.resources.cache_keys import places
from assets.resources.foundry import Foundry
from pipeline.common.files import is_whole_parquet, read_parquet
from pipeline.training.advice import Advice, advise
from pipeline.training.base_config import shape_of
from pipeline.training.hardware import Target, target_of

LENGTHS = ["split", "status", "prompt_tokens", "completion_tokens", "prompt"]


def lengths_of(foundry: Foundry) -> list[dict[str, Any]]:
    """Token counts and prompts of the rendered examples; none before anything was rendered under these settings."""
    if foundry.lake.current() is None:
        return []
    examples = places(foundry).examples
    return read_parquet(examples).select(LENGTHS).to_pylist() if is_whole_parquet(examples) else []


def advice_for(foundry: Foundry, target: Target | None = None) -> Advice:
    """The plan for a target, or for where training would run. Raises UnknownShapeError and ConfigError, see `shape_of`."""
    train, config = foundry.config.train, foundry.config
    where = target or target_of(train)
    return advise(shape_of(train), train, config.render, where, lengths_of(foundry), config.evaluate.batch_tokens)
