"""`python -m pipeline.assess.ask_model JOB.json`: two quality signals of every question by a causal language model, in an own process.

Plain text, no chat template. Scores are cached by (text, options, model): a refresh asks about new questions alone.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.common.control_tokens import neutralise_question
from pipeline.common.files import write_parquet
from pipeline.common.model.chat import token_controls
from pipeline.common.model.job import Job, Progress, run_child
from pipeline.common.model.likelihood import gold_nll, per_byte
from pipeline.common.prompt import ANSWER_LABELS
from pipeline.common.store.run_files import METRICS
from schemas.config.quality import QualityConfig
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError
from schemas.tables.bounds import checked_rows
from schemas.tables.curation import ModelSignal

# Raised when a change to prompts or scoring changes the signals.
VERSION = 1


class QualityJob(Job):
    """`questions` are Question rows; `output` is the parquet file to write. Examples and dataset version don't exist yet."""

    examples: Path = Path()
    dataset_version: str = ""

    @cached_property
    def quality(self) -> QualityConfig:
        """The block `quality`."""
        return QualityConfig.model_validate(self.config["quality"])


def main(job: QualityJob) -> None:
    """Writes one ModelSignal row a question, in order, atomically. Raises TrainingError."""
    from pipeline.common.model import base_model
    from pipeline.common.model.score_cache import ScoreCache
    from pipeline.common.model.scoring import EncodedQuestion, score_all

    config = job.quality
    if config.model is None:
        raise TrainingError("quality.model is null: name a model to compute its signals, or leave this step out")
    train = TrainConfig(base_model=config.model, revision=config.revision, device=job.train.device)
    job.output.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output.parent / METRICS)
    progress.phase("loading model")
    device = base_model.device_of(train)
    tokenizer = base_model.load_tokenizer(train, job.models)
    model = base_model.load_model(train, job.models, device, quantised=config.quantised)
    revision = base_model.revision_of(model)
    kind = f"quality {VERSION} {revision} {config.quantised} {base_model.compute_dtype(device)} {device.type}"
    cache = ScoreCache(job.models / "cache" / "scores.sqlite", kind)
    start = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
    longest = min(int(getattr(model.config, "max_position_embeddings", 2048)), 4096)

    rows = pq.read_table(job.questions).to_pylist()
    asked, with_question, without = [], [], []
    controls = token_controls(tokenizer)
    for row in rows:
        safe, _ = neutralise_question(row, controls)
        texts = [f" {option.strip()}" for option in safe["options"]]
        option_ids = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
        whole, label = prompt(safe), ANSWER_LABELS["vi" if safe["language"] == "vi" else "en"]
        items = [
            (EncodedQuestion(start + tokenizer.encode(text, add_special_tokens=False), option_ids), text, texts) for text in (whole, label)
        ]
        if max(len(item) for item, _, _ in items) <= longest and all(option_ids):
            asked.append(row)
            with_question.append(items[0])
            without.append(items[1])
    scores = score_all(model, asked, with_question, cache, progress, "with question", config.batch_tokens)
    blind = score_all(model, asked, without, cache, progress, "without question", config.batch_tokens)
    found = {row["record_id"]: signals(row, *pair) for row, *pair in zip(asked, scores, blind, strict=True)}
    write(job.output, rows, found, f"{config.model}@{revision}")
    progress.phase("done")


def prompt(question: Mapping[str, Any]) -> str:
    """Context, stem and the label that an answer follows."""
    parts = (question["context"], question["stem"], ANSWER_LABELS["vi" if question["language"] == "vi" else "en"])
    return "\n".join(part.strip() for part in parts if part)


def signals(question: Mapping[str, Any], sums: Sequence[float], blind: Sequence[float]) -> dict[str, float]:
    """Both signals of one question from its options' summed log-likelihoods (nats) with and without the question.

    >>> signals({"options": ["Huế", "Vinh"], "answer_index": 0}, [-4.0, -8.0], [-8.0, -8.0])
    {'gold_nll': 0.2633, 'question_gain': 0.8}
    """
    key = question["answer_index"]
    nll = gold_nll(per_byte(sums, question["options"]), key)
    gains = per_byte([value - other for value, other in zip(sums, blind, strict=True)], question["options"])
    others = [gain for place, gain in enumerate(gains) if place != key]
    return {"gold_nll": round(nll, 4), "question_gain": round(gains[key] - sum(others) / len(others), 4)}


def write(path: Path, rows: Sequence[Mapping[str, Any]], found: Mapping[str, Mapping[str, float]], model: str) -> None:
    """One ModelSignal row a question, undefined where the model wasn't asked."""
    none = {"gold_nll": None, "question_gain": None}
    signals = [{"record_id": row["record_id"], "model": model, **found.get(row["record_id"], none)} for row in rows]
    write_parquet(path, checked_rows(signals, ModelSignal))


if __name__ == "__main__":
    sys.exit(run_child(main, QualityJob))
