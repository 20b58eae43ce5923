"""One evaluation: base model and adapter answer the same questions in every mode, and the result says what that shows.

Letter mode lists the options and scores the letters (MMLU, arXiv 2009.03300); cloze mode shows the question alone and scores the
options' texts per byte, so that long options aren't at a disadvantage. Both models are one model in memory: base is the adapter
switched off.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import peft
import pyarrow.parquet as pq

from pipeline.common.files import write_atomically, write_parquet
from pipeline.common.model import base_model
from pipeline.common.model.asked import answer_of, encode_question, fits
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.environment import device_name, package_versions
from pipeline.common.model.job import Progress, log
from pipeline.common.model.score_cache import ScoreCache
from pipeline.common.model.scoring import EncodedQuestion, score_all
from pipeline.common.prompt import Style
from pipeline.common.store.run_files import MANIFEST, METRICS, PREDICTIONS, RESULT
from pipeline.common.store.runs import read_manifest
from pipeline.evaluation.job import EvaluationJob
from pipeline.evaluation.statistics import compare
from pipeline.evaluation.verdict import sentence
from schemas.errors import TrainingError
from schemas.tables.bounds import checked_rows
from schemas.tables.evaluation import Prediction

BENCHMARK = "benchmark"
# Raised when a change to scoring changes scores.
SCORING = 1


def evaluate(job: EvaluationJob) -> None:
    """Writes `predictions.parquet`, then `result.json`, which marks the evaluation as whole. Raises TrainingError."""
    began = time.monotonic()
    config = job.evaluate
    job.output.mkdir(parents=True, exist_ok=True)
    progress = Progress(job.output / METRICS)
    manifest = read_manifest(job.adapter)
    if manifest is None:
        raise TrainingError(f"{job.adapter} holds no finished adapter (no {MANIFEST}); train it first, an interrupted training resumes")
    questions, left_out = choose(pq.read_table(job.questions).to_pylist(), job, set(manifest["trained_groups"]))

    progress.phase("loading model")
    device = base_model.device_of(job.train)
    chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
    model = base_model.load_model(job.train, job.models, device, quantised=job.train.method != "lora")
    revision = base_model.revision_of(model)
    if revision != manifest["base_revision"]:
        raise TrainingError(
            f"the adapter was trained on base revision {manifest['base_revision']}, and {revision} was loaded; keep `revision:`"
        )
    model = peft.PeftModel.from_pretrained(model, str(job.adapter), is_trainable=False).eval()

    kind = f"{revision} {job.train.method != 'lora'} {base_model.compute_dtype(device)} {device.type} {SCORING}"
    rows: list[dict[str, Any]] = []
    too_long: dict[str, int] = {}
    for mode in config.modes:
        answerable, items = encode(questions, chat, job, mode)
        too_long[mode] = len(questions) - len(answerable)
        for name in ("base", "adapter"):
            cache = ScoreCache(job.models / "cache" / "scores.sqlite", kind if name == "base" else f"{kind} {weights_hash(job)}")
            with model.disable_adapter() if name == "base" else nullcontext():
                scores = score_all(model, answerable, items, cache, progress, f"{name}, {mode}", config.batch_tokens)
            rows += [predict(question, values, name, mode) for question, values in zip(answerable, scores, strict=True)]
    write_predictions(job, rows)
    result = summarise(job, rows, questions)
    seconds = time.monotonic() - began
    result["counts"] = {"questions": len(questions), "left_out_trained_groups": left_out, "not_evaluated_too_long": too_long}
    result |= {"wall_seconds": round(seconds, 1), "answers_per_second": round(len(rows) / seconds, 2)}
    result |= {
        "device": device_name(device),
        "packages": package_versions(),
        "base_model": job.train.base_model,
        "base_revision": revision,
    }
    write_atomically(job.output / RESULT, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    log.info(result["verdict"])
    progress.phase("done")


def choose(questions: Sequence[Mapping[str, Any]], job: EvaluationJob, trained: set[str]) -> tuple[list[dict[str, Any]], int]:
    """The questions to ask, in order: of the configured split, without groups that the adapter saw, then those of benchmarks.

    The second value counts what was left out because its group was trained on. `max_questions` takes a sample that hashes decide,
    so that it is the same for every adapter.
    """
    config = job.evaluate
    split = [dict(row) for row in questions if row["split"] == config.split]
    unseen = [row for row in split if row["split_group"] not in trained]
    if config.max_questions is not None and len(unseen) > config.max_questions:
        drawn = sorted(unseen, key=lambda row: hashlib.sha256(row["content_id"].encode()).digest())[: config.max_questions]
        chosen = {row["record_id"] for row in drawn}
        unseen = [row for row in unseen if row["record_id"] in chosen]
    benchmark = [dict(row) for row in questions if row["split"] == BENCHMARK]
    return [*unseen, *benchmark], len(split) - len([row for row in split if row["split_group"] not in trained])


def encode(
    questions: Sequence[dict[str, Any]], chat: ChatFormat, job: EvaluationJob, mode: Style
) -> tuple[list[dict[str, Any]], list[tuple[EncodedQuestion, str, list[str]]]]:
    """Questions short enough for the model, and for each its token ids, prompt text and what stands for the options."""
    answerable, items = [], []
    for question in questions:
        encoded = encode_question(question, chat, job.render, mode)
        if fits(encoded[0], job.render):
            answerable.append(question)
            items.append(encoded)
    return answerable, items


def predict(question: Mapping[str, Any], sums: Sequence[float], model: str, mode: Style) -> dict[str, Any]:
    """The Prediction row of one answer: the best-scored option, and the gold option's NLL under a softmax over the options."""
    said = answer_of(question, sums, mode)
    return {
        **{key: question[key] for key in ("record_id", "split_group", "source", "subject", "language", "answer_index", "split")},
        "model": model,
        "mode": mode,
        "predicted_index": said.best,
        "correct": said.best == question["answer_index"],
        "option_scores": said.scores,
        "gold_nll": said.gold_nll,
    }


def summarise(job: EvaluationJob, rows: Sequence[Mapping[str, Any]], questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the answers show, by mode; benchmark questions apart, and no verdict on them."""
    config, seed = job.evaluate, job.train.seed

    def of_mode(mode: str, benchmark: bool) -> dict[str, Any]:
        mine = [row for row in rows if row["mode"] == mode and (row["split"] == BENCHMARK) == benchmark]
        base, adapter = ([row for row in mine if row["model"] == name] for name in ("base", "adapter"))
        return compare(base, adapter, seed)

    modes = {mode: of_mode(mode, benchmark=False) for mode in config.modes}
    has_benchmark = any(question["split"] == BENCHMARK for question in questions)
    return {
        "verdict": sentence(modes[config.primary], config.split, config.min_groups),
        "primary": config.primary,
        "split": config.split,
        "modes": modes,
        "benchmark": {mode: of_mode(mode, benchmark=True) for mode in config.modes} if has_benchmark else {},
        "adapter": job.adapter.name,
        "dataset_version": job.dataset_version,
        "run_id": job.run_id,
    }


def weights_hash(job: EvaluationJob) -> str:
    """Names the adapter by its weights."""
    with (job.adapter / "adapter_model.safetensors").open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def write_predictions(job: EvaluationJob, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes `predictions.parquet`, atomically."""
    write_parquet(job.output / PREDICTIONS, checked_rows(rows, Prediction))
