"""One evaluation: base model and adapter answer the same questions in every mode, and the result says what that shows.

Letter mode lists the options and scores the letters (MMLU, arXiv 2009.03300); cloze mode shows the question alone and scores the
options' texts, over their lengths, so that long options aren't at a disadvantage. Both models are one model in memory: base is the adapter
switched off.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import peft
import pyarrow.parquet as pq
import torch

from pipeline.common.drawn import drawn
from pipeline.common.files import write_atomically, write_parquet
from pipeline.common.model import base_model
from pipeline.common.model.asked import answer_of, encode_question, fits, lengths
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.environment import device_name, package_versions
from pipeline.common.model.job import Progress, log
from pipeline.common.model.score_cache import ScoreCache
from pipeline.common.model.scoring import EncodedQuestion, score_all
from pipeline.common.model.tracking import require_tracker
from pipeline.common.model.tracking.run import track_evaluation
from pipeline.common.prompt import Style
from pipeline.common.store.run_files import MANIFEST, METRICS, PREDICTIONS, RESULT
from pipeline.common.store.runs import read_manifest
from pipeline.evaluation.job import EvaluationJob
from pipeline.evaluation.statistics import compare
from pipeline.evaluation.verdict import verdict
from schemas.errors import TrainingError
from schemas.tables.bounds import checked_rows
from schemas.tables.evaluation import Prediction

BENCHMARK = "benchmark"
# Raised when a change to scoring changes what the cache holds: summed log-likelihoods, before any normalisation.
SCORING = 3


def evaluate(job: EvaluationJob) -> None:
    """Writes `predictions.parquet`, then `result.json`, which marks the evaluation as whole. Raises TrainingError, MissingExtraError."""
    require_tracker(job.train)
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
    asked = {mode: encode(questions, chat, job, mode) for mode in config.modes}
    too_long = {mode: len(questions) - len(answerable) for mode, (answerable, _) in asked.items()}
    rows: list[dict[str, Any]] = []
    for name, model, kind in answering(job, device, manifest):
        cache = ScoreCache(job.models / "cache" / "scores.sqlite", kind)
        for mode, (answerable, items) in asked.items():
            scores = score_all(model, answerable, items, cache, progress, f"{name}, {mode}", config.batch_tokens)
            rows += [
                predict(question, values, lengths(item, config.cloze_normalisation, mode), name, mode)
                for question, item, values in zip(answerable, items, scores, strict=True)
            ]
    rows.sort(key=lambda row: (config.modes.index(row["mode"]), row["model"] != "base"))
    write_predictions(job, rows)
    result = summarise(job, rows)
    seconds = time.monotonic() - began
    result["counts"] = {"questions": len(questions), "left_out_trained_groups": left_out, "not_evaluated_too_long": too_long}
    result |= {"wall_seconds": round(seconds, 1), "answers_per_second": round(len(rows) / seconds, 2)}
    result |= {
        "device": device_name(device),
        "packages": package_versions(),
        "base_model": job.train.base_model,
        "base_revision": manifest["base_revision"],
    }
    write_atomically(job.output / RESULT, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    track_evaluation(job, job.adapter)
    log.info(result["verdict"])
    progress.phase("done")


def answering(job: EvaluationJob, device: torch.device, manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """The base model, then what was trained on it, as `base` and `adapter`, each with what its scores hang on beside the texts.

    An adapter is switched off and on over one model in memory; of a full fine-tuning the base goes before the trained model comes.
    Raises TrainingError where another base is loaded than was trained on.
    """
    model = base_model.load_model(job.train, job.models, device, job.train.quantised)
    revision = base_model.revision_of(model)
    if revision != manifest["base_revision"]:
        raise TrainingError(
            f"the adapter was trained on base revision {manifest['base_revision']}, and {revision} was loaded; keep `revision:`"
        )
    kind = f"{revision} {job.train.quantised} {base_model.compute_dtype(device)} {device.type} {SCORING}"
    full = job.train.method == "full"
    if not full:
        model = peft.PeftModel.from_pretrained(model, str(job.adapter), is_trainable=False).eval()
    with nullcontext() if full else model.disable_adapter():
        yield "base", model, kind
    if full:
        del model
        model = base_model.load_model(job.train.model_copy(update={"base_model": str(job.adapter)}), job.models, device, quantised=False)
    yield "adapter", model, f"{kind} {weights_hash(job.adapter)}"


def choose(questions: Sequence[Mapping[str, Any]], job: EvaluationJob, trained: set[str]) -> tuple[list[dict[str, Any]], int]:
    """The questions to ask, in order: of the configured split, without groups that the adapter saw, then those of benchmarks.

    The second value counts what was left out because its group was trained on. `max_questions` takes a sample that hashes decide,
    so that it is the same for every adapter.
    """
    config = job.evaluate
    split = [dict(row) for row in questions if row["split"] == config.split]
    unseen = [row for row in split if row["split_group"] not in trained]
    unseen = drawn(unseen, config.max_questions)
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


def predict(question: Mapping[str, Any], sums: Sequence[float], over: Sequence[int], model: str, mode: str) -> dict[str, Any]:
    """The Prediction row of one answer: the option that scores best, and the model's own probability of the gold one.

    `sums` are the options' summed log-likelihoods (nats), `over` their lengths. Raises TrainingError for a score that is no number.
    """
    if not all(map(math.isfinite, sums)):
        raise TrainingError(
            f"the {model} model's scores of question {question['record_id']} ({mode}) are {list(sums)}: its numbers overflow; use a GPU "
            "that computes in bf16, or another base model"
        )
    said = answer_of(sums, over, question["answer_index"])
    return {
        **{key: question[key] for key in ("record_id", "split_group", "source", "subject", "language", "answer_index", "split")},
        "model": model,
        "mode": mode,
        "predicted_index": said.best,
        "correct": said.best == question["answer_index"],
        "option_scores": said.scores,
        "option_log_likelihoods": list(sums),
        "gold_nll": said.gold_nll,
    }


def summarise(job: EvaluationJob, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the answers show, by mode: of all held-out questions, of the headline's and of the others; benchmarks apart, with no verdict."""
    config, seed = job.evaluate, job.train.seed
    named = config.headline

    def compared(chosen: Callable[[Mapping[str, Any]], bool]) -> dict[str, dict[str, Any]]:
        def of(mode: str, name: str) -> list[Mapping[str, Any]]:
            return [row for row in rows if (row["mode"], row["model"]) == (mode, name) and chosen(row)]

        return {mode: compare(of(mode, "base"), of(mode, "adapter"), seed) for mode in config.modes}

    modes = compared(lambda row: row["split"] != BENCHMARK)
    headline, others = modes, None
    if named != "all":
        headline = compared(lambda row: row["split"] != BENCHMARK and row["source"] in named)
        others = compared(lambda row: row["split"] != BENCHMARK and row["source"] not in named)
    primary = config.primary
    has_benchmark = any(row["split"] == BENCHMARK for row in rows)
    return {
        "verdict": verdict(headline[primary], others and others[primary], named, config.split, config.min_groups),
        "primary": primary,
        "split": config.split,
        "cloze_normalisation": config.cloze_normalisation,
        "headline": {"sources": named, "modes": headline},
        "others": others and {"modes": others},
        "modes": modes,
        "benchmark": compared(lambda row: row["split"] == BENCHMARK) if has_benchmark else {},
        "adapter": job.adapter.name,
        "dataset_version": job.dataset_version,
        "run_id": job.run_id,
    }


def weights_hash(folder: Path) -> str:
    """Names what was trained by its weights: those of the adapter, or of the whole model."""
    (weights,) = folder.glob("*.safetensors")
    with weights.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def write_predictions(job: EvaluationJob, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes `predictions.parquet`, atomically."""
    write_parquet(job.output / PREDICTIONS, checked_rows(rows, Prediction))
