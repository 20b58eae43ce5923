"""What a base model says of itself before any weight is there: its `config.json`, from a folder, the hub's cache, or the hub.

Of a hub only files of some kilobytes are asked for. Imports no torch.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.common.model.tracking import require_tracker
from pipeline.training.known_models import known_config
from pipeline.training.shapes import ModelShape, UnknownShapeError, read_shape
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError

CONFIG, TOKENIZER, TEMPLATE = "config.json", "tokenizer_config.json", "chat_template.jinja"
DEMO_MODEL = "smollm2-135m"
CURES = "name a local folder, or `base_model: smollm2-135m`"


def is_folder_name(name: str) -> bool:
    """Whether a base model's name means a folder; else it is a hub's.

    >>> is_folder_name("./my-model"), is_folder_name("Qwen/Qwen3-4B")
    (True, False)
    """
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or Path(name).expanduser().is_dir()


def shape_of(train: TrainConfig) -> ModelShape:
    """The shape of the configured base model: its folder's, the hub cache's, else that of the known model of this name, else the hub's.

    Raises UnknownShapeError for a family that can't be planned, and ConfigError for a model that isn't there.
    """
    name = train.base_model
    if is_folder_name(name):
        return read_shape(_folder_config(name), name)
    found = None if name == DEMO_MODEL else _hub_file(train, CONFIG, local=True)
    if found is not None:
        return read_shape(_json(found, name), name)
    known = known_config(name)
    return read_shape(known if known is not None else _json(_asked(train, CONFIG), name), name)


def refuse_early(train: TrainConfig) -> None:
    """Raises ConfigError for a base model that can't be trained, before a byte of its weights is downloaded or a step is run, and
    MissingExtraError for a tracker that isn't installed.

    Not there, gated, without safetensors or chat template, another family than `target_modules` is written for. A model of a family that
    isn't planned passes: training itself tells.
    """
    require_tracker(train)
    name = train.base_model
    if name == DEMO_MODEL:
        return
    folder = Path(name).expanduser() if is_folder_name(name) else None
    config = _json(_asked(train, CONFIG), name) if folder is None else _folder_config(name)
    if folder is not None and not any(folder.glob("*.safetensors")):
        raise ConfigError(
            f"train.base_model {name!r} holds no *.safetensors file; save the model in that format (pickles are never loaded)"
        )

    def small_file(file: str) -> Path | None:
        if folder is None:
            return _hub_file(train, file)
        return folder / file if (folder / file).is_file() else None

    with suppress(UnknownShapeError):
        read_shape(config, name).targets(list(train.target_modules))
    if small_file(TEMPLATE) is None:
        tokenizer = small_file(TOKENIZER)
        if tokenizer is None or not _json(tokenizer, name).get("chat_template"):
            raise ConfigError(
                f"base model {name!r} has no chat template ({TEMPLATE}, or `chat_template` in {TOKENIZER}); name an instruct model"
            )


def _folder_config(name: str) -> dict[str, Any]:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"train.base_model {name!r} looks like a folder and there is none; found from {Path.cwd()}; {CURES}")
    if not (folder / CONFIG).is_file():
        raise ConfigError(f"train.base_model {name!r} holds no {CONFIG}; expected a saved model's folder")
    return _json(folder / CONFIG, name)


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path.name} of base model {name!r} can't be read: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path.name} of base model {name!r} holds {type(found).__name__}, expected an object")
    return found


def _hub_file(train: TrainConfig, file: str, local: bool = False) -> Path | None:
    """A small file of a hub's repository, or None where the repository (or, `local`, the cache) has no such file."""
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
    except ModuleNotFoundError:
        return None
    try:
        return Path(hf_hub_download(train.base_model, file, revision=train.revision, local_files_only=local or _offline()))
    except (EntryNotFoundError, HfHubHTTPError, OSError, ValueError):
        return None


def _asked(train: TrainConfig, file: str) -> Path:
    """The same; raises ConfigError where it can't be had, with the reason."""
    name, at = train.base_model, f"{train.base_model!r} at revision {train.revision!r}"
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            GatedRepoError,
            HFValidationError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ModuleNotFoundError as error:
        raise ConfigError(f"base model {name!r} is on a hub, which can't be asked: run pip install 'mcq-foundry[train]'") from error
    try:
        return Path(hf_hub_download(name, file, revision=train.revision, local_files_only=_offline()))
    except GatedRepoError as error:
        raise ConfigError(f"base model {at} is gated: accept its licence on the hub with your account, then set HF_TOKEN") from error
    except RepositoryNotFoundError as error:
        raise ConfigError(f"base model {name!r} is not on the hub (or private: set HF_TOKEN); check its name, {CURES}") from error
    except RevisionNotFoundError as error:
        raise ConfigError(f"base model {name!r} has no revision {train.revision!r}; set train.revision: main or a commit hash") from error
    except HFValidationError as error:
        raise ConfigError(f"train.base_model {name!r} is no hub name ({error}); {CURES}") from error
    except LocalEntryNotFoundError as error:
        why = "HF_HUB_OFFLINE is set: unset it" if _offline() else "the hub can't be reached: check the network"
        raise ConfigError(f"base model {at} is not on this machine, and {why}, {CURES}") from error
    except EntryNotFoundError as error:
        raise ConfigError(f"base model {at} has no {file}; expected a model that transformers loads") from error
    except OSError as error:
        raise ConfigError(f"base model {at} can't be asked for on the hub: {error}; {CURES}") from error


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
