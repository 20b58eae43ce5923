"""Merged models: what they are added to, that they answer as trained, and that another one is refused."""

import json

import bitsandbytes
import pytest
import torch
import transformers

from pipeline.common.model import base_model
from pipeline.handover.gguf import convert, find_converter
from pipeline.handover.job import MergeJob, open_adapter
from pipeline.handover.merge import merge, round_to_nf4
from pipeline.handover.merging import aside_of, asked_of
from schemas.config.train import TrainConfig
from schemas.errors import DataError, TrainingError

CPU = torch.device("cpu")


def merged(adapter, output, **settings):
    found = open_adapter(adapter.folder)
    facts = found.facts(found.config, output, asked_of(adapter.folder), adapter.root / "models")
    output.mkdir(parents=True, exist_ok=True)
    merge(MergeJob.model_validate(facts | {"weights": "float16", "onto": "trained", "agree": 0.99, "max_questions": None} | settings))
    return json.loads((output / "merge.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("method", ["qlora", "dora", "lora", "full"])
def test_a_merged_model_answers_as_trained(method, trained, tmp_path):
    check = merged(trained(method), tmp_path / "m")["check"]
    assert (check["questions"], check["agreed"]) == (34, 34), "validation and test"
    assert 0 < check["largest_difference_nats"] < 0.2
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert model.dtype == torch.float16
    assert getattr(model.config, "quantization_config", None) is None
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "m").chat_template


def test_onto_the_publishers_weights_it_is_another_model(trained, tmp_path):
    onto = {name: merged(trained(), tmp_path / name, onto=name, agree=0)["check"] for name in ("trained", "original")}
    assert onto["original"]["median_difference_nats"] > 5 * onto["trained"]["median_difference_nats"]


def test_what_agrees_too_seldom_is_refused_with_the_figures(trained, tmp_path):
    with pytest.raises(
        TrainingError, match=r"isn't what was trained: 34 of 34 choices agree \(100.00%; 101.00% asked for\).*nats.*right: "
    ):
        merged(trained(), tmp_path / "m", agree=1.01)
    assert not (tmp_path / "m" / "merge.json").exists()


def test_a_sample_of_questions_is_checked_where_there_are_many(trained, tmp_path):
    assert merged(trained(), tmp_path / "m", max_questions=5)["check"]["questions"] == 5


def test_rounding_gives_the_weights_that_a_model_in_nf4_computes_with(tiny_model, models):
    train = TrainConfig(base_model=str(tiny_model), device="cpu")
    quantised = base_model.load_model(train, models, CPU, quantised=True)
    rounded = transformers.AutoModelForCausalLM.from_pretrained(tiny_model, dtype=base_model.compute_dtype(CPU))
    round_to_nf4(rounded)
    plain, head = dict(rounded.named_modules()), quantised.get_output_embeddings()
    layers = {name: one for name, one in quantised.named_modules() if isinstance(one, torch.nn.Linear) and one is not head}
    assert layers
    for name, module in layers.items():
        weight = module.weight.data
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            weight = bitsandbytes.functional.dequantize_4bit(weight, module.weight.quant_state)
        torch.testing.assert_close(plain[name].weight.data, weight, rtol=0, atol=1e-3)


def test_the_folder_is_there_when_all_went_well_and_not_before(tmp_path):
    target = tmp_path / "merged"

    def refuse():
        with aside_of(target) as aside:
            (aside / "model" / "model.safetensors").write_bytes(b"half")
            raise TrainingError("refused")

    with pytest.raises(TrainingError):
        refuse()
    assert list(tmp_path.iterdir()) == []
    with aside_of(target) as aside:
        (aside / "model" / "model.safetensors").write_bytes(b"whole")
    assert [path.name for path in tmp_path.rglob("*")] == ["merged", "model.safetensors"]
    with pytest.raises(DataError, match="isn't empty"), aside_of(target):
        pass
    assert (target / "model.safetensors").read_bytes() == b"whole"


def test_the_questions_lie_where_the_training_read_them_or_beside_a_moved_adapter(trained, tmp_path):
    import shutil

    adapter = trained()
    found = asked_of(adapter.folder)
    assert found == adapter.root / "models" / "d" / "examples" / "e" / "questions.parquet"
    shutil.copytree(adapter.root / "models" / "d", tmp_path / "d")
    moved = tmp_path / "d" / "adapters" / adapter.folder.name
    (moved / "training.job.json").write_text(json.dumps({"questions": "/gone/examples/e/questions.parquet"}))
    assert asked_of(moved) == tmp_path / "d" / "examples" / "e" / "questions.parquet"
    shutil.rmtree(tmp_path / "d" / "examples")
    with pytest.raises(DataError, match="--questions"):
        asked_of(moved)


STAND_IN = """import sys, pathlib
model, flag, target, kind, dtype = sys.argv[1:]
assert (flag, kind) == ("--outfile", "--outtype") and pathlib.Path(model).is_dir()
print("reading", model)
if dtype == "bf16": sys.exit("unknown architecture")
pathlib.Path(target).write_bytes(b"GGUF" + dtype.encode())
"""


def test_a_converter_is_found_called_and_believed_only_where_it_wrote_gguf(tmp_path, monkeypatch):
    monkeypatch.delenv("LLAMA_CPP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(DataError, match=r"git clone https://github.com/ggml-org/llama.cpp.*set LLAMA_CPP"):
        find_converter()
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    with pytest.raises(DataError, match="isn't there"):
        find_converter()
    (tmp_path / "convert_hf_to_gguf.py").write_text(STAND_IN)
    (tmp_path / "model").mkdir()
    target = tmp_path / "model" / "m.gguf"
    convert(find_converter(), tmp_path / "model", "float16", target)
    assert target.read_bytes() == b"GGUFf16"
    with pytest.raises(DataError, match=r"(?s)made no GGUF.*merged model is whole.*unknown architecture"):
        convert(find_converter(), tmp_path / "model", "bfloat16", tmp_path / "model" / "other.gguf")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["m.gguf"]
    (tmp_path / "convert_hf_to_gguf.py").write_text("")
    with pytest.raises(DataError, match="exit code 0"):
        convert(find_converter(), tmp_path / "model", "float16", tmp_path / "model" / "other.gguf")
