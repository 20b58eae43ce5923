"""The configuration: frozen pydantic models, one a stage, every field with its default, range and the reason for it.

Unknown keys are errors, and `load_config` reports every error of a file at once.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.errors import ConfigError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
FIELD_NAMES = ("stem", "options", "answer", "context", "explanation", "id", "subject", "image")


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfig(Strict):
    """One origin of questions: a name, its files and how to read them."""

    name: str = Field(pattern=r"^[a-z0-9_]+$", description="unique; part of every record's identity")
    path: str | list[str] = Field(description="glob or globs below `root`")
    reader: Literal["auto", "json", "jsonl", "csv", "xlsx", "parquet", "blocks", "aiken", "gift", "moodle", "docx", "exam"] = "auto"
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="question part -> column name or dotted path; parts: " + ", ".join(FIELD_NAMES) + ", option_a .. option_j",
    )
    answer_format: Literal["auto", "letter", "index0", "index1", "text"] = "auto"
    language: Literal["vi", "en", "auto"] = "auto"
    role: Literal["train", "benchmark"] = "train"
    licence: str = ""

    @field_validator("fields")
    @classmethod
    def _known_parts(cls, value: dict[str, str]) -> dict[str, str]:
        allowed = {*FIELD_NAMES, *(f"option_{letter}" for letter in "abcdefghij")}
        if unknown := sorted(set(value) - allowed):
            raise ValueError(f"unknown question part {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}")
        return value

    @property
    def patterns(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else list(self.path)

    @field_validator("path")
    @classmethod
    def _inside_root(cls, value: str | list[str]) -> str | list[str]:
        patterns = [value] if isinstance(value, str) else value
        if not patterns or not all(patterns):
            raise ValueError("at least one glob is needed")
        if outside := [p for p in patterns if ".." in Path(p).parts]:
            raise ValueError(f"{outside[0]!r} leaves the root; set `root:` to a folder that holds all sources instead")
        return value


class DedupConfig(Strict):
    """MinHash LSH finds candidates; verification decides. Defaults from a measurement on 56,813 real questions:
    recall of true pairs .995 at 33,286 candidate pairs."""

    permutations: int = Field(256, ge=16, le=1024, description="MinHash signature length")
    bands: int = Field(51, ge=1, description="LSH bands")
    rows: int = Field(5, ge=1, description="rows a band; bands x rows must fit in permutations")
    seed: int = 1
    drop_variants: bool = Field(False, description="also drop reworded questions; by default they stay, in one split group")

    @model_validator(mode="after")
    def _bands_fit(self) -> Self:
        if self.bands * self.rows > self.permutations:
            raise ValueError(f"bands x rows = {self.bands * self.rows} exceeds permutations = {self.permutations}")
        return self


class QualityConfig(Strict):
    """Score = 1 minus the summed penalties of the signals that fire (pipeline/signals, docs/quality.md), 0-1, high = good."""

    min_score: float = Field(
        0.5,
        ge=0,
        le=1,
        description="questions under it are filtered; how many that takes: docs/quality.md",
    )
    model: str | None = Field(
        None,
        description="causal language model for two more signals, named as train.base_model is; null: none. "
        "A 135M model can't see wrong keys (AUROC 0.49 on MMLU-Redux), so it is off",
    )
    revision: str = "main"
    quantised: bool = Field(False, description="NF4: a 7B then fits a T4")
    batch_tokens: int = Field(2048, ge=64, description="tokens a forward pass, padding included")


class SplitConfig(Strict):
    """`hash` keeps a question's split when others come or go; `quota` is exact, for tiny sets, and not stable."""

    method: Literal["hash", "quota"] = "hash"
    train: float = Field(0.8, ge=0, le=1)
    validation: float = Field(0.1, ge=0, le=1)
    test: float = Field(0.1, ge=0, le=1)
    seed: int = 7

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train + validation + test = {total:g}, expected 1")
        return self


class RenderConfig(Strict):
    """The one prompt that training and evaluation share."""

    style: Literal["cloze", "letter"] = Field(
        "letter",
        description="letter: options listed, answer is the letter (a 7B learns it); "
        "cloze: question alone, answer is the option's text (a 135M learns it)",
    )
    system_prompt: str = "You answer multiple-choice questions. Reply with the answer only."
    max_seq_tokens: int = Field(
        1024, ge=32, le=131072, description="longer samples keep their split and are recorded as not_trained: too_long"
    )


class RankPolicy(Strict):
    """How alpha follows from the rank. `sqrt_hidden`: alpha = sqrt(hidden size) with rsLoRA's alpha/sqrt(r) scale (arXiv 2312.03732)."""

    name: Literal["twice_rank", "fixed", "sqrt_hidden"] = "twice_rank"
    alpha: float | None = Field(None, gt=0, description="for `fixed` only")

    @model_validator(mode="after")
    def _alpha_belongs_to_fixed(self) -> Self:
        if (self.name == "fixed") != (self.alpha is not None):
            raise ValueError("`alpha` is needed with policy `fixed`, and with no other")
        return self


LINEAR_KINDS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class TrainConfig(Strict):
    """QLoRA (arXiv 2305.14314) by default: NF4, double quantisation, every linear layer."""

    base_model: str = Field("smollm2-135m", description="`smollm2-135m` (ships with the demo-model extra), a folder, or a hub name")
    revision: str = "main"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    method: Literal["lora", "qlora", "dora"] = "qlora"
    rank: int = Field(16, ge=1, le=512)
    policy: RankPolicy = RankPolicy()
    target_modules: list[str] = Field(default_factory=lambda: list(LINEAR_KINDS))
    dropout: float = Field(0.0, ge=0, lt=1)
    epochs: float = Field(3, gt=0)
    learning_rate: float = Field(2e-4, gt=0)
    batch_size: int = Field(8, ge=1)
    gradient_accumulation: int = Field(1, ge=1)
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    gradient_checkpointing: bool | None = Field(None, description="recompute activations to save memory; null: on a GPU only")
    save_steps: int = Field(20, ge=1, description="a checkpoint every so many optimiser steps; an interrupted run resumes from the last")
    seed: int = 7
    gpu_memory_gib: float | None = Field(None, gt=0, description="memory to plan for; default: what the GPU reports, 14.0 usable on a T4")


class EvaluateConfig(Strict):
    """Base against adapter on the same held-out questions."""

    modes: list[Literal["letter", "cloze"]] = Field(["cloze", "letter"], min_length=1)
    primary: Literal["letter", "cloze"] = Field("letter", description="the mode that the verdict is given on")
    split: Literal["test", "validation"] = "test"
    batch_tokens: int = Field(2048, ge=64, description="tokens a forward pass, padding included")
    max_questions: int | None = Field(None, ge=1, description="a seeded sample of so many; default all")
    min_groups: int = Field(30, ge=1, description="under so many independent groups no verdict is given")

    @model_validator(mode="after")
    def _primary_is_a_mode(self) -> Self:
        if self.primary not in self.modes:
            raise ValueError(f"primary {self.primary!r} is not among modes {self.modes}")
        return self


class Config(Strict):
    """A whole pipeline: `dataset` and one source with name and path are enough."""

    dataset: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    root: str = Field(".", description="where relative source paths start; ${NAME:-default} is expanded here alone")
    sources: list[SourceConfig] = Field(min_length=1)
    dedup: DedupConfig = DedupConfig()
    quality: QualityConfig = QualityConfig()
    split: SplitConfig = SplitConfig()
    render: RenderConfig = RenderConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    keep_versions: int = Field(10, ge=1, description="published versions kept besides those that an adapter's manifest names")

    @field_validator("root")
    @classmethod
    def _expand(cls, value: str) -> str:
        def replace(match: re.Match[str]) -> str:
            found = os.environ.get(match[1]) or match[2]
            if found is None:
                raise ValueError(f"environment variable {match[1]} is not set and has no default; write ${{{match[1]}:-DEFAULT}}")
            return found

        return ENVIRONMENT.sub(replace, value)

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"source name {twice[0]!r} is used twice")
        return self

    @property
    def root_path(self) -> Path:
        return (PROJECT_ROOT / self.root).resolve()

    def curation(self) -> dict[str, Any]:
        """The part of the configuration that decides the dataset: no paths, no training blocks."""
        sources = [s.model_dump(mode="json", exclude={"path", "licence"}) for s in self.sources]
        return {"sources": sources, **self.model_dump(mode="json", include={"dataset", "dedup", "quality", "split"})}


def load_config(path: Path) -> Config:
    """Reads a YAML file. Raises ConfigError that lists every mistake with its path in the file and the values allowed."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no configuration file {path}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} can't be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds {type(data).__name__}, expected a mapping that begins with `dataset:` and `sources:`")
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors()]
        raise ConfigError(
            f"{path} has {len(lines)} error{'s' if len(lines) > 1 else ''}:\n" + "\n".join(f"  {line}" for line in lines)
        ) from error


def _explain(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "(whole file)"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key; allowed here: {', '.join(_keys_at(item['loc'][:-1]))}"
    if item["type"] == "missing":
        return f"{where}: is required"
    message = item["msg"].removeprefix("Value error, ")
    return f"{where}: {message}; found {item['input']!r}"[:400]


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[str(part)].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
