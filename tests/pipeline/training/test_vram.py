"""The plan's sums: by the bytes of tensors that a step of a tiny model really has, by published footprints, and in proportion."""

import gc
import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline.training.hardware import Target, named_target
from pipeline.training.known_models import known_shape
from pipeline.training.loop import label_nll
from pipeline.training.shapes import read_shape
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
SPECIAL = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
BATCH, TOKENS, LABELLED = 4, 64, 3


def peak_of_a_step(family, method, checkpointing, dtype, autocast, more):
    """Bytes that a step's tensors take at once, of a model built as lora.py and base_model.py build it but for NF4."""
    import peft
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(family, **SIZES, **SPECIAL, **more)
    model = AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation="sdpa")
    shape = read_shape({**config.to_dict(), **more}, family)
    if method == "full":
        model.requires_grad_(True)
    else:
        model.requires_grad_(False)
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if method != "full":
        options = {"r": 8, "use_dora": method == "dora", "target_modules": list(shape.linears())}
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **options))
    model.train()
    ids = torch.randint(0, 3000, (BATCH, TOKENS))
    labels = torch.full_like(ids, -100)
    labels[:, -LABELLED:] = ids[:, -LABELLED:]
    gc.collect()
    with LiveBytes([*model.parameters(), *model.buffers()]) as live:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            nll, tokens = label_nll(model, ids, labels)
            loss = (nll / tokens).sum()
        loss.backward()
    return shape, live.peak


CASES = [
    ("llama", "lora", False, torch.float32, False, 0.05),
    ("llama", "lora", True, torch.float32, False, 0.07),
    ("llama", "lora", False, torch.bfloat16, True, 0.07),
    ("llama", "lora", True, torch.bfloat16, True, 0.1),
    ("llama", "dora", False, torch.float32, False, 0.07),
    ("llama", "full", False, torch.float32, False, 0.1),
    ("qwen2", "lora", False, torch.float32, False, 0.05),
    ("qwen3", "lora", False, torch.float32, False, 0.07),
    ("phi3", "lora", False, torch.float32, False, 0.1),
    ("gemma3_text", "lora", False, torch.float32, False, 0.1),
    ("olmo2", "lora", False, torch.float32, False, 0.1),
    ("smollm3", "lora", False, torch.float32, False, 0.07),
    ("granite", "lora", False, torch.float32, False, 0.1),
]


@pytest.mark.parametrize(("family", "method", "checkpointing", "dtype", "autocast", "within"), CASES)
def test_a_steps_tensors_are_as_planned(family, method, checkpointing, dtype, autocast, within):
    more = {"head_dim": 32} if family in ("qwen3", "gemma3_text") else {}
    shape, peak = peak_of_a_step(family, method, checkpointing, dtype, autocast, more)
    target = Target("any", 100, dtype.itemsize, autocast=autocast, context_gib=0, fragmentation=1)
    request = Request(method, 8, tuple(shape.linears()), 0.0, BATCH, 1, checkpointing, "sgd")
    plan = plan_memory(shape, request, Workload(TOKENS, (LABELLED,) * BATCH, 0), target)
    assert plan.step_gib * 2**30 == pytest.approx(peak, rel=within)


def on_t4(model, **settings):
    train = TrainConfig(base_model=model, **settings)
    return plan_memory(known_shape(model), request_of(train, T4), Workload(1024, (4,) * 1024, 0), T4)


def test_the_residual_stream_of_a_quantised_model_is_fp32():
    stream = 32 * 4 * 1024 * 4096 * 4 * T4.fragmentation / 2**30
    assert on_t4("llama-3.1-8b", batch_size=4).components["checkpoints between blocks"] == pytest.approx(stream)
    assert on_t4("llama-3.1-8b", batch_size=4, method="lora").components["checkpoints between blocks"] == pytest.approx(stream / 2)


def test_weights_agree_with_published_footprints():
    """Qwen2.5-7B in NF4 loads at 5.44 GB without double quantisation of its constants (Qwen's speed page, 4-bit); here they are."""
    shape = known_shape("qwen2.5-7b")
    request = request_of(TrainConfig(), T4)
    assert weight_bytes(shape, request, T4) / 1e9 == pytest.approx(5.44, rel=0.03)
    assert pytest.approx(4.127, abs=0.001) == NF4_BITS
    assert weight_bytes(shape, request_of(TrainConfig(method="lora"), T4), T4) == 2 * shape.parameters


def test_dora_needs_more_than_qlora_and_rslora_the_same():
    qlora, dora = (on_t4("llama-3.1-8b", batch_size=1, method=method) for method in ("qlora", "dora"))
    assert dora.total_gib > qlora.total_gib + 1
    rslora = on_t4("llama-3.1-8b", batch_size=1, policy={"name": "sqrt_hidden"})
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
    shape, request = known_shape("llama-3.1-8b"), request_of(TrainConfig(batch_size=1), T4)
    more = {
        tokens: plan_memory(shape, request, Workload(tokens), T4).total_gib - plan_memory(shape, request, Workload(tokens), new).total_gib
        for tokens in (1024, 2048)
    }
    assert more[2048] > 3.9 * more[1024] > 0
    equal = known_shape("phi-3.5-mini")
    request = Request("qlora", 16, tuple(equal.linears()), 0.0, 1, 1, True, "adamw_8bit")
    assert plan_memory(equal, request, Workload(1024), T4).total_gib == pytest.approx(
        plan_memory(equal, request, Workload(1024), new).total_gib
    )


def rendered(prompt, completion, split="train", status="ok"):
    return {"split": split, "status": status, "prompt_tokens": prompt, "completion_tokens": completion}


def test_lengths_and_labels_are_those_of_the_data():
    rows = [rendered(50, 3), rendered(40, 20), rendered(900, 1, "test"), rendered(900, 1, status="not_trained: too_long"), rendered(10, 7)]
    found = workload_of(rows, RenderConfig(max_seq_tokens=1024))
    assert found.longest == 60
    assert [found.most_labelled(batch) for batch in (1, 2, 3, 4)] == [20, 27, 30, 30]
    assumed = workload_of(rows[2:4], RenderConfig(max_seq_tokens=300))
    assert (assumed.longest, assumed.most_labelled(3)) == (300, 96)


def test_a_plan_is_the_sum_of_its_parts():
    plan = on_t4("qwen2.5-1.5b", target_modules=list(LINEAR_KINDS))
    assert plan.total_gib == pytest.approx(sum(plan.components.values()))
    assert plan.total_gib == pytest.approx(plan.standing_gib + plan.step_gib + plan.components["context and rest"])
