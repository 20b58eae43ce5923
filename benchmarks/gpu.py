"""What only a GPU can show, in one run of minutes: `python -m benchmarks.gpu` (nothing is downloaded).

A model of Llama-3.1-8B's shape with random NF4 weights computes in fp16, as a T4 does, on a GPU capped at a T4's memory: 20 steps with a census
of number types, skipped steps, the largest activation, peak memory and tokens a second. Then a run with paged 8-bit AdamW is stopped half-way
and continued, and must end with the same adapter. `--tiny` tries the script itself on any machine.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from bitsandbytes.nn import Linear4bit, Params4bit

from pipeline.common.model import head, nf4
from pipeline.training.dataset import Sample
from pipeline.training.engine import prepare
from pipeline.training.history import History
from pipeline.training.loop import LabelTrainer, arguments
from pipeline.training.permutation import Permutations
from schemas.config.train import LINEAR_KINDS, TrainConfig

LLAMA_8B = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8}
LLAMA_8B |= {"vocab_size": 128_256, "max_position_embeddings": 4096, "tie_word_embeddings": False}
TINY = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 512,
}
T4_GIB = 14.74


def main() -> None:
    """Prints one JSON object a part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a model of two small layers, on whatever device there is")
    parser.add_argument("--tokens", type=int, default=256, help="of a sample")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--recompute", action="store_true", help="activations are computed again instead of kept")
    options = parser.parse_args()
    if not torch.cuda.is_available() and not options.tiny:
        print("gpu.py: nothing was measured: torch sees no GPU here", file=sys.stderr)
        return
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(min(T4_GIB * 2**30 / torch.cuda.get_device_properties(0).total_memory, 1.0))
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    print(json.dumps({"part": "certificate", **certificate(options, device, dtype)}))
    print(json.dumps({"part": "resume", **resume(options, device, dtype)}))


def random_model(shape: dict[str, int], device: torch.device, dtype: torch.dtype) -> Any:
    """A Llama of this shape with random weights, its linear layers NF4: made layer by layer, so that no more than one is ever whole."""
    config = transformers.LlamaConfig(**shape)
    with torch.device("meta"):
        model = transformers.LlamaForCausalLM(config)
    generator = torch.Generator(device).manual_seed(0)

    def drawn(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns, generator=generator, device=device, dtype=torch.float32).mul_(0.02).to(dtype)

    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and name != "lm_head":
            layer = Linear4bit(module.in_features, module.out_features, bias=False, compute_dtype=dtype, quant_type="nf4", device="meta")
            weight = drawn(module.out_features, module.in_features)
            layer.weight = Params4bit(weight, requires_grad=False, quant_type="nf4", compress_statistics=True).to(device)
            parent, _, kind = name.rpartition(".")
            setattr(model.get_submodule(parent), kind, layer)
        elif isinstance(module, torch.nn.Embedding | torch.nn.Linear):
            module.weight = torch.nn.Parameter(drawn(*module.weight.shape), requires_grad=False)
        elif "norm" in name.rpartition(".")[2]:
            module.weight = torch.nn.Parameter(torch.ones(module.weight.shape, device=device, dtype=dtype), requires_grad=False)
    model.model.rotary_emb = type(model.model.rotary_emb)(config).to(device)
    model.requires_grad_(False)
    nf4.prepare(model)
    head.prove(model.eval(), "a random Llama")
    return model


def trainer(options: argparse.Namespace, device: torch.device, dtype: torch.dtype, folder: str, steps: int) -> Any:
    """A run of `steps` steps as training has it, on samples of random tokens."""
    shape = TINY if options.tiny else LLAMA_8B
    transformers.set_seed(7)
    model = random_model(shape, device, dtype)
    if options.recompute:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules=list(LINEAR_KINDS))
    model = peft.get_peft_model(model, config, autocast_adapter_dtype=True).train()
    model.peft_config["default"].base_model_name_or_path = None
    draw = random.Random(7)
    common = [draw.randrange(shape["vocab_size"]) for _ in range(16)]
    count = steps * options.batch_size
    lengths = [draw.randint(options.tokens // 2, options.tokens) - 16 for _ in range(count)]
    samples = [
        Sample(i, str(i), common + draw.choices(range(shape["vocab_size"]), k=n), draw.choices(range(500), k=5))
        for i, n in enumerate(lengths)
    ]
    prepare(model, max(map(len, samples)))
    train = TrainConfig(base_model="random", epochs=1, batch_size=options.batch_size, save_steps=max(steps // 2, 1))
    settings = arguments(train, Path(folder), count, device, dtype)
    return LabelTrainer(History(count), Permutations.fixed(samples), model=model, args=settings)


def certificate(options: argparse.Namespace, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """20 steps: number types, skipped steps, largest activation, memory and speed."""
    with tempfile.TemporaryDirectory() as folder:
        run = trainer(options, device, dtype, folder, 20)
        largest: dict[str, float] = {}

        def watch(name: str) -> Any:
            def note(_module: Any, _inputs: Any, outcome: Any) -> None:
                largest[name] = max(largest.get(name, 0.0), float(outcome.detach().abs().max()))

            return note

        handles = [module.register_forward_hook(watch(name)) for name, module in run.model.named_modules() if name.endswith("_proj")]
        skipped: list[int] = []

        class Count(transformers.TrainerCallback):  # type: ignore[misc]
            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                skipped.append(int(run.accelerator.optimizer_step_was_skipped))
                if state.global_step == 10:  # the second half is timed without watching
                    for handle in handles:
                        handle.remove()
                    self.began, self.seen = time.perf_counter(), run.history.samples_seen

        count = Count()
        run.add_callback(count)
        run.train()
        seconds = time.perf_counter() - count.began
        tokens = sum(map(len, run.samples.samples)) / len(run.samples) * (run.history.samples_seen - count.seen)
        loudest = max(largest, key=lambda name: largest[name])
        return {
            "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
            "parameters": dict(Counter(f"{str(p.dtype)[6:]}{', trained' if p.requires_grad else ''}" for p in run.model.parameters())),
            "skipped_steps": sum(skipped),
            "largest_activation": {loudest: largest[loudest]},
            "losses": [run.state.log_history[0]["loss"], run.state.log_history[-2]["loss"]],
            "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device.type == "cuda" else None,
            "tokens_a_second": round(tokens / seconds, 1),
        }


def resume(options: argparse.Namespace, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Six steps in one go, and six with a fresh start from the checkpoint after the third."""
    with tempfile.TemporaryDirectory() as folder:
        whole = trainer(options, device, dtype, folder, 6)
        whole.train()
        first = weights_hash(whole.model)
        del whole
        if device.type == "cuda":
            torch.cuda.empty_cache()
        continued = trainer(options, device, dtype, folder, 6)
        continued.train(resume_from_checkpoint=str(Path(folder) / "checkpoint-3"))
        return {"optimiser": type(continued.optimizer.optimizer).__name__, "equal": weights_hash(continued.model) == first}


def weights_hash(model: Any) -> str:
    """Of the trained weights, to the last bit."""
    digest = hashlib.sha256()
    for parameter in model.parameters():
        if parameter.requires_grad:
            digest.update(parameter.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
