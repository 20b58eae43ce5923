"""Models for tests that need one (the real small model, converted once a machine, and a tiny random one), and tables of a small curation."""

import json
import os

import pytest

from pipeline.assess import assess
from pipeline.deduplicate import deduplicate
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import TrainConfig
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question, Rejected

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A models folder with the converted demo model; that of the demo when it has run, else one of this session."""
    from pipeline.common.model.base_model import locate

    ours = PROJECT_ROOT / "data" / "models"
    folder = ours if (ours / "base" / "smollm2-135m").is_dir() else tmp_path_factory.mktemp("models")
    locate(TrainConfig(), folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(models, tmp_path_factory):
    """Folder of a random two-layer Llama with the demo model's real tokenizer: for what needs no knowledge."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from pipeline.common.model.base_model import load_tokenizer

    torch.manual_seed(0)
    tokenizer = load_tokenizer(TrainConfig(), models)
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **shape))
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def read(tmp_path):
    """Writes one file (text, bytes, or rows for .json and .jsonl) and gives its questions and its rejected rows."""

    def run(content, name="file.json", **source):
        if not isinstance(content, str | bytes):
            lines = name.endswith("jsonl")
            content = (
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content) if lines else json.dumps(content, ensure_ascii=False)
            )
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        config = Config.model_validate({"dataset": "d", "root": str(tmp_path), "sources": [{"name": "s", "path": name, **source}]})
        raw = ingest(config)
        result = normalize(raw, config.sources)
        questions, rejected = to_rows(result.questions, Question), to_rows(result.rejected, Rejected)
        assert sorted(row["record_id"] for row in questions + rejected) == sorted(raw["record_id"].tolist())
        return questions, rejected

    return run


@pytest.fixture
def parse(read):
    """(stem, options, text of the right option) of every question of a file in which nothing is rejected."""

    def run(content, name="file.json", **source):
        questions, rejected = read(content, name, **source)
        assert rejected == [], [(row["locator"], row["reason_codes"], row["detail"], row["stem"], row["options"]) for row in rejected]
        return [(row["stem"], row["options"], row["options"][row["answer_index"]]) for row in questions]

    return run


@pytest.fixture
def reasons(read):
    """Reason codes of each rejected row of a file that gives no question."""

    def run(content, name="file.json", **source):
        questions, rejected = read(content, name, **source)
        assert questions == []
        return [row["reason_codes"] for row in rejected]

    return run


@pytest.fixture(scope="session")
def curated(questions, tmp_path_factory):
    """Frames by asset of a curation of ten records: eight clean questions, a copy of the first, and one without a stem."""
    folder = tmp_path_factory.mktemp("curated")
    rows = [*questions, questions[0], {"question": "", "options": ["a", "b"], "answer": "a"}]
    (folder / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = Config.model_validate({"dataset": "tiny", "root": str(folder), "sources": [{"name": "school", "path": "*.jsonl"}]})
    raw = ingest(config)
    normal = normalize(raw, config.sources)
    found = deduplicate(normal.questions, config.dedup)
    quality = assess(normal.questions)
    chosen = select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score)
    splits = split(chosen, config.split)
    return {
        "raw_records": raw,
        "questions": normal.questions,
        "rejected_records": normal.rejected,
        "duplicate_clusters": found.members,
        "duplicate_pairs": found.pairs,
        "quality_scores": quality,
        "curated_questions": chosen,
        "splits": splits,
        "sample_ledger": build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {}),
    }
