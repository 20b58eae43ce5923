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
from pipeline.training.history import History
from schemas.tables.bounds import checked_rows
from schemas.tables.training import TrainedSample

TRAINED_FILES = ("adapter_model.safetensors", "adapter_config.json", "model.safetensors", "config.json", SAMPLES)


def folder_fingerprint(job: Job) -> str:
    """Whose folder this is: a run goes on only where one of the same training and rendering config, dataset version and examples began.

    Which folder that is, and so whether an adapter is trained anew, `assets/resources/cache_keys.py` decides.
    """
    parts = {block: job.config[block] for block in ("train", "render")}
    parts["train"] = {
        name: value for name, value in parts["train"].items() if name != "tracker"
    }  # tells of a run, and changes nothing in it
    rows = hashlib.sha256(json.dumps(pq.read_table(job.examples).to_pylist(), ensure_ascii=False).encode()).hexdigest()
    return hashlib.sha256(json.dumps([parts, job.dataset_version, rows], sort_keys=True).encode()).hexdigest()[:32]


def write_samples(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    status: Mapping[int, str],
    history: History,
    orders: Mapping[int, list[str]],
    kept_epoch: int,
) -> None:
    """Writes one TrainedSample row a training or validation example, in the examples' order.

    `status` names those rows by their places, and what was done with each; `orders` has the orders of options of the trained ones.
    """

    def of(index: int) -> dict[str, Any]:
        losses = history.losses[index]
        trained = losses if status[index] == "trained" else []
        return {
            "record_id": rows[index]["record_id"],
            "split": rows[index]["split"],
            "status": status[index],
            "times_seen": len(trained),
            "first_loss": trained[0] if trained else None,
            "last_loss": trained[-1] if trained else None,
            "losses": losses,
            "option_orders": orders.get(index, [])[: len(trained)],
            "gold_probabilities": history.gold_probabilities[index],
            "gold_chosen": history.gold_chosen[index],
            "validation_loss": losses[kept_epoch - 1] if status[index] == "validation" else None,
        }

    write_parquet(path, checked_rows([of(index) for index in sorted(status)], TrainedSample))


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes `manifest.json`, atomically, after everything else in the folder; it names the trained files with their SHA-256."""
    files = {name: file_hash(folder / name) for name in TRAINED_FILES if (folder / name).is_file()}
    write_atomically(folder / MANIFEST, json.dumps({**facts, "files": files}, ensure_ascii=False, indent=2) + "\n")
