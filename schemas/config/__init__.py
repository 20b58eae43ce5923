"""The configuration: frozen pydantic models, a module a block, every field with its default, range and the reason for it.

Unknown keys are errors, and `load_config` reports every error of a file at once. A stage imports the module of its own block
(`schemas.config.dedup`), so that what it computes hangs on no other block.
"""

import os
import re
import reprlib
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, Field, PrivateAttr, ValidationError, field_validator, model_validator

from schemas.config.base import PROJECT_ROOT, Strict
from schemas.config.dedup import DedupConfig
from schemas.config.evaluate import EvaluateConfig
from schemas.config.evidence import EvidenceConfig
from schemas.config.guard import GuardConfig
from schemas.config.quality import QualityConfig
from schemas.config.refresh import RefreshConfig
from schemas.config.render import RenderConfig
from schemas.config.sources import SourceConfig
from schemas.config.split import SplitConfig
from schemas.config.study import StudyConfig
from schemas.config.train import TrainConfig
from schemas.config.yaml_file import read_yaml
from schemas.errors import ConfigError

ENVIRONMENT = re.compile(r"\$\{(\w+)(?::-((?:[^}$]|\$(?!\{))*))?\}")
ERRORS_SHOWN = 20
# What an error quotes is cut while it is written, since the repr of a whole value can be of any size.
QUOTED = reprlib.Repr()
QUOTED.maxstring = QUOTED.maxother = 120


class Config(Strict):
    """A whole pipeline: `dataset` and one source with name and path are enough."""

    dataset: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the dataset: its folder in the lake")
    root: str = Field(
        ".",
        max_length=4096,
        description="where relative source paths start, itself relative to this file's folder; ${NAME:-default} is expanded here alone",
    )
    sources: list[SourceConfig] = Field(min_length=1, description="where raw questions come from")
    dedup: DedupConfig = DedupConfig()
    quality: QualityConfig = QualityConfig()
    split: SplitConfig = SplitConfig()
    guard: GuardConfig = GuardConfig()
    render: RenderConfig = RenderConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    study: StudyConfig = StudyConfig()
    refresh: RefreshConfig = RefreshConfig()
    _folder: Path = PrivateAttr(PROJECT_ROOT)
    keep_versions: int = Field(10, ge=1, description="published versions kept besides those that an adapter's manifest names")
    keep_hours: float = Field(1.0, ge=0, description="hours for which a version that was replaced stays whole, for readers at work")

    @field_validator("root")
    @classmethod
    def _can_be_expanded(cls, value: str) -> str:
        expand(value)
        return value

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"source name {twice[0]!r} is used twice")
        return self

    @model_validator(mode="after")
    def _headline_can_be_asked(self) -> Self:
        asked = [source.name for source in self.sources if source.role == "train"]
        named = [] if self.evaluate.headline == "all" else self.evaluate.headline
        if unknown := [name for name in named if name not in asked]:
            known = ", ".join(asked[:20]) + (f" and {len(asked) - 20} more" if len(asked) > 20 else "")
            raise ValueError(
                f"evaluate.headline names {QUOTED.repr(unknown[0])}, which is no source that questions are held out of; "
                f"known are: {known or 'none'}"
            )
        return self

    def model_post_init(self, context: Any) -> None:
        """Takes the folder of the configuration's file from the context of the validation."""
        if context:
            self._folder = context["folder"]

    @property
    def folder(self) -> Path:
        """Where its file lies; the project's root for one that was made without a file."""
        return self._folder

    @property
    def root_path(self) -> Path:
        """Where `root` is on this machine, environment variables expanded: a path to read by, never to write down or show, since
        what an environment holds may be secret. Raises ConfigError."""
        try:
            return (self._folder / expand(self.root)).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            why = str(error) if isinstance(error, ValueError) else "a link in it leads back to itself, or it is too long"
            raise ConfigError(f"root {QUOTED.repr(self.root)} is no path that can be followed: {why}") from None

    def curation(self) -> dict[str, Any]:
        """The part of the configuration that decides the dataset: no paths, no training blocks."""
        sources = [s.model_dump(mode="json", exclude={"path", "licence"}) for s in self.sources]
        return {"sources": sources, **self.model_dump(mode="json", include={"dataset", "dedup", "quality", "split"})}


def expand(root: str) -> str:
    """A root with its environment variables. Raises ValueError, which names the variable, where one is not set and has no default.

    >>> expand("${MCQ_NOWHERE:-../questions}/raw")
    '../questions/raw'
    """

    def replace(match: re.Match[str]) -> str:
        found = os.environ.get(match[1]) or match[2]
        if found is None:
            raise ValueError(f"environment variable {match[1]} is not set and has no default; write ${{{match[1]}:-DEFAULT}}")
        return found

    return ENVIRONMENT.sub(replace, root)


def load_config(path: Path) -> Config:
    """Reads a YAML file. Raises ConfigError, and nothing else, that lists the mistakes with their place in the file and the values
    allowed."""
    try:
        data = read_yaml(path)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no configuration file {path}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} can't be read as YAML: {str(error)[:1000]}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds {type(data).__name__}, expected a mapping that begins with `dataset:` and `sources:`")
    try:
        return Config.model_validate(data, context={"folder": path.absolute().parent})
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors(include_url=False, include_context=False)]
        more = [f"and {len(lines) - ERRORS_SHOWN} more"] if len(lines) > ERRORS_SHOWN else []
        shown = "\n".join(f"  {line}" for line in lines[:ERRORS_SHOWN] + more)
        raise ConfigError(f"{path} has {len(lines)} error{'s' if len(lines) > 1 else ''}:\n{shown}") from error


def _explain(item: Any) -> str:
    where = ".".join(str(part)[:60] for part in item["loc"]) or "(whole file)"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key; allowed here: {', '.join(_keys_at(item['loc'][:-1]))}"
    if item["type"] == "missing":
        return f"{where}: is required"
    message = item["msg"].removeprefix("Value error, ")
    return f"{where}: {message[:400]}; found {QUOTED.repr(item['input'])}"


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
