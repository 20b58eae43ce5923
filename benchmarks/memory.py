"""Holds the memory plan against measured peaks: `python -m benchmarks.memory [--device cuda] [--only NAME ...] [--dtype float32]`.

One real step (the one that every training takes first, `pipeline/training/probe.py`) of random models, each in a process of its own. On a CPU
the peak is the resident size of the process, with every tensor given back to the system as soon as it is freed (glibc's MALLOC_ settings);
on a GPU what torch's allocator counts, capped at a T4's 14.74 GiB. Random weights take the memory of trained ones.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.training.hardware import Target, target_of
from pipeline.training.known_models import known_config
from pipeline.training.shapes import read_shape
from pipeline.training.vram import Workload, plan_memory, request_of
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import TrainConfig

T4_GIB = 14.74
LABELLED = 4
# Of a sample's tokens, what all samples begin with: about what system prompt and template are.
PREFIX = 4
# A shape, and batches that fit a pass and that don't: samples, tokens a sample.
SHAPES: dict[str, tuple[dict[str, Any], list[tuple[int, int]]]] = {
    "SmolLM2-135M": (known_config("smollm2-135m") or {}, [(2, 128), (10, 128)]),
    "Llama, 166M, 8 layers": (
        {
            "model_type": "llama",
            "hidden_size": 1024,
            "num_hidden_layers": 8,
            "intermediate_size": 2816,
            "vocab_size": 32000,
            "num_attention_heads": 16,
            "num_key_value_heads": 4,
        },
        [(4, 128), (10, 128)],
    ),
    "Qwen2, 148M, 8 layers": (
        {
            "model_type": "qwen2",
            "hidden_size": 896,
            "num_hidden_layers": 8,
            "intermediate_size": 4864,
            "vocab_size": 32000,
            "num_attention_heads": 14,
            "num_key_value_heads": 2,
            "tie_word_embeddings": True,
        },
        [(4, 128), (2, 640)],
    ),
}
GPU_SHAPES = {"Qwen2.5-1.5B": (known_config("qwen2.5-1.5b") or {}, [(4, 512)]), "Qwen3-4B": (known_config("qwen3-4b") or {}, [(4, 512)])}
METHODS = ("qlora", "lora", "dora", "full")
# Every tensor above 16 KiB is a mapping of its own, which goes back to the system when it is freed.
EXACT = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1", "MKL_DISABLE_FAST_MM": "1"}


def save_random(config: dict[str, Any], folder: Path) -> None:
    """A random model of a shape, as a folder that a training can name."""
    import torch
    import transformers

    settings = {**config, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    made = transformers.AutoConfig.for_model(**settings)
    transformers.AutoModelForCausalLM.from_config(made, dtype=torch.bfloat16).save_pretrained(folder)


def measure(folder: Path, device: str, method: str, batch: int, tokens: int, dtype: str) -> list[dict[str, Any]]:
    """Planned and measured bytes of a step, with and without checkpointing; `fits` of the machine plays no part.

    `dtype`: torch's name of the type to compute in, or `native`.
    """
    import torch

    from pipeline.common.model import base_model
    from pipeline.training import engine, lora, policy
    from pipeline.training.dataset import Sample
    from pipeline.training.history import History
    from pipeline.training.loop import LabelTrainer, arguments
    from pipeline.training.permutation import Permutations
    from pipeline.training.probe import probe

    if device == "cuda":
        total = torch.cuda.get_device_properties(0).total_memory / 2**30
        torch.cuda.set_per_process_memory_fraction(min(T4_GIB / total, 1.0))
    if dtype != "native":
        base_model.compute_dtype = lambda _: getattr(torch, dtype)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rows = []
    for checkpointing in (False, True):
        train = TrainConfig.model_validate(
            {"base_model": str(folder), "device": device, "method": method, "batch_size": batch, "gradient_checkpointing": checkpointing}
        )
        at = base_model.device_of(train)
        computed = base_model.compute_dtype(at)
        if method == "full":
            model = lora.build_full(train, folder, at)
        else:
            model = lora.build(train, folder, at, policy.resolve(train.policy, train.rank, config["hidden_size"]))
        engine.prepare(model, tokens)
        prefix = tokens // PREFIX
        samples = [Sample(i, str(i), [5] * prefix + [6 + i] * (tokens - prefix - LABELLED), [7] * LABELLED) for i in range(batch)]
        short = [Sample(i, str(i), [5 + i] * 8, [7] * LABELLED) for i in range(batch)]
        settings = arguments(train, folder / "checkpoints", batch, at, computed)
        trainer = LabelTrainer(History(batch), Permutations.fixed(samples), model=model, args=settings)
        probe(trainer, short)  # what libraries set up once is no part of a step
        found = probe(trainer, samples)
        target = target_of(train)
        # Measured is what is in use, not what the allocator holds besides.
        exact = Target(target.name, target.capacity_gib, computed.itemsize, target.autocast, target.shares_keys, 0.0, 1.0)
        shape, workload = read_shape(config, folder.name), Workload(tokens, (LABELLED,) * batch, 0, prefix=prefix)
        plan = plan_memory(shape, request_of(shape, train, exact), workload, exact)
        weights = sum(tensor.untyped_storage().nbytes() for tensor in _storages(model))
        rows.append(
            {
                "checkpointing": checkpointing,
                "planned_step": plan.step_gib,
                "measured_step": (found.added_bytes or 0) / 2**30,
                "planned_standing": plan.standing_gib,
                "measured_standing": weights / 2**30,
                "moment": plan.moment,
                "on": f"{base_model_name(at)}, {str(computed).removeprefix('torch.')}",
            }
        )
        del trainer, model, found
    return rows


def base_model_name(device: Any) -> str:
    """The device, for the table's caption."""
    from pipeline.common.model.environment import device_name

    return device_name(device)


def _storages(model: Any) -> list[Any]:
    found = {parameter.untyped_storage().data_ptr(): parameter for parameter in model.parameters()}
    for module in model.modules():
        state = getattr(getattr(module, "weight", None), "quant_state", None)
        if state is not None:
            found |= {tensor.untyped_storage().data_ptr(): tensor for tensor in (state.absmax, state.state2.absmax)}
    return list(found.values())


def main() -> None:
    """Prints the table of docs/memory.md, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--only", nargs="*", help="names of shapes")
    parser.add_argument("--methods", nargs="*", default=METHODS, choices=METHODS)
    parser.add_argument("--dtype", default="native", help="compute in this type of torch's instead of the machine's own")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(Path(options.case.split("|")[0]), *_case(options.case))))
        return
    shapes = {**SHAPES, **(GPU_SHAPES if options.device == "cuda" else {})}
    print("| model | batch x tokens | method | checkpointing | step, GiB: planned / measured | off by |")
    print("|---|---|---|---|---|---|", flush=True)
    named = ""
    for name, (config, batches) in shapes.items():
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            save_random(config, Path(folder))
            for (batch, tokens), method in itertools.product(batches, options.methods):
                case = "|".join((folder, options.device, method, str(batch), str(tokens), options.dtype))
                for row in run_case(case):
                    named = row["on"]
                    print(as_line(name, batch, tokens, method, row), flush=True)
    print(f"\nOn {named}.")


def _case(text: str) -> tuple[str, str, int, int, str]:
    _, device, method, batch, tokens, dtype = text.split("|")
    return device, method, int(batch), int(tokens), dtype


def run_case(case: str) -> list[dict[str, Any]]:
    """Measures one case in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--case", case]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env={**os.environ, **EXACT}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{case}: {done.stderr[-2000:]}")
    rows: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return rows


def as_line(name: str, batch: int, tokens: int, method: str, row: dict[str, Any]) -> str:
    """One row of the table."""
    off = row["planned_step"] / row["measured_step"] - 1 if row["measured_step"] else float("nan")
    step = f"{row['planned_step']:.3f} / {row['measured_step']:.3f}"
    return f"| {name} | {batch} x {tokens} | {method} | {'yes' if row['checkpointing'] else 'no'} | {step} | {off:+.1%} |"


if __name__ == "__main__":
    main()
