"""Chats and instructions for TRL, LLaMA-Factory and Axolotl."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.common.prompt import answer, messages
from pipeline.export.rows import Export, write_jsonl


def write_messages(folder: Path, given: Export) -> None:
    """One chat a row: the prompt that this project trains on, and the answer as the assistant's turn."""
    render = given.config.render
    for name, rows in given.parts.items():
        chats = []
        for row in rows:
            said = given.said(row)
            reply = {"role": "assistant", "content": answer(said, row["answer_index"], render.style)}
            chats.append({"record_id": row["record_id"], "messages": [*messages(said, render.style, given.system_prompt), reply]})
        write_jsonl(folder / f"{name}.jsonl", chats)
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
    entry = {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": tags}
    axolotl = {"type": "chat_template", "field_messages": "messages"}
    _for_trainers(folder, given, entry, axolotl)


def write_alpaca(folder: Path, given: Export) -> None:
    """Instruction, input and output."""
    render = given.config.render
    for name, rows in given.parts.items():
        found = []
        for row in rows:
            said = given.said(row)
            asked = messages(said, render.style, "")[-1]["content"]
            reply = answer(said, row["answer_index"], render.style)
            found.append({"record_id": row["record_id"], "instruction": given.system_prompt, "input": asked, "output": reply})
        write_jsonl(folder / f"{name}.jsonl", found)
    entry = {"formatting": "alpaca", "columns": {"prompt": "instruction", "query": "input", "response": "output"}}
    _for_trainers(folder, given, entry, {"type": "alpaca"})


def _for_trainers(folder: Path, given: Export, entry: Mapping[str, Any], axolotl: Mapping[str, Any]) -> None:
    """What TRL, LLaMA-Factory and Axolotl want to be told, as files and in the README."""
    dataset = given.version.dataset
    info = {f"{dataset}_{name}": {"file_name": f"{name}.jsonl", **entry} for name in given.parts}
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    blocks = {
        key: [{"path": f"{name}.jsonl", "ds_type": "json", "split": "train", **axolotl}]
        for key, name in AXOLOTL_KEYS.items()
        if name in given.parts
    }
    head = {"configs": [{"config_name": "default", "data_files": [{"split": name, "path": f"{name}.jsonl"} for name in given.parts]}]}
    (folder / "README.md").write_text(
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n# {dataset} for trainers\n\n"
        f"Version `{given.version.name}`, prompt style `{given.config.render.style}`: the prompts of this project's own runs. "
        f"Labels belong on the answer alone. {_control_tokens(given)}\n\n"
        "## TRL\n\n```python\nfrom datasets import load_dataset\nfrom trl import SFTTrainer\n\n"
        'data = load_dataset("PATH/TO/THIS/FOLDER")\nSFTTrainer(model, train_dataset=data["train"], ...)\n```\n\n'
        f"## LLaMA-Factory\n\n`dataset_info.json` is here: `dataset_dir: PATH/TO/THIS/FOLDER` and `dataset: {next(iter(info))}`.\n\n"
        f"## Axolotl\n\nWith this folder as working directory:\n\n```yaml\n{yaml.safe_dump(blocks, sort_keys=False)}```\n",
        encoding="utf-8",
    )


def _control_tokens(given: Export) -> str:
    """What became of control tokens that questions hold, in a sentence or two."""
    if (found := given.broken()) is None:
        return "Control tokens of chat templates that questions hold were kept: where a trainer reads them, a question can end its turn."
    return (
        f"Control tokens of chat templates that questions hold were broken by a space: {found['broken']} in {found['rows']} rows "
        "(`--control-tokens keep` leaves them)."
    )


AXOLOTL_KEYS = {"datasets": "train", "test_datasets": "validation"}
