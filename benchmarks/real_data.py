"""The real data that benchmarks measure. It lies beside the project and is no part of it, so it may be absent."""

import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.ingest.files import source_files
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError

CONFIGS = ("vnhsge", "opentriviaqa", "mmlu_redux")


def merged(paths: Iterable[Path]) -> Config:
    """One configuration over the sources of several, which share a root."""
    configs = [load_config(path) for path in paths]
    return configs[0].model_copy(update={"dataset": "bench", "sources": [source for config in configs for source in config.sources]})


def real_config() -> Config:
    """The sources of CONFIGS. Where one is absent the process ends: a line on stderr, and exit code 0, since nothing is wrong."""
    config = merged(PROJECT_ROOT / "configs" / f"{name}.yaml" for name in CONFIGS)
    try:
        for source in config.sources:
            source_files(config, source)
    except ConfigError as error:
        not_measured(f"raw questions of {', '.join(CONFIGS)} (docs/data-notes.md tells of them): {error}")
        raise SystemExit(0) from error
    return config


def not_measured(what: str) -> None:
    """Tells on stderr what a benchmark leaves out."""
    print(f"{Path(sys.argv[0]).name}: nothing was measured on the {what}", file=sys.stderr)
