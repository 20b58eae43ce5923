"""Base model and adapter become one 16-bit model, which is checked against what was trained: `python -m pipeline.handover.merge JOB.json`.

Of a base that was held in NF4 the adapter has learnt to mend what rounding took: added to the unrounded weights it answers otherwise. So
it is added to the rounded ones, unless `onto` says else (measured in docs/hand-over.md).
"""

import gc
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.common.drawn import drawn
from pipeline.common.files import read_parquet, write_atomically
from pipeline.common.model.job import Progress, log, run_child
from pipeline.handover.job import MERGE, MergeJob, open_adapter, tell, telling
from schemas.errors import DataError, TrainingError

HELD_OUT = ("validation", "test")
SHARD = "5GB"
# What a GPU needs for a model and a batch of questions, over the size of its weights.
ROOM = 1.15


def merge(job: MergeJob) -> None:
    """Writes the merged model, its tokenizer and `merge.json` into `job.output`. Raises TrainingError where it answers too often otherwise
    than what was trained; `merge.json` isn't there then."""
    from pipeline.common.model import base_model
    from pipeline.common.model.environment import device_name, package_versions

    log.setLevel(logging.WARNING)
    manifest = open_adapter(job.adapter).manifest
    questions = held_out(job)
    tell(phase=f"merging into {job.weights}")
    tokenizer = base_model.load_tokenizer(job.train, job.models)
    model = merged_model(job, manifest)
    model.save_pretrained(job.output, max_shard_size=SHARD)
    tokenizer.save_pretrained(job.output)
    del model
    gc.collect()
    trained, place = _trained_scores(job, questions, manifest)
    merged, merged_place = _merged_scores(job, questions)
    found = compare(job, trained, merged)
    said = (
        f"{found['agreed']:,} of {found['questions']:,} choices agree ({found['agreement']:.2%}; {job.agree:.2%} asked for), "
        f"log-likelihoods differ by up to {found['largest_difference_nats']:.4f} nats (median {found['median_difference_nats']:.4f}); "
        f"right: {found['trained_right']:,} as trained, {found['merged_right']:,} merged"
    )
    if found["agreement"] < job.agree:
        other = "float16" if job.weights == "bfloat16" else "bfloat16"
        raise TrainingError(
            f"the merged model isn't what was trained: {said}. Hand over base and adapter as they are, or try `--dtype {other}`"
            + (", `--onto trained`" if job.onto == "original" else "")
            + ", or accept less with `--agree`"
        )
    facts = {
        "adapter": job.adapter.name,
        "dataset_version": job.dataset_version,
        "base_model": manifest["base_model"],
        "base_revision": manifest["base_revision"],
        "dtype": job.weights,
        "onto": job.onto if job.train.quantised else None,
        "check": {**found, "asked_for": job.agree, "trained_on": device_name(place), "merged_on": device_name(merged_place)},
        "packages": package_versions(),
    }
    write_atomically(job.output / MERGE, json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    tell(said=said)


def held_out(job: MergeJob) -> list[dict[str, Any]]:
    """The questions of validation and test; of many a sample that hashes decide. Raises DataError where there is none."""
    rows = [row for row in read_parquet(job.questions).to_pylist() if row["split"] in HELD_OUT]
    if not rows:
        raise DataError(f"{job.questions} holds no validation or test question, so nothing can be checked; name other ones by --questions")
    return drawn(rows, job.max_questions)


def merged_model(job: MergeJob, manifest: Mapping[str, Any]) -> Any:
    """The merged model on the CPU, in the type that it is saved in: each layer is added up in fp32 and rounded once."""
    import peft
    import torch
    import transformers
    from peft.tuners.lora import LoraLayer

    from pipeline.common.model import base_model

    full = job.train.method == "full"
    train = job.train.model_copy(update={"base_model": str(job.adapter)}) if full else job.train
    name, revision = base_model.locate(train, job.models)
    saved = getattr(torch, job.weights)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        name,
        # What NF4 rounds to is given in the type that the trained model computes in.
        dtype=getattr(torch, manifest["compute_dtype"]),
        use_safetensors=True,
        trust_remote_code=False,
        **({"revision": revision} if revision else {}),
    )
    if job.train.quantised and job.onto == "trained":
        round_to_nf4(model)
    if not full:
        model = peft.PeftModel.from_pretrained(model, str(job.adapter))
        for layer in model.modules():
            if isinstance(layer, LoraLayer):
                base = layer.get_base_layer()
                base.weight.data = base.weight.data.float()
                layer.merge(safe_merge=True)
                base.weight.data = base.weight.data.to(saved)
        model = model.unload()
    return model.to(saved)


def round_to_nf4(model: Any) -> None:
    """Puts in place of each weight what a model in NF4 computes with: of every linear layer but the head."""
    import bitsandbytes
    import torch

    head = model.get_output_embeddings()
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and module is not head:
            packed, state = bitsandbytes.functional.quantize_4bit(module.weight.data, quant_type="nf4", compress_statistics=True)
            module.weight.data = bitsandbytes.functional.dequantize_4bit(packed, state)


def _trained_scores(job: MergeJob, questions: Sequence[dict[str, Any]], manifest: Mapping[str, Any]) -> tuple[list[Any], Any]:
    from pipeline.common.model import base_model
    from pipeline.evaluation.run import answering

    device = base_model.device_of(job.train)
    tokenizer = base_model.load_tokenizer(job.train, job.models)
    for name, model, _ in answering(job, device, manifest):
        if name == "adapter":
            if device.type == "cpu":
                compute_in_fp32(model)
            return _scores(job, questions, model, tokenizer, "as trained"), device
    raise AssertionError("no adapter answered")


def compute_in_fp32(model: Any) -> None:
    """Changes how a model computes, and none of its weights: in bf16 a model disagrees with itself by more than merging changes, from
    one size of batches to another."""
    import bitsandbytes
    import torch

    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point():
            tensor.data = tensor.data.float()
    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.compute_dtype = torch.float32


def _merged_scores(job: MergeJob, questions: Sequence[dict[str, Any]]) -> tuple[list[Any], Any]:
    """Of the model as it lies on the disk, on the GPU if it fits there."""
    import torch
    import transformers

    from pipeline.common.model import base_model

    train = job.train.model_copy(update={"base_model": str(job.output)})
    device = base_model.device_of(train)
    size = sum(file.stat().st_size for file in job.output.glob("*.safetensors"))
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        if size * ROOM > torch.cuda.mem_get_info()[0]:
            device = torch.device("cpu")
            tell(phase=f"the merged model ({size / 2**30:.1f} GiB) doesn't fit on the GPU: it is checked on the CPU, which takes longer")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(job.output),
        dtype=getattr(torch, job.weights) if device.type == "cuda" else torch.float32,
        device_map={"": device},
        use_safetensors=True,
        trust_remote_code=False,
    )
    return _scores(job, questions, model.eval(), base_model.load_tokenizer(train, job.models), "merged"), device


def _scores(job: MergeJob, questions: Sequence[dict[str, Any]], model: Any, tokenizer: Any, name: str) -> list[Any]:
    """Of each question its item and the summed log-likelihoods of its options."""
    from pipeline.common.model.chat import ChatFormat
    from pipeline.common.model.score_cache import ScoreCache
    from pipeline.common.model.scoring import score_all
    from pipeline.evaluation.run import encode

    answerable, items = encode(questions, ChatFormat(tokenizer), job, job.evaluate.primary)
    progress = _Told(Path(os.devnull))
    scores = score_all(model, answerable, items, ScoreCache(Path(":memory:"), name), progress, name, job.evaluate.batch_tokens)
    if not answerable:
        raise DataError(f"every question is longer than render.max_seq_tokens ({job.render.max_seq_tokens}), so nothing can be checked")
    return list(zip(answerable, items, scores, strict=True))


class _Told(Progress):
    def write(self, line: dict[str, Any]) -> None:
        tell(**line)


def compare(job: MergeJob, trained: Sequence[Any], merged: Sequence[Any]) -> dict[str, Any]:
    """What both chose, in evaluation's way and primary mode. Raises TrainingError where they didn't read the same tokens, or scores are
    no numbers."""
    import numpy as np

    from pipeline.common.model.asked import answer_of, lengths

    agreed, right, differences, others = 0, [0, 0], [], []
    for (question, item, before), (_, other, after) in zip(trained, merged, strict=True):
        if item[0] != other[0]:
            raise TrainingError(f"the merged model's tokenizer reads question {question['record_id']} otherwise; it was not saved whole")
        over = lengths(item, job.evaluate.cloze_normalisation, job.evaluate.primary)
        choices = [answer_of(sums, over, question["answer_index"]).best for sums in (before, after)]
        agreed += choices[0] == choices[1]
        others += [question["record_id"]] if choices[0] != choices[1] else []
        for side, choice in enumerate(choices):
            right[side] += choice == question["answer_index"]
        differences += [abs(a - b) for a, b in zip(before, after, strict=True)]
    if not np.isfinite(differences).all():
        raise TrainingError(f"the merged model's scores are no numbers: they leave the range of {job.weights}; try the other --dtype")
    return {
        "mode": job.evaluate.primary,
        "questions": len(trained),
        "agreed": agreed,
        "agreement": agreed / len(trained),
        "largest_difference_nats": float(np.max(differences)),
        "median_difference_nats": float(np.median(differences)),
        "trained_right": right[0],
        "merged_right": right[1],
        "chosen_otherwise": others,
    }


if __name__ == "__main__":
    sys.exit(run_child(telling(merge), MergeJob))
