"""Renders questions with the base model's own chat template: `python -m pipeline.render JOB.json`.

One row a question, whatever its split. One that the model can't be trained on is kept and says why.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import pyarrow.parquet as pq

from pipeline.common.files import write_parquet
from pipeline.common.model.job import Job, log, run_child
from pipeline.common.prompt import answer
from schemas.config.render import RenderConfig
from schemas.tables.bounds import checked_rows
from schemas.tables.training import ChatExample
from schemas.vocabulary import NotTrained

TOO_LONG: NotTrained = "not_trained: too_long"
CONTROL_TOKENS: NotTrained = "not_trained: control_tokens"
ANSWER_ALTERED: NotTrained = "not_trained: answer_altered"
ANSWER_MERGED: NotTrained = "not_trained: answer_merged"


def render_question(question: Mapping[str, Any], chat: Any, config: RenderConfig, template_controls: int) -> dict[str, Any]:
    """The ChatExample row of one question; `chat` is a ChatFormat that writes `template_controls` control tokens around any.

    What can't be trained on keeps its row, with the reason as `status`.
    """
    safe, prompt, neutralised = chat.ask(question, config.style, config.system_prompt)
    completion = chat.completion(answer(safe, question["answer_index"], config.style))
    prompt_ids, completion_ids = chat.encode(prompt), chat.encode(completion)
    status: Literal["ok"] | NotTrained = "ok" if len(prompt_ids) + len(completion_ids) <= config.max_seq_tokens else TOO_LONG
    if chat.count_controls(prompt) + chat.count_controls(completion) != template_controls:
        status = CONTROL_TOKENS  # it could end its own turn
    elif chat.tokenizer.decode(completion_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) != completion:
        status = ANSWER_ALTERED
    elif _is_merged(safe, chat):
        status = ANSWER_MERGED
    return {
        **{key: question[key] for key in ("record_id", "split", "split_group", "source", "subject", "language")},
        "prompt": prompt,
        "completion": completion,
        "prompt_tokens": len(prompt_ids),
        "completion_tokens": len(completion_ids),
        "neutralised_tokens": neutralised,
        "status": status,
    }


def _is_merged(question: Mapping[str, Any], chat: Any) -> bool:
    """Whether the tokenizer leaves nothing of the right option, or makes it the same as another: x² and x2 under NFKC."""
    options = [chat.encode(option.strip()) for option in question["options"]]
    key = options[question["answer_index"]]
    return not key or options.count(key) > 1


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
    told = "".join(f"; {count} {status}" for status, count in Counter(row["status"] for row in rows).items() if status != "ok")
    neutralised = sum(row["neutralised_tokens"] for row in rows)
    log.info("rendered %d questions%s; %d control tokens neutralised", len(rows), told, neutralised)


if __name__ == "__main__":
    sys.exit(run_child(render, Job))
