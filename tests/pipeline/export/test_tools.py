"""Every export opened by the tool that it is for. Where one isn't installed its test says so and is skipped; docs/export.md tells with
which versions they were last run."""

import json
import subprocess
import sys

import pytest

from pipeline.common.store.lake import Version
from pipeline.export import export
from schemas.config import Config
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow

CONFIG = Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*", "licence": "CC0-1.0"}]})
VERSION = Version("d", "v1", {}, {}, {}, "run", "2026-01-01")
NASTY = [
    "=1 + 1",
    'says "yes", no?',
    "\\frac{1}{2} \\neq x_1",
    "a {b} ~c =d #e :f",
    "😀 – Hà Nội\nsecond line",
    "A. Conan Doyle",
    "7",
    "%50% of -> it",
]
FEATURES = ["record_id", "context", "question", "options", "answer_index", "answer", "answer_text", "fixed_order"]


def tool(name, package=None):
    return pytest.importorskip(name, reason=f"{package or name} is not installed; see docs/export.md", exc_type=ImportError)


@pytest.fixture
def rows():
    """Twelve questions in three splits, every text nasty, one with options that refer to each other."""
    rows = []
    for n in range(12):
        row = dict.fromkeys(LedgerRow.model_fields) | dict.fromkeys(("dataset_version", "licence", "file_sha256", "payload"), "s")
        row |= {"source": "s", "role": "train", "file": "f", "locator": f"f#line:{n}", "record_id": f"r{n:04}", "language": "vi"}
        row |= {"disposition": "train", "reason_codes": [], "repairs": [], "split": ("train", "validation", "test")[n % 3]}
        options = [NASTY[(n + i) % 8] for i in range(2 + n % 3)] + (["All of the above"] if n == 5 else [])
        row |= {"stem": f"{NASTY[n % 8]} is which?", "context": NASTY[(n + 3) % 8] if n % 2 else None, "options": options}
        rows.append(row | {"answer_index": n % len(options), "fixed_order": n == 5, "split_group": f"g{n}", "content_id": f"c{n}"})
    return rows


@pytest.fixture
def exported(rows, tmp_path):
    def write(form):
        export(tmp_path / form, form, to_frame(rows, LedgerRow), VERSION, CONFIG)
        return tmp_path / form

    return write


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf_home"))


def test_datasets_opens_hf_with_its_splits_and_features(exported, rows, offline, tmp_path):
    datasets = tool("datasets")
    data = datasets.load_dataset(str(exported("hf")), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in data.items()} == {"train": 4, "validation": 4, "test": 4}
    assert list(data["train"].features)[:8] == FEATURES
    by_id = {row["record_id"]: row for part in data.values() for row in part}
    for row in rows:
        found = by_id[row["record_id"]]
        assert (found["question"], found["options"], found["answer_index"]) == (row["stem"], row["options"], row["answer_index"])
        assert found["answer_text"] == row["options"]["ABCDEFGHIJ".index(found["answer"])]


@pytest.mark.parametrize("form", ["messages", "alpaca"])
def test_datasets_opens_what_trainers_read(form, exported, offline, tmp_path):
    datasets = tool("datasets")
    data = datasets.load_dataset(str(exported(form)), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in data.items()} == {"train": 4, "validation": 4, "test": 4}


def test_trl_takes_a_step_on_messages(exported, request, offline, tmp_path):
    trl, datasets = tool("trl"), tool("datasets")
    tiny_model = request.getfixturevalue("tiny_model")  # costs a minute: only where it is used
    from transformers import AutoTokenizer

    data = datasets.load_dataset(str(exported("messages")), cache_dir=str(tmp_path / "cache"))
    args = trl.SFTConfig(str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=2, report_to=[], use_cpu=True, bf16=False)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    trainer = trl.SFTTrainer(str(tiny_model), args=args, train_dataset=data["train"], processing_class=tokenizer)
    assert trainer.train().training_loss > 0


def test_lm_eval_runs_both_tasks_from_another_folder(exported, offline, tmp_path):
    tool("lm_eval", "lm-eval")
    folder = exported("lm-eval")
    command = [sys.executable, "-m", "lm_eval", "--model", "dummy", "--include_path", str(folder), "--tasks", "mcq_d_letter,mcq_d_cloze"]
    command += ["--log_samples", "--output_path", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for style in ("letter", "cloze"):
        (samples,) = (tmp_path / "out").rglob(f"samples_mcq_d_{style}_*.jsonl")
        found = [json.loads(line) for line in samples.read_text().splitlines()]
        assert {sample["doc"]["record_id"]: int(sample["target"]) for sample in found} == {
            row["record_id"]: row["answer_index"] for row in map(json.loads, (folder / "test.jsonl").read_text().splitlines())
        }


def test_an_independent_parser_reads_gift(exported, rows):
    tool("pygiftparser", "pygiftparserrgmf")
    from pygiftparser import parser

    found = {}
    for path in exported("gift").glob("*.gift"):
        for question in parser.parse(path.read_text(encoding="utf-8")).questions:
            found[question.name.strip()] = question
    assert set(found) == {row["record_id"] for row in rows}
    for row in rows:
        options = found[row["record_id"]].answer.options
        right = [place for place, option in enumerate(options) if option.prefix == "="]
        assert (len(options), right) == (len(row["options"]), [row["answer_index"]])


@pytest.mark.parametrize("form", ["messages", "alpaca"])
def test_llama_factory_loads_what_dataset_info_names(form, exported, offline, tmp_path):
    parsing = tool("llamafactory.data.parser", "llamafactory")
    converting = tool("llamafactory.data.converter", "llamafactory")
    datasets = tool("datasets")
    folder = exported(form)
    (attributes,) = parsing.get_dataset_list(["d_train"], str(folder))
    data = datasets.load_dataset("json", data_files=str(folder / attributes.dataset_name), split="train", cache_dir=str(tmp_path / "cache"))
    arguments = type("Arguments", (), {"media_dir": "", "dataset_dir": str(folder)})()
    convert = converting.get_dataset_converter(attributes.formatting, attributes, arguments)
    for row, line in zip(map(convert, data), (folder / "train.jsonl").read_text().splitlines(), strict=True):
        ours = json.loads(line)
        said = ours["output"] if form == "alpaca" else ours["messages"][-1]["content"]
        assert [turn["role"] for turn in row["_prompt"]] == ["user"]
        assert (row["_response"][0]["role"], row["_response"][0]["content"]) == ("assistant", said)
        if form == "messages":
            assert row["_system"] == ours["messages"][0]["content"]


def test_axolotl_masks_all_but_the_answer(exported, request, offline):
    strategies = tool("axolotl.prompt_strategies.chat_template", "axolotl")
    tiny_model = request.getfixturevalue("tiny_model")
    from axolotl.utils.dict import DictDefault
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    rows = map(json.loads, (exported("messages") / "train.jsonl").read_text().splitlines())
    settings = DictDefault({"type": "chat_template", "field_messages": "messages", "path": "train.jsonl"})
    config = DictDefault({"sequence_len": 512, "train_on_inputs": False, "chat_template": "tokenizer_default"})
    strategy = strategies.load(tokenizer, config, settings)
    for row in rows:
        tokenised = strategy.tokenize_prompt(row)
        labelled = [token for token in tokenised["labels"] if token != -100]
        assert tokenizer.decode(labelled, skip_special_tokens=True).strip() == row["messages"][-1]["content"]
