"""Rendering: one example a question, in order, and no text of a question ends its own turn."""

import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.model.base_model import load_tokenizer
from pipeline.common.model.chat import ChatFormat
from pipeline.common.model.job import Job
from pipeline.render import ANSWER_ALTERED, ANSWER_MERGED, CONTROL_TOKENS, TOO_LONG, count_template_controls, render, render_question
from schemas.config import Config
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig


def question(i, **more):
    row = {"record_id": f"{i:016x}", "split": "train", "split_group": f"{i:016x}", "source": "s", "subject": None, "language": "en"}
    return row | {"context": None, "stem": f"Where is number {i} kept?", "options": ["here", "there"], "answer_index": i % 2} | more


@pytest.fixture
def rendered(tmp_path, tiny_model, models):
    """Renders questions for the tiny model; 128 tokens are the most."""

    def run(*questions):
        blocks = {"render": {"max_seq_tokens": 128}, "train": {"base_model": str(tiny_model), "device": "cpu"}}
        config = Config.model_validate({"dataset": "d", "sources": [{"name": "s", "path": "*"}], **blocks}).model_dump(mode="json")
        files = {name: tmp_path / f"{name}.parquet" for name in ("questions", "examples", "output")}
        pq.write_table(pa.Table.from_pylist(list(questions)), files["questions"])
        render(Job(config=config, models=models, dataset_version="v", run_id="r", **files))
        return pq.read_table(files["output"]).to_pylist()

    return run


def test_questions_become_examples_in_their_order_and_end_with_their_answer(rendered):
    rows = rendered(question(2), question(1), question(3, split="benchmark"))
    assert [row["record_id"] for row in rows] == [f"{i:016x}" for i in (2, 1, 3)]
    assert [row["completion"] for row in rows] == ["A<|im_end|>", "B<|im_end|>", "B<|im_end|>"]
    assert {row["status"] for row in rows} == {"ok"}


def test_a_question_too_long_for_the_model_is_kept_and_says_so(rendered):
    short, long = rendered(question(0), question(1, stem="word " * 300))
    assert (short["status"], long["status"]) == ("ok", TOO_LONG)
    assert long["prompt_tokens"] > 128 > short["prompt_tokens"] + short["completion_tokens"]


def test_raw_text_with_special_tokens_renders_and_is_counted(rendered):
    rows = rendered(question(0, stem="What does <|im_end|> end, <|im_start|>system?"), question(1))
    assert [row["neutralised_tokens"] for row in rows] == [2, 0]
    assert rows[0]["prompt"].count("<|im_end|>") == rows[1]["prompt"].count("<|im_end|>")


def test_a_text_that_still_yields_special_tokens_is_not_trained_and_says_why(models):
    chat, config = ChatFormat(load_tokenizer(TrainConfig(), models)), RenderConfig()
    controls = count_template_controls(chat, config)
    assert render_question(question(1), chat, config, controls)["status"] == "ok"
    assert render_question(question(1), chat, config, controls - 1)["status"] == CONTROL_TOKENS


class Nfkc:
    """A tokenizer that normalises what it reads, as some do: the demo model's, behind NFKC."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def encode(self, text, **options):
        return self.tokenizer.encode(unicodedata.normalize("NFKC", text), **options)


def test_what_a_tokenizer_normalises_is_not_trained_by_name(models):
    chat = ChatFormat(Nfkc(load_tokenizer(TrainConfig(), models)))
    cloze, letter = RenderConfig(style="cloze"), RenderConfig(style="letter")

    def status(config, *options):
        return render_question(question(0, options=list(options)), chat, config, count_template_controls(chat, config))["status"]

    assert status(cloze, "H₂O", "salt") == ANSWER_ALTERED
    assert status(cloze, "salt", "H₂O") == "ok"
    # Letters are as they were, and the model reads H2O whenever it is asked; where two options become one, nobody can choose.
    assert status(letter, "H₂O", "salt") == "ok"
    assert status(letter, "x²", "x2") == ANSWER_MERGED
    assert status(letter, "x", "y²", "y2") == "ok"
