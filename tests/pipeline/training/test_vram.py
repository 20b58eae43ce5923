"""The plan's sums: by the bytes of tensors that a step of a tiny model really has, by published footprints, and in proportion."""

import gc
import json
import weakref
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.memory import save_random
from pipeline.common.model import base_model, nf4
from pipeline.training import fused, lora, policy
from pipeline.training.engine import prepare
from pipeline.training.hardware import KEPT_SHARE, Target, named_target
from pipeline.training.known_models import known_shape
from pipeline.training.loop import label_nll
from pipeline.training.shapes import FAMILIES, read_shape
from pipeline.training.vram import NF4_BITS, Request, Workload, compare, plan_memory, request_of, weight_bytes, workload_of
from schemas.config.render import RenderConfig
from schemas.config.train import LINEAR_KINDS, TrainConfig

T4 = named_target("t4")


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that operations make, for as long as they live."""

    def __init__(self, standing):
        super().__init__()
        self.seen, self.now, self.peak = {tensor.untyped_storage()._cdata for tensor in standing}, 0, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf.untyped_storage())
        return made

    def add(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key not in self.seen:
            self.seen.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.drop, key, size)

    def drop(self, key, size):
        self.seen.discard(key)
        self.now -= size


SIZES = {
    "vocab_size": 3000,
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
LABELLED = 3
# Number types as a run has them: a CPU without bf16, one with it, and a GPU (bf16 stands for a T4's fp16).
MODES = {"fp32": (torch.float32, False), "bf16": (torch.bfloat16, False), "gpu": (torch.bfloat16, True)}


@pytest.fixture
def peak_of_a_step(tmp_path, monkeypatch):
    """Bytes that a step's tensors take at once, of a model built and prepared as a run does it; `math`: attention spelt out, as on a T4."""

    def measure(family, method, mode, recomputed=0, math=False, batch=4, tokens=64, prefix=0):
        dtype, gpu = MODES[mode]
        monkeypatch.setattr(base_model, "compute_dtype", lambda _: dtype)
        if gpu:
            monkeypatch.setattr(fused._Layer, "out_dtype", lambda layer, _: layer.dtype)
        save_random({"model_type": family, **SIZES, **({"head_dim": 32} if "gemma" in family or family == "qwen3" else {})}, tmp_path)
        shape = read_shape(json.loads((tmp_path / "config.json").read_text()), family)
        train = TrainConfig(base_model=str(tmp_path), device="cpu", method=method, rank=8, target_modules=list(shape.linears()))
        if method == "full":
            model = lora.build_full(train, tmp_path, torch.device("cpu"), recomputed)
        else:
            resolution = policy.resolve(train.policy, 8, 128)
            model = lora.build(train, tmp_path, torch.device("cpu"), resolution, planned=recomputed)
        prepare(model, tokens)
        ids = torch.randint(20, 3000, (batch, tokens))
        ids[:, :prefix] = ids[0, :prefix]
        ids[:, prefix] = torch.arange(batch)
        labels = torch.full_like(ids, -100)
        labels[:, -LABELLED:] = ids[:, -LABELLED:]

        def step():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=gpu):
                nll, counted = label_nll(model, ids, labels)
            (nll / counted).sum().backward()

        step()
        model.zero_grad()
        gc.collect()
        standing = [found for found in gc.get_objects() if isinstance(found, torch.Tensor)]
        with sdpa_kernel(SDPBackend.MATH) if math else nullcontext(), LiveBytes(standing) as live:
            step()
        target = Target("any", 100, dtype.itemsize, autocast=gpu, shares_keys=not math, context_gib=0, fragmentation=1)
        request = Request(method, 8, tuple(shape.linears()), 0.0, batch, 1, recomputed, "sgd")
        plan = plan_memory(shape, request, Workload(tokens, (LABELLED,) * batch, 0, prefix=prefix), target)
        return live.peak, plan.step_gib * 2**30

    return measure


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["qlora", "lora", "dora"])
@pytest.mark.parametrize("recomputed", [0, 2, 3])
def test_a_steps_tensors_are_as_planned(mode, method, recomputed, peak_of_a_step):
    measured, planned = peak_of_a_step("llama", method, mode, recomputed)
    assert planned == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize("mode", ["fp32", "gpu"])
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_step_of_each_family_is_as_planned(family, mode, peak_of_a_step):
    measured, planned = peak_of_a_step(family, "qlora", mode)
    assert planned == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize(("batch", "tokens", "prefix"), [(4, 64, 0), (4, 64, 20), (2, 200, 0), (1, 400, 0)])
@pytest.mark.parametrize(("mode", "math"), [("fp32", False), ("gpu", False), ("gpu", True)])
def test_a_packed_row_is_as_planned_with_and_without_a_prefix(batch, tokens, prefix, mode, math, peak_of_a_step):
    measured, planned = peak_of_a_step("llama", "qlora", mode, math=math, batch=batch, tokens=tokens, prefix=prefix)
    assert planned == pytest.approx(measured, rel=0.1)


def test_a_step_of_full_fine_tuning_is_as_planned(peak_of_a_step):
    measured, planned = peak_of_a_step("llama", "full", "fp32")
    assert planned == pytest.approx(measured, rel=0.1)


LONG = Workload(1024, (4,) * 1024, 0)


def on_t4(model, workload=LONG, gib=14.0, **settings):
    train, shape, target = TrainConfig(base_model=model, **settings), known_shape(model), replace(T4, capacity_gib=gib)
    return plan_memory(shape, request_of(shape, train, target), workload, target)


def test_the_residual_stream_of_a_quantised_model_is_fp32():
    stream = 32 * 1024 * 4096 * 4 * T4.fragmentation / 2**30
    assert on_t4("llama-3.1-8b", gradient_checkpointing=True).components["activations"] == pytest.approx(stream)
    assert on_t4("llama-3.1-8b", gradient_checkpointing=True, method="lora").components["activations"] == pytest.approx(stream / 2)


def test_as_few_blocks_compute_again_as_memory_needs():
    short = Workload(128, (4,) * 1024, 0)
    assert on_t4("llama-3.1-8b", short).recomputed == 0
    tight = {gib: on_t4("llama-3.1-8b", short, gib) for gib in (7.0, 7.5, 8.0, 10.0)}
    assert [plan.fits for plan in tight.values()] == [True] * 4
    counts = [plan.recomputed for plan in tight.values()]
    assert counts == sorted(counts, reverse=True)
    assert 32 > counts[0] > counts[-1] == 0
    for gib, plan in tight.items():
        if plan.recomputed:
            fewer = plan_memory(known_shape("llama-3.1-8b"), replace(plan.request, recomputed=plan.recomputed - 1), short, plan.target)
            assert fewer.total_gib > gib
    none = on_t4("llama-3.1-8b", short, 5.0)
    assert (none.fits, none.recomputed) == (False, 32)


def test_the_configuration_has_the_last_word_on_computing_again():
    for asked, blocks in ((True, 32), (False, 0)):
        assert on_t4("llama-3.1-8b", Workload(128), gradient_checkpointing=asked).recomputed == blocks
    on_cpu = replace(T4, autocast=False, half_bytes=4, capacity_gib=200.0)
    shape = known_shape("smollm2-135m")
    assert plan_memory(shape, request_of(shape, TrainConfig(), on_cpu), Workload(128), on_cpu).recomputed == 0


def test_a_batch_over_a_pass_takes_no_more_than_a_pass():
    short = Workload(128, (4,) * 1024, 0)
    pass_of_four, many = (on_t4("llama-3.1-8b", short, batch_size=size) for size in (4, 400))
    gradients = many.components["gradients"] - pass_of_four.components["gradients"]
    assert gradients > 0, "they add up over the passes"
    assert many.total_gib == pytest.approx(pass_of_four.total_gib + gradients, rel=0.01)


def test_weights_that_a_cpu_keeps_dequantised_are_counted_up_to_a_twentieth_of_its_memory():
    shape = known_shape("smollm2-135m")
    weights = shape.linear_parameters * 4 / 2**30
    for gib, a_weight in ((weights * 20.1, 4), (weights * 19.9, NF4_BITS / 8)):
        target = replace(T4, autocast=False, half_bytes=4, capacity_gib=gib)
        plan = plan_memory(shape, request_of(shape, TrainConfig(), target), Workload(64), target)
        others = shape.embedding_parameters * 4 + shape.norm_parameters * 4
        assert plan.components["base weights"] * 2**30 == pytest.approx(others + shape.linear_parameters * a_weight)
    assert KEPT_SHARE == nf4.KEPT_SHARE


def test_validation_counts_where_it_takes_more_than_a_step():
    short = Workload(64, (4,) * 1024, 0)
    without = on_t4("llama-3.1-8b", short, batch_size=1, gradient_checkpointing=True)
    asked = on_t4("llama-3.1-8b", replace(short, asked_tokens=16_384), batch_size=1, gradient_checkpointing=True)
    assert (without.moment == "validation", asked.moment) == (False, "validation")
    assert asked.total_gib > without.total_gib
    usual = on_t4("llama-3.1-8b", replace(short, asked_tokens=2048))
    assert usual.moment != "validation"


def test_weights_agree_with_published_footprints():
    """Qwen2.5-7B in NF4 loads at 5.44 GB without double quantisation of its constants (Qwen's speed page, 4-bit); here they are."""
    shape = known_shape("qwen2.5-7b")
    request = request_of(shape, TrainConfig(), T4)
    assert weight_bytes(shape, request, T4) / 1e9 == pytest.approx(5.44, rel=0.03)
    assert pytest.approx(4.127, abs=0.001) == NF4_BITS
    assert weight_bytes(shape, request_of(shape, TrainConfig(method="lora"), T4), T4) == 2 * shape.parameters


def test_dora_needs_more_than_qlora_and_rslora_the_same():
    qlora, dora = (on_t4("llama-3.1-8b", batch_size=1, method=method, gradient_checkpointing=True) for method in ("qlora", "dora"))
    assert dora.total_gib > qlora.total_gib + 1
    rslora = on_t4("llama-3.1-8b", batch_size=1, policy={"name": "sqrt_hidden"}, gradient_checkpointing=True)
    assert rslora.components == qlora.components


def test_full_fine_tuning_is_planned_by_every_optimiser():
    plans = compare(known_shape("llama-3.1-8b"), TrainConfig(batch_size=1), Workload(256), T4)
    totals = {(plan.request.method, plan.request.optimiser): plan for plan in plans}
    assert [key for key in totals if key[0] == "full"] == [("full", name) for name in ("sgd", "momentum", "adamw", "adamw_8bit")]
    states = {name: totals["full", name].components[f"optimiser states ({name})"] for name in ("sgd", "momentum", "adamw", "adamw_8bit")}
    n = known_shape("llama-3.1-8b").parameters / 2**30
    assert states == {"sgd": 0, "momentum": pytest.approx(4 * n), "adamw": pytest.approx(8 * n), "adamw_8bit": pytest.approx(2 * n)}
    assert not any(totals["full", name].fits for name in states)


def test_grouped_keys_on_an_old_gpu_cost_the_square_of_the_length():
    """Fused attention has no kernel for them below capability 8.0."""
    new = Target("new", T4.capacity_gib)
    assert not T4.shares_keys
    shape = known_shape("llama-3.1-8b")
    request = request_of(shape, TrainConfig(batch_size=1, gradient_checkpointing=True), T4)
    more = {
        tokens: plan_memory(shape, request, Workload(tokens), T4).total_gib - plan_memory(shape, request, Workload(tokens), new).total_gib
        for tokens in (1024, 2048)
    }
    assert more[2048] > 3.9 * more[1024] > 0
    equal = known_shape("phi-3.5-mini")
    request = Request("qlora", 16, tuple(equal.linears()), 0.0, 1, 1, 32, "adamw_8bit")
    assert plan_memory(equal, request, Workload(1024), T4).total_gib == pytest.approx(
        plan_memory(equal, request, Workload(1024), new).total_gib
    )


def rendered(prompt, completion, split="train", status="ok"):
    return {"split": split, "status": status, "prompt_tokens": prompt, "completion_tokens": completion}


def test_lengths_and_labels_are_those_of_the_data():
    rows = [rendered(50, 3), rendered(40, 20), rendered(900, 1, "test"), rendered(900, 1, status="not_trained: too_long"), rendered(10, 7)]
    found = workload_of(rows, RenderConfig(max_seq_tokens=1024))
    assert found.longest == 60
    assert (found.shortest, found.prefix) == (17, 0)
    assert [found.most_labelled(batch) for batch in (1, 2, 3, 4)] == [20, 27, 30, 30]
    assumed = workload_of(rows[2:4], RenderConfig(max_seq_tokens=300))
    assert (assumed.longest, assumed.most_labelled(3)) == (300, 96)


def test_what_all_prompts_begin_with_is_told_in_tokens():
    rows = [{**rendered(tokens, 2), "prompt": "system " * 4 + text} for tokens, text in ((20, "b" * 12), (60, "a" * 90))]
    assert workload_of(rows, RenderConfig()).prefix == 14, "28 of the shortest prompt's 40 characters"
    assert workload_of(rows[:1], RenderConfig()).prefix == 0


def test_a_plan_is_the_sum_of_its_parts():
    plan = on_t4("qwen2.5-1.5b", target_modules=list(LINEAR_KINDS))
    assert plan.total_gib == pytest.approx(sum(plan.components.values()))
    assert plan.total_gib == pytest.approx(plan.standing_gib + plan.step_gib + plan.components["context and rest"])
