"""A merged model as GGUF, by llama.cpp's own converter: it knows the architectures, and is no package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.common.files import replacing
from schemas.errors import DataError

CONVERTER = "convert_hf_to_gguf.py"
ENVIRONMENT = "LLAMA_CPP"
OUT_TYPES = {"float16": "f16", "bfloat16": "bf16"}


def find_converter() -> Path:
    """Where it is: in the folder that LLAMA_CPP names, else on the PATH. Raises DataError with how to get it."""
    if folder := os.environ.get(ENVIRONMENT):
        found = Path(folder).expanduser() / CONVERTER
        if not found.is_file():
            raise DataError(f"{ENVIRONMENT} names {folder}, and {CONVERTER} isn't there; name a checkout of llama.cpp")
        return found
    if on_path := shutil.which(CONVERTER):
        return Path(on_path)
    raise DataError(
        f"--gguf needs llama.cpp's {CONVERTER}, which is neither in a folder that {ENVIRONMENT} names nor on the PATH. Get it by "
        f"`git clone https://github.com/ggml-org/llama.cpp`, set {ENVIRONMENT} to that folder, and give the command again"
    )


def convert(converter: Path, folder: Path, dtype: str, target: Path) -> None:
    """Writes the model in `folder` to `target`, whole or not at all. Raises DataError with the converter's last words."""
    with replacing(target) as aside:
        command = [sys.executable, str(converter), str(folder), "--outfile", str(aside), "--outtype", OUT_TYPES[dtype]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False)
        with aside.open("rb") as stream:
            is_whole = done.returncode == 0 and stream.read(4) == b"GGUF"
        if not is_whole:
            last = "\n".join(done.stdout.strip().splitlines()[-5:])
            raise DataError(
                f"{converter} made no GGUF of {folder} (exit code {done.returncode}); the merged model is whole without it. "
                f"It said:\n{last}"
            )
