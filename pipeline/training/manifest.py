"""What a finished run leaves behind: the table of samples, and the manifest, which is written last and so marks the run as whole."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.common.files import file_hash, write_atomically, write_parquet
from pipeline.common.model.job import Job
from pipeline.common.store.run_files import MANIFEST, SAMPLES
from pipeline.training.loop import SampleStats
from schemas.tables.bounds import checked_rows
from schemas.tables.training import TrainedSample

TRAINED_FILES = ("adapter_model.safetensors", "adapter_config.json", "model.safetensors", "config.json", SAMPLES)


def folder_fingerprint(job: Job) -> str:
    """Whose folder this is: a run goes on only where one of the same training and rendering config, dataset version and examples began.

    Which folder that is, and so whether an adapter is trained anew, `assets/resources/cache_keys.py` decides.
    """
    parts = {block: job.config[block] for block in ("train", "render")}
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
    write_parquet(path, checked_rows(table, TrainedSample))


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes `manifest.json`, atomically, after everything else in the folder; it names the trained files with their SHA-256."""
    files = {name: file_hash(folder / name) for name in TRAINED_FILES if (folder / name).is_file()}
    write_atomically(folder / MANIFEST, json.dumps({**facts, "files": files}, ensure_ascii=False, indent=2) + "\n")
