"""The plan against the peak of a real step, measured as the benchmark does: a process of its own, NF4 and the engine as they are."""

import pytest

from benchmarks.memory import as_line, run_case, save_random

HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
LLAMA = {"model_type": "llama", "hidden_size": 384, "num_hidden_layers": 4, "intermediate_size": 1056, "vocab_size": 2000, **HEADS}
QWEN2 = {**LLAMA, "model_type": "qwen2", "intermediate_size": 1664, "tie_word_embeddings": True}
QWEN3 = {**LLAMA, "model_type": "qwen3", "num_hidden_layers": 6, "head_dim": 64}


# A batch over a pass, one under it, and samples longer than a pass; fp32, as bf16's kernels take room of their own on some CPUs.
@pytest.mark.parametrize(
    ("config", "method", "batch", "tokens"), [(LLAMA, "qlora", 10, 128), (QWEN2, "lora", 4, 128), (QWEN3, "qlora", 2, 640)]
)
def test_a_real_step_takes_what_is_planned(config, method, batch, tokens, tmp_path):
    save_random(config, tmp_path)
    rows = run_case(f"{tmp_path}|cpu|{method}|{batch}|{tokens}|float32")
    assert [row["checkpointing"] for row in rows] == [False, True]
    for row in rows:
        if not row["measured_step"]:
            pytest.skip("this system doesn't tell a process its peak")
        assert row["planned_standing"] == pytest.approx(row["measured_standing"], rel=0.02)
        assert row["planned_step"] == pytest.approx(row["measured_step"], rel=0.1)
    assert rows[1]["measured_step"] < rows[0]["measured_step"]


def test_a_row_says_how_far_off_the_plan_is():
    row = {"planned_step": 1.1, "measured_step": 1.0, "checkpointing": True}
    assert as_line("m", 2, 8, "lora", row) == "| m | 2 x 8 | lora | yes | 1.100 / 1.000 | +10.0% |"
