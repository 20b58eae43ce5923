"""What a finished run leaves behind: the table of samples, and the manifest, which is written last and so marks the run as whole."""

import hashlib
import json
import os
import platform
import resource
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from pipeline.training.job import Job, write_text
from pipeline.training.loop import SampleStats
from schemas.tables import TrainedSample, arrow_schema

MANIFEST = "manifest.json"
SAMPLES = "samples.parquet"
PACKAGES = ("mcq-foundry", "torch", "transformers", "peft", "bitsandbytes", "accelerate", "tokenizers", "safetensors")


def job_fingerprint(job: Job) -> str:
    """What makes two runs the same: training and rendering config, dataset version, and the examples' content (not the run's id)."""
    parts = job.config.model_dump(mode="json", include={"train", "render"})
    rows = hashlib.sha256(json.dumps(pq.read_table(job.examples).to_pylist(), ensure_ascii=False).encode()).hexdigest()
    return hashlib.sha256(json.dumps([parts, job.dataset_version, rows], sort_keys=True).encode()).hexdigest()[:32]


def write_samples(path: Path, rows: Sequence[Mapping[str, Any]], stats: SampleStats, validation: Mapping[int, float]) -> None:
    """Writes one TrainedSample row a training or validation example, in the examples' order."""
    table = [
        {
            "record_id": row["record_id"],
            "split": row["split"],
            "status": row["status"] if row["status"] != "ok" else {"train": "trained"}.get(row["split"], "validation"),
            "times_seen": stats.times_seen[index],
            "first_loss": stats.first_loss[index],
            "last_loss": stats.last_loss[index],
            "validation_loss": validation.get(index),
        }
        for index, row in enumerate(rows)
        if row["split"] in ("train", "validation")
    ]
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(pa.Table.from_pylist(table, schema=arrow_schema(TrainedSample)), aside)
    aside.replace(path)


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes `manifest.json`, atomically, after everything else in the folder."""
    write_text(folder / MANIFEST, json.dumps(facts, ensure_ascii=False, indent=2) + "\n")


def package_versions() -> dict[str, str | None]:
    """Installed versions of what decides a run's result; null where not installed."""

    def of(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return {"python": platform.python_version(), **{name: of(name) for name in PACKAGES}}


def device_name(device: torch.device) -> str:
    """The GPU's name and capability, or the CPU's model."""
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        return f"{torch.cuda.get_device_name(device)} (sm_{major}{minor})"
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak_memory_bytes(device: torch.device) -> int:
    """Most GPU memory reserved at once; on a CPU the largest resident size of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
