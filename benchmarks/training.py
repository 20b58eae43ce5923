"""Training speed and memory beside Trainer + PEFT and TRL: `python -m benchmarks.training`.

Every way trains the same adapter (NF4, rank 16, every linear layer) on the same questions, in a process of its own, one after the other and as
often as `--repeat` says. Printed: samples a second (of CPU time on a CPU, so that a neighbour matters less; of wall time on a GPU) and the
peak of memory above that of the loaded model. Peers run as their documentation shows: samples in the given order, batches
padded to their longest, logits of every token; `--order ours` gives them our batches of similar length.
"""

import argparse
import ctypes
import gc
import importlib.util
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import LINEAR_KINDS, TrainConfig
from schemas.errors import ConfigError
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question

WAYS = {
    "ours": "this project",
    "ours_recomputing": "this project, recomputing activations",
    "ours_padded": "this project, padded, PEFT's layers",
    "peft_recomputing": "Trainer + PEFT (`prepare_model_for_kbit_training`)",
    "peft": "Trainer + PEFT, keeping activations",
    "trl_recomputing": "TRL SFTTrainer",
    "trl": "TRL SFTTrainer, keeping activations",
}
BASE = "peft_recomputing"


def main() -> None:
    """Runs every way in a process of its own, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=164)
    parser.add_argument("--source", default="mmlu_redux", help="a configuration in configs/ whose questions are taken")
    parser.add_argument("--style", choices=("letter", "cloze"), default="letter")
    parser.add_argument("--system-prompt", default="Answer the question.")
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto", help="that the frozen layers compute in"
    )
    parser.add_argument("--order", choices=("given", "ours"), default="given", help="of the peers' samples")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--ways", nargs="*", choices=[*WAYS], default=[*WAYS])
    parser.add_argument("--base-model", default="smollm2-135m")
    parser.add_argument("--models", type=Path, default=PROJECT_ROOT / "data" / "models")
    parser.add_argument("--one", choices=[*WAYS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options)))
        return
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in options.ways}
    for _ in range(options.repeat):
        for way in options.ways:
            if way.startswith("trl") and importlib.util.find_spec("trl") is None:
                continue
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.training", *sys.argv[1:], "--one", way], capture_output=True, text=True
            )
            if done.returncode:
                sys.exit(f"{way}: {done.stderr[-3000:]}")
            found[way].append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"{way}: {found[way][-1]}", file=sys.stderr, flush=True)
    print(table(found))


def table(found: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown, each way a row: medians, and ratios to Trainer + PEFT where that was measured.

    >>> run = {"samples_a_second": 1.0, "dynamic_gib": 2.0, "unit": "CPU-second"}
    >>> print(table({"ours": [run | {"samples_a_second": 2.0, "dynamic_gib": 1.0}], "peft_recomputing": [run], "trl": []}))
    | way | samples a CPU-second | dynamic memory, GiB | speed | memory |
    |---|---|---|---|---|
    | this project | 2.00 | 1.00 | 2.00x | 0.50x |
    | Trainer + PEFT (`prepare_model_for_kbit_training`) | 1.00 | 2.00 | 1.00x | 1.00x |
    | TRL SFTTrainer, keeping activations | not installed | | | |
    """

    def median(way: str, key: str) -> float:
        return statistics.median(run[key] for run in found[way])

    unit = next((runs[0]["unit"] for runs in found.values() if runs), "second")
    lines = [f"| way | samples a {unit} | dynamic memory, GiB | speed | memory |", "|---|---|---|---|---|"]
    for way, runs in found.items():
        if not runs:
            lines.append(f"| {WAYS[way]} | not installed | | | |")
            continue
        speed, memory = median(way, "samples_a_second"), median(way, "dynamic_gib")
        ratios = (
            f"{speed / median(BASE, 'samples_a_second'):.2f}x | {memory / median(BASE, 'dynamic_gib'):.2f}x" if found.get(BASE) else " | "
        )
        lines.append(f"| {WAYS[way]} | {speed:.2f} | {memory:.2f} | {ratios} |")
    return "\n".join(lines)


def questions(source: str) -> list[dict[str, Any]]:
    """The question rows of one configuration. Ends the process, with a line on stderr, where its raw files are absent."""
    config = load_config(PROJECT_ROOT / "configs" / f"{source}.yaml")
    try:
        return to_rows(normalize(ingest(config), config.sources).questions, Question)
    except ConfigError as error:
        print(f"nothing was measured: raw questions of {source} are absent ({error})", file=sys.stderr)
        raise SystemExit(0) from error


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """One way's numbers, in this process."""
    import torch

    from pipeline.common.model import base_model
    from pipeline.common.model.chat import ChatFormat
    from pipeline.common.prompt import answer
    from pipeline.training.dataset import LengthBatches, Sample

    train = TrainConfig(base_model=options.base_model, rank=options.rank, batch_size=options.batch_size, epochs=1, seed=options.seed)
    if options.dtype != "auto":
        base_model.compute_dtype = lambda _device: getattr(torch, options.dtype)
    device = base_model.device_of(train)
    chat = ChatFormat(base_model.load_tokenizer(train, options.models))
    rows = questions(options.source)
    random.Random(options.seed).shuffle(rows)
    samples: list[Sample] = []
    for row in rows:
        safe, prompt, _ = chat.ask(row, options.style, options.system_prompt)
        completion = chat.completion(answer(safe, row["answer_index"], options.style))
        sample = Sample(len(samples), row["record_id"], chat.encode(prompt), chat.encode(completion))
        if len(sample) <= options.max_tokens and len(samples) < options.questions:
            samples.append(sample)
    if options.order == "ours" and not options.one.startswith("ours"):
        order = LengthBatches([len(sample) for sample in samples], options.batch_size, options.seed)
        samples = [samples[place] for batch in order for place in batch]
    with tempfile.TemporaryDirectory() as folder:
        way, _, more = options.one.partition("_")
        run = {"ours": ours, "peft": peft_way, "trl": trl_way}[way]
        meter = Meter(device)
        run(train, options.models, device, samples, folder, more, meter)
    tokens = sum(map(len, samples)) / len(samples)
    return {
        "samples_a_second": len(samples) / meter.seconds,
        "mean_tokens": round(tokens, 1),
        "losses": meter.losses[-3:],
        **meter.result(),
    }


class Meter:
    """Time of all steps, and memory above what the process holds when the first begins."""

    def __init__(self, device: Any) -> None:
        self.device, self.gpu, self.losses = device, device.type == "cuda", []
        self.seconds, self.watching = 0.0, True
        self.loaded = self.peak = 0

    def clock(self) -> float:
        """Seconds of CPU time, or of wall time once a GPU is done."""
        if self.gpu:
            import torch

            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    def begin(self) -> None:
        """Called when the first step begins."""
        if self.gpu:
            import torch

            torch.cuda.reset_peak_memory_stats()
            self.loaded = torch.cuda.memory_allocated()
        else:
            # What loading left behind isn't the model's, and would hide a part of what training takes.
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)
            self.loaded = self.peak = resident()
            threading.Thread(target=self.watch, daemon=True).start()
        self.started = self.clock()

    def end(self) -> None:
        """Called after each step."""
        self.seconds = self.clock() - self.started
        if self.gpu:
            import torch

            self.peak = torch.cuda.max_memory_allocated()

    def watch(self) -> None:
        """Notes the process' peak, every 5 ms. The kernel's own mark counts mapped files too, which come and go."""
        while self.watching:
            self.peak = max(self.peak, resident())
            time.sleep(0.005)

    def result(self) -> dict[str, Any]:
        """What was measured; the end of measuring."""
        self.watching = False
        return {
            "dynamic_gib": (self.peak - self.loaded) / 2**30,
            "loaded_gib": self.loaded / 2**30,
            "seconds": self.seconds,
            "unit": "second" if self.gpu else "CPU-second",
        }

    def callback(self) -> Any:
        """For a Trainer."""
        from transformers import TrainerCallback

        meter = self

        class Watch(TrainerCallback):  # type: ignore[misc]
            def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                if not meter.loaded:
                    meter.begin()

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                meter.end()

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
                if logs and "loss" in logs:
                    meter.losses.append(round(float(logs["loss"]), 4))

        return Watch()


def resident() -> int:
    """Bytes of this process' own memory, without files that are mapped."""
    found = re.search(r"^RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def ours(train: TrainConfig, models: Path, device: Any, samples: list[Any], folder: str, more: str, meter: Meter) -> None:
    """This project: `more` is empty, `recomputing` or `padded`."""
    from pipeline.common.model import base_model
    from pipeline.training import lora, policy
    from pipeline.training.engine import prepare
    from pipeline.training.history import History
    from pipeline.training.loop import LabelTrainer, arguments
    from pipeline.training.permutation import Permutations

    train = train.model_copy(update={"gradient_checkpointing": more == "recomputing"})
    model = lora.build(train, models, device, policy.resolve(train.policy, train.rank, base_model.hidden_size(train, models)))
    if more != "padded":
        prepare(model, max(map(len, samples)))
    settings = arguments(train, Path(folder), len(samples), device, base_model.compute_dtype(device))
    settings.save_strategy = "no"
    trainer = LabelTrainer(History(len(samples)), Permutations.fixed(samples), model=model, args=settings)
    trainer.add_callback(meter.callback())
    trainer.train()


def quantised(train: TrainConfig, models: Path, device: Any) -> tuple[Any, Any]:
    """The base model as the peers load it, and their adapter's configuration."""
    import peft
    import transformers

    from pipeline.common.model import base_model, nf4

    dtype = base_model.compute_dtype(device)
    name, _ = base_model.locate(train, models)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        name, dtype=dtype, device_map={"": device}, quantization_config=nf4.configuration(dtype)
    )
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=train.rank, lora_alpha=2 * train.rank, target_modules=list(LINEAR_KINDS))
    return model, config


def peer_settings(train: TrainConfig, device: Any, more: str) -> dict[str, Any]:
    """The arguments that both peers' trainers take."""
    import torch

    from pipeline.common.model import base_model

    gpu, dtype = device.type == "cuda", base_model.compute_dtype(device)
    return {
        "num_train_epochs": 1,
        "per_device_train_batch_size": train.batch_size,
        "learning_rate": train.learning_rate,
        "optim": "paged_adamw_8bit" if gpu else "adamw_torch_fused",
        "fp16": gpu and dtype == torch.float16,
        "bf16": gpu and dtype == torch.bfloat16,
        "use_cpu": not gpu,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "seed": train.seed,
        "gradient_checkpointing": more == "recomputing",
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
    }


def peft_way(train: TrainConfig, models: Path, device: Any, samples: list[Any], folder: str, more: str, meter: Meter) -> None:
    """Trainer over PEFT's model."""
    import peft
    import torch
    import transformers

    model, config = quantised(train, models, device)
    model = peft.prepare_model_for_kbit_training(
        model, use_gradient_checkpointing=more == "recomputing", gradient_checkpointing_kwargs={"use_reentrant": False}
    )
    model = peft.get_peft_model(model, config)
    dataset = [{"input_ids": s.prompt_ids + s.completion_ids, "labels": s.labels, "attention_mask": [1] * len(s)} for s in samples]

    def pad(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        filler = {"input_ids": 0, "labels": -100, "attention_mask": 0}
        return {key: torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows]) for key, value in filler.items()}

    class InOrder(transformers.Trainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: Any) -> Any:
            return torch.utils.data.SequentialSampler(dataset)

    settings = transformers.TrainingArguments(output_dir=folder, remove_unused_columns=False, **peer_settings(train, device, more))
    InOrder(model=model, args=settings, train_dataset=dataset, data_collator=pad, callbacks=[meter.callback()]).train()


def trl_way(train: TrainConfig, models: Path, device: Any, samples: list[Any], folder: str, more: str, meter: Meter) -> None:
    """TRL's SFTTrainer, which makes the adapter itself."""
    import datasets
    import torch
    import trl

    from pipeline.common.model import base_model

    model, config = quantised(train, models, device)
    rows = [
        {"input_ids": s.prompt_ids + s.completion_ids, "completion_mask": [0] * len(s.prompt_ids) + [1] * len(s.completion_ids)}
        for s in samples
    ]
    dataset = datasets.Dataset.from_list(rows)

    class InOrder(trl.SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: Any) -> Any:
            return torch.utils.data.SequentialSampler(dataset)

    options = peer_settings(train, device, more)
    settings = trl.SFTConfig(output_dir=folder, max_length=None, completion_only_loss=True, **options)
    trainer = InOrder(
        model=model,
        args=settings,
        train_dataset=dataset,
        peft_config=config,
        processing_class=base_model.load_tokenizer(train, models),
        callbacks=[meter.callback()],
    )
    trainer.train()


if __name__ == "__main__":
    main()
