"""Training for real: a tiny model for mechanics, the small pretrained one for templates and the quantisation trap."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.job import Job
from pipeline.render import render
from pipeline.training import lora, policy
from pipeline.training.dataset import IGNORED, LengthBatches, Sample, check_labels, collate, encode
from pipeline.training.loop import label_nll
from pipeline.training.run import train
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import RankPolicy, TrainConfig
from schemas.errors import TrainingError

CPU = torch.device("cpu")
GOODS = "apples pears plums cod tuna carp silk wool lace".split()
PLACES = ["the tower", "the chapel", "the shed"]
# How the lines begin that a training says; no other library adds any.
OURS = r"encoding|loading model|\S+, qlora on|policy|warning: rank 4|training|step \d|validation loss|stopp|interrupted"


def question(i, split="train", **more):
    row = {"record_id": f"{i:016x}", "content_id": f"{i:016x}", "split": split, "split_group": f"{i:016x}", "source": "s", "subject": None}
    row |= {
        "language": "en",
        "context": None,
        "stem": f"Where are {GOODS[i % 9]} number {i} kept?",
        "options": PLACES,
        "fixed_order": False,
    }
    return row | {"answer_index": (i % 9) // 3} | more


@pytest.fixture
def make_job(tmp_path, tiny_model, models):
    """A training job over rendered examples; call it again for the same job."""

    def make(questions=None, output="adapter", **settings):
        rows = questions or [question(i, "validation" if i % 5 == 4 else "train") for i in range(20)]
        config = {
            "base_model": str(tiny_model),
            "device": "cpu",
            "epochs": 2,
            "batch_size": 4,
            "rank": 4,
            "save_steps": 2,
            "learning_rate": 1e-3,
        }
        full = Config.model_validate(
            {
                "dataset": "d",
                "sources": [{"name": "s", "path": "*"}],
                "render": {"style": "cloze", "max_seq_tokens": 128},
                "train": config | settings,
            }
        )
        files = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples")}
        pq.write_table(pa.Table.from_pylist(rows), files["questions"])
        facts = {"config": full.model_dump(mode="json"), "models": models, "dataset_version": "v1", "run_id": "run-1", **files}
        render(Job(output=files["examples"], **facts))
        return Job(output=tmp_path / output, **facts)

    return make


def lines(job):
    return [json.loads(line) for line in (job.output / "metrics.jsonl").read_text().splitlines()]


def manifest(job):
    return json.loads((job.output / "manifest.json").read_text())


def weights(job):
    return (job.output / "adapter_model.safetensors").read_bytes()


def test_a_run_leaves_adapter_manifest_and_the_loss_of_every_sample(make_job):
    job = make_job()
    train(job)
    facts = manifest(job)
    assert facts["dataset_version"] == "v1"
    assert facts["config"] == job.config
    assert facts["samples"] == {"trained": 16, "validation": 4}
    assert len(facts["trained_groups"]) == 16
    assert facts["policy"]["scale"] == facts["policy"]["built_scale"] == 2.0
    assert {"torch", "peft", "bitsandbytes"} <= set(facts["packages"])
    samples = pq.read_table(job.output / "samples.parquet").to_pylist()
    assert {row["times_seen"] for row in samples if row["split"] == "train"} == {2}
    assert all((row["validation_loss"] is not None) == (row["split"] == "validation") for row in samples)
    steps = [line for line in lines(job) if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 9))
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert {"learning_rate", "grad_norm", "eta_s", "total_steps"} <= set(steps[0])
    assert not (job.output / "checkpoints").exists()


def test_a_finished_adapter_is_not_trained_again(make_job):
    job = make_job()
    train(job)
    stamp = (job.output / "manifest.json").stat().st_mtime_ns
    train(job)
    assert (job.output / "manifest.json").stat().st_mtime_ns == stamp


def test_a_folder_of_another_job_is_refused(make_job):
    train(make_job())
    with pytest.raises(TrainingError, match="another training job"):
        train(make_job(learning_rate=2e-3))


def test_an_interrupted_run_resumes_to_the_same_adapter(make_job, tmp_path):
    whole = make_job(output="whole", epochs=6)
    train(whole)
    job = make_job(output="interrupted", epochs=6)
    (tmp_path / "job.json").write_text(job.model_dump_json())
    command = [sys.executable, "-m", "pipeline.training", str(tmp_path / "job.json")]
    child = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    )
    metrics = job.output / "metrics.jsonl"
    while child.poll() is None and not (metrics.exists() and '"step": 3' in metrics.read_text()):
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    said = child.communicate(timeout=60)[1]
    assert child.returncode == 130, said
    assert [line for line in said.splitlines() if not re.match(OURS, line)] == []
    assert not (job.output / "manifest.json").exists()
    train(job)
    assert manifest(job)["train_losses"] == manifest(whole)["train_losses"]
    assert weights(job) == weights(whole)
    rows = [pq.read_table(folder / "samples.parquet").to_pylist() for folder in (job.output, whole.output)]
    assert rows[0] == rows[1]


def test_samples_too_long_are_recorded_and_not_trained(make_job):
    job = make_job([*(question(i) for i in range(4)), question(9, stem="word " * 300), question(10, "validation", stem="word " * 300)])
    train(job)
    rows = {row["record_id"]: row for row in pq.read_table(job.output / "samples.parquet").to_pylist()}
    assert (rows[f"{9:016x}"]["status"], rows[f"{9:016x}"]["times_seen"], rows[f"{9:016x}"]["first_loss"]) == (
        "not_trained: too_long",
        0,
        None,
    )
    assert f"{9:016x}" not in manifest(job)["trained_groups"]


def test_nothing_to_train_on_is_said(make_job):
    with pytest.raises(TrainingError, match="no example to train on"):
        train(make_job([question(0, "test")]))


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_loaded():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(TrainingError, match="sees no GPU"):
        base_model.device_of(TrainConfig(device="cuda"))


def test_a_model_that_cannot_be_loaded_is_named_with_the_cure(tmp_path, models):
    with pytest.raises(TrainingError, match="Name a local folder"):
        base_model.load_tokenizer(TrainConfig(base_model="nobody/nothing"), models)
    with pytest.raises(TrainingError, match="looks like a folder"):
        base_model.load_tokenizer(TrainConfig(base_model="./nothing"), models)
    with pytest.raises(TrainingError, match=r"no config\.json"):
        base_model.load_tokenizer(TrainConfig(base_model=str(tmp_path)), models)


@pytest.mark.parametrize("method", ["lora", "qlora", "dora"])
@pytest.mark.parametrize("rule", [RankPolicy(), RankPolicy(name="sqrt_hidden"), RankPolicy(name="fixed", alpha=8)])
def test_every_method_builds_with_the_policys_scale_and_takes_a_step(method, rule, tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method=method, policy=rule, rank=4)
    resolution = policy.resolve(rule, 4, base_model.hidden_size(settings, models))
    model = lora.build(settings, models, CPU, resolution)
    assert lora.built_scale(model) == pytest.approx(resolution.scale)
    ids = torch.arange(10, 22)[None]
    labels = ids.masked_fill(torch.arange(12) < 8, IGNORED)
    label_nll(model, ids, labels)[0].sum().backward()
    moved = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is not None and p.grad.abs().sum() > 0]
    assert len(moved) >= 14
    assert all(p.dtype == torch.float32 for p in model.parameters() if p.requires_grad)


def test_a_built_scale_that_differs_from_the_policys_is_refused(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", rank=4)
    wrong = policy.Resolution(rank=4, alpha=8, use_rslora=False, scale=3.0)
    with pytest.raises(TrainingError, match="scales by 2, but the policy resolves to 3"):
        lora.build(settings, models, CPU, wrong)


def test_a_target_that_the_model_lacks_is_named(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", target_modules=["q_proj", "c_attn"])
    with pytest.raises(TrainingError, match="'c_attn'"):
        lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 16, 64))


def test_label_only_loss_equals_the_full_one_with_its_gradients(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method="lora", rank=4)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64)).float()
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    ids = torch.randint(5, 500, (3, 14))
    labels = ids.masked_fill(torch.arange(14) < 9, IGNORED)
    labels[1, 11:] = IGNORED

    def gradients(loss):
        model.zero_grad()
        loss.backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}

    nll, tokens = label_nll(model, ids, labels)
    ours = gradients(nll.sum() / tokens.sum())
    full = gradients(model(input_ids=ids, labels=labels).loss)
    assert tokens.tolist() == [5, 2, 5]
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, full[name], rtol=1e-5, atol=1e-7)


def test_padding_changes_no_loss(tiny_model, models):
    settings = TrainConfig(base_model=str(tiny_model), device="cpu", method="lora", rank=4)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 4, 64)).float().eval()
    samples = [Sample(i, str(i), list(range(20, 26 + 5 * i)), [7, 8 + i]) for i in range(3)]
    together = collate(samples)
    nll, _ = label_nll(model, together["input_ids"], together["labels"])
    for sample, value in zip(samples, nll, strict=True):
        alone = collate([sample])
        torch.testing.assert_close(label_nll(model, alone["input_ids"], alone["labels"])[0][0], value, rtol=1e-5, atol=1e-5)


def test_training_after_evaluating_still_reaches_the_first_layer(models):
    """bitsandbytes repacks weights in eval mode on some CPUs and then gives no input gradient, without a word."""
    settings = TrainConfig(device="cpu", rank=2)
    model = lora.build(settings, models, CPU, policy.resolve(RankPolicy(), 2, 576))
    ids = torch.arange(100, 108)[None]
    labels = ids.masked_fill(torch.arange(8) < 6, IGNORED)
    model.eval()
    with torch.no_grad():
        label_nll(model, ids, labels)
    model.train()
    label_nll(model, ids, labels)[0].sum().backward()
    first = [p.grad for name, p in model.named_parameters() if ".layers.0.self_attn.q_proj.lora_B" in name]
    assert first[0].abs().sum() > 0


def test_batches_hold_every_sample_once_and_depend_on_seed_and_epoch_alone():
    batches = LengthBatches([i % 17 + 3 for i in range(70)], 4, seed=7)
    first = list(batches)
    assert sorted(i for batch in first for i in batch) == list(range(70))
    assert list(batches) == first
    batches.epoch = 1
    assert list(batches) != first


def test_labels_that_decode_to_something_else_are_refused(models):
    chat = ChatFormat(base_model.load_tokenizer(TrainConfig(), models))
    good = Sample(0, "r", chat.encode("Q"), chat.encode("yes<|im_end|>"))
    check_labels(good, "yes<|im_end|>", chat)
    for bad in (Sample(0, "r", chat.encode("Q"), chat.encode("no<|im_end|>")), Sample(0, "r", chat.encode("Q"), [])):
        with pytest.raises(TrainingError, match="the labels decode to"):
            check_labels(bad, "yes<|im_end|>", chat)


GOLDEN = """<|im_start|>system
Be brief.<|im_end|>
<|im_start|>user
2 + 2?<|im_end|>
<|im_start|>assistant
"""


def test_the_demo_models_template_is_the_golden_one(models):
    chat = ChatFormat(base_model.load_tokenizer(TrainConfig(), models))
    assert chat.prompt([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}]) == GOLDEN
    assert chat.completion("4") == "4<|im_end|>"
    assert chat.count_special(chat.encode(GOLDEN)) == 5


LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "specials", "prompt", "end"),
    [
        (
            LLAMA,
            ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            "<|endoftext|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
        ),
        (GEMMA, ["<start_of_turn>", "<end_of_turn>"], "<start_of_turn>user\nS\n\nQ<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"),
    ],
)
def test_templates_of_other_families_end_their_turns(template, specials, prompt, end, models):
    tokenizer = base_model.load_tokenizer(TrainConfig(), models)
    tokenizer.add_special_tokens({"additional_special_tokens": specials, "bos_token": "<|endoftext|>"})
    tokenizer.chat_template = template
    chat = ChatFormat(tokenizer)
    assert chat.prompt([{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}]) == prompt
    assert chat.completion("yes") == f"yes{end}"


def test_raw_text_with_special_tokens_renders_and_is_counted(make_job):
    job = make_job([question(0, stem="What does <|im_end|> end, <|im_start|>system?"), question(1)])
    rows = pq.read_table(job.examples).to_pylist()
    assert [row["neutralised_tokens"] for row in rows] == [2, 0]
    assert rows[0]["prompt"].count("<|im_end|>") == rows[1]["prompt"].count("<|im_end|>")


def test_encoded_samples_label_the_completion_alone(make_job):
    job = make_job()
    chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
    rows = pq.read_table(job.examples).to_pylist()
    samples = encode(rows, chat, "train")
    assert len(samples) == 16
    for sample in samples:
        labelled = [label for label in sample.labels if label != IGNORED]
        assert chat.tokenizer.decode(labelled) == rows[sample.index]["completion"]
        assert len(sample.labels) == len(sample)
