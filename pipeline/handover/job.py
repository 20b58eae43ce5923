"""What a child process that hands an adapter over is told, what it tells, and the adapter that it is about. Imports no torch."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import ValidationError

from pipeline.common.prompt import Style
from pipeline.common.store.run_files import MANIFEST
from pipeline.common.store.runs import adapter_damage, read_manifest
from pipeline.evaluation.job import EvaluationJob
from schemas.config.evaluate import EvaluateConfig
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig
from schemas.errors import DataError, PipelineError

MERGE = "merge.json"
"""How a merged model was made, and how it compares with what was trained; written when its check has passed."""
Dtype = Literal["float16", "bfloat16"]
Onto = Literal["trained", "original"]
"""Of QLoRA and DoRA: the base's weights as they were trained on, rounded to NF4, or as its publisher gives them."""


class PredictJob(EvaluationJob):
    """`questions` is the working file, in `output`; `mode` what is scored."""

    mode: Style


class MergeJob(EvaluationJob):
    """`output` is the folder of the merged model, `questions` what it is checked on; `agree` the share of equal choices asked for (0-1)."""

    weights: Dtype
    onto: Onto
    agree: float
    max_questions: int | None


AnyJob = TypeVar("AnyJob", bound=EvaluationJob)


class Adapter(NamedTuple):
    """A finished adapter, as its folder tells of it."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration that it was trained under."""
        config: dict[str, Any] = self.manifest["config"]
        return config

    def under(self, **train: str | None) -> dict[str, Any]:
        """That configuration with these settings of `train` in place of its own, where they are given."""
        return self.config | {"train": self.config["train"] | {name: value for name, value in train.items() if value is not None}}

    def facts(self, config: Mapping[str, Any], output: Path, questions: Path, models: Path) -> dict[str, Any]:
        """What every job about it is told."""
        places = {"questions": questions, "examples": questions, "output": output, "models": models, "adapter": self.folder}
        facts = {"dataset_version": self.manifest["dataset_version"], "run_id": output.name, "config": config}
        return facts | {name: str(path) for name, path in places.items()}


def open_adapter(folder: Path) -> Adapter:
    """Raises DataError for a folder that holds no finished adapter of this code, or a damaged one."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; name an adapter's, as in data/models/DATASET/adapters/ID (`mcq run` ends with it)")
    manifest = read_manifest(folder)
    if manifest is None:
        begun = (folder / "job.json").is_file()
        why = "its training hasn't ended: run the same `mcq run` again, which resumes it" if begun else "name one that has a manifest"
        raise DataError(f"{folder} holds no finished adapter (no {MANIFEST} that can be read); {why}")
    if (damage := adapter_damage(folder)) is not None:
        raise DataError(f"the adapter is damaged: {damage}; copy the folder again, or train it again")
    try:
        for block, model in (("train", TrainConfig), ("render", RenderConfig), ("evaluate", EvaluateConfig)):
            model.model_validate(manifest["config"][block])
    except (KeyError, TypeError, ValidationError) as error:
        raise DataError(
            f"{folder / MANIFEST} holds a configuration that this version can't read: {error}; use the one that trained it"
        ) from error
    return Adapter(folder, manifest)


def tell(**line: Any) -> None:
    """Says to the parent what happens, as a JSON line on stdout."""
    print(json.dumps(line), flush=True)


def telling(main: Callable[[AnyJob], None]) -> Callable[[AnyJob], None]:
    """The same, but why it ends goes to the parent too: on a full disk no file could."""

    def told(job: AnyJob) -> None:
        try:
            main(job)
        except PipelineError as error:
            tell(error=str(error))
            raise

    return told
