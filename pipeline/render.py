"""Renders questions with the base model's own chat template: `python -m pipeline.render JOB.json`.

One row a question, whatever its split. A sample too long for the model is kept and says so.
"""

import sys
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from pipeline.common.files import write_parquet
from pipeline.common.model.job import Job, log, run_child
from pipeline.common.prompt import answer
from schemas.config.render import RenderConfig
from schemas.errors import TrainingError
from schemas.tables.bounds import checked_rows
from schemas.tables.training import ChatExample

TOO_LONG = "not_trained: too_long"


def render_question(question: Mapping[str, Any], chat: Any, config: RenderConfig, template_controls: int) -> dict[str, Any]:
    """The ChatExample row of one question; `chat` is a ChatFormat that writes `template_controls` control tokens around any.

    Raises TrainingError when raw text still yields a control token, which would let a question end its own turn.
    """
    safe, prompt, neutralised = chat.ask(question, config.style, config.system_prompt)
    completion = chat.completion(answer(safe, question["answer_index"], config.style))
    if chat.count_controls(prompt) + chat.count_controls(completion) != template_controls:
        raise TrainingError(
            f"record {question['record_id']}: its text turns into control tokens of the base model: {prompt[:500]!r} {completion[:200]!r}"
        )
    prompt_ids, completion_ids = chat.encode(prompt), chat.encode(completion)
    tokens = len(prompt_ids) + len(completion_ids)
    return {
        **{key: question[key] for key in ("record_id", "split", "split_group", "source", "subject", "language")},
        "prompt": prompt,
        "completion": completion,
        "prompt_tokens": len(prompt_ids),
        "completion_tokens": len(completion_ids),
        "neutralised_tokens": neutralised,
        "status": "ok" if tokens <= config.max_seq_tokens else TOO_LONG,
    }


def count_template_controls(chat: Any, config: RenderConfig) -> int:
    """How many control tokens and marks the template itself writes around any question and answer."""
    nothing: dict[str, Any] = {"context": None, "stem": "?", "options": ["?"], "language": "en"}
    return int(chat.count_controls(chat.ask(nothing, config.style, config.system_prompt)[1]) + chat.count_controls(chat.completion("?")))


def render(job: Job) -> None:
    """Reads the job's questions and writes its `output`, a Parquet file of ChatExample rows in the same order."""
    from pipeline.common.model.base_model import load_tokenizer
    from pipeline.common.model.chat import ChatFormat

    chat = ChatFormat(load_tokenizer(job.train, job.models))
    config = job.render
    controls = count_template_controls(chat, config)
    rows = [render_question(question, chat, config, controls) for question in pq.read_table(job.questions).to_pylist()]
    write_parquet(job.output, checked_rows(rows, ChatExample))
    too_long = sum(row["status"] == TOO_LONG for row in rows)
    neutralised = sum(row["neutralised_tokens"] for row in rows)
    log.info("rendered %d questions; %d too long; %d control tokens neutralised", len(rows), too_long, neutralised)


if __name__ == "__main__":
    sys.exit(run_child(render, Job))
