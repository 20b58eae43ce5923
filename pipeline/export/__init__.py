"""The curated set in the forms that other tools read: train, validation and test, every row with its record_id."""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from pipeline.common.letters import LETTERS
from pipeline.common.prompt import answer, messages
from pipeline.common.store.lake import Version
from pipeline.export.sheets import gift_text, write_csv, write_xlsx
from pipeline.ledger import curated_rows
from schemas.config import Config
from schemas.errors import DataError
from schemas.reasons import SPLITS, Disposition
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow

MARK = ".mcq-export.json"
ROW_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("record_id", "context", "question")),
        ("options", pa.list_(pa.string())),
        ("answer_index", pa.int64()),
        *((name, pa.string()) for name in ("answer", "answer_text")),
        ("fixed_order", pa.bool_()),
        *((name, pa.string()) for name in ("explanation", "subject", "language", "source", "licence", "split_group", "content_id")),
    ]
)
Rows = Sequence[dict[str, Any]]


class Export(NamedTuple):
    """What a writer gets: rows by split (those that have any), and what they come from."""

    parts: dict[str, list[dict[str, Any]]]
    version: Version
    config: Config

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of all splits."""
        return [row for rows in self.parts.values() for row in rows]


def export(folder: Path, form: str, ledger: pd.DataFrame, version: Version, config: Config) -> dict[str, int]:
    """Writes the published rows below `folder`, whole or not at all; returns rows by split.

    An earlier export there is replaced. Raises DataError when the folder holds anything else, or there is nothing to export.
    """
    require_ours(folder)
    rows = [_row(row) for row in to_rows(curated_rows(ledger), LedgerRow)]
    if not rows:
        counts = ", ".join(f"{name} {count:,}" for name, count in version.counts.items() if count) or "no record was read"
        raise DataError(f"version {version.name} of {version.dataset} has no question in any split, nothing to export: {counts}")
    parts = {str(name): [row for row in rows if row["split"] == name] for name in SPLITS}
    aside, old = (folder.parent / f".{folder.name}.{os.getpid()}.{what}" for what in ("new", "old"))
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        FORMATS[form](aside, Export({name: part for name, part in parts.items() if part}, version, config))
        counts_by_split = {name: len(part) for name, part in parts.items()}
        files = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file())
        facts = {"format": form, "version": version.name, "rows": counts_by_split, "files": files}
        (aside / MARK).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return counts_by_split


def require_ours(folder: Path) -> None:
    """Raises DataError unless `folder` is new, empty, or holds an earlier export and nothing beside it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder to export to")
    mark = folder / MARK
    ours = {MARK, *json.loads(mark.read_text(encoding="utf-8")).get("files", [])} if mark.is_file() else set()
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    if foreign := sorted(found - ours):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise DataError(f"{folder} holds {foreign[0]}{more}, which is no export of ours; name an empty or a new folder")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    answers = {"answer": LETTERS[row["answer_index"]], "answer_text": row["options"][row["answer_index"]]}
    return {**row, "question": row["stem"], "fixed_order": bool(row["fixed_order"]), **answers}


def _jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _hf(folder: Path, given: Export) -> None:
    (folder / "data").mkdir()
    for name, rows in given.parts.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=ROW_SCHEMA), folder / "data" / f"{name}.parquet")
    (folder / "README.md").write_text(card(given), encoding="utf-8")


def card(given: Export) -> str:
    """The dataset card: YAML head for the hub's tools, then funnel, licences and known limits."""
    rows, version = given.rows, given.version
    licences = {source.name: source.licence for source in given.config.sources}
    used = {licences.get(row["source"], "") for row in rows}
    size = next(name for limit, name in SIZES if len(rows) < limit)
    head = {
        "pretty_name": version.dataset,
        "language": sorted({row["language"] for row in rows}),
        "license": next(iter(used)).lower() if len(used) == 1 and used != {""} else "other",
        "task_categories": ["multiple-choice", "question-answering"],
        "size_categories": [size],
        "configs": [
            {"config_name": "default", "data_files": [{"split": name, "path": f"data/{name}.parquet"} for name in given.parts]},
        ],
        "dataset_version": version.dataset_version,
    }
    funnel = [[str(name), f"{version.counts.get(str(name), 0):,}"] for name in Disposition]
    by_source = Counter((row["source"], row["split"]) for row in rows)
    sources = [
        [name, *(f"{by_source[name, str(split)]:,}" for split in SPLITS), licence or "not stated: clear it before you pass rows on"]
        for name, licence in licences.items()
        if any(by_source[name, str(split)] for split in SPLITS)
    ]
    fixed, explained = (sum(bool(row[key]) for row in rows) for key in ("fixed_order", "explanation"))
    return "\n\n".join(
        [
            f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n# {version.dataset}",
            f"Multiple-choice questions, dataset version `{version.dataset_version}` (`{version.name}`), published {version.published_at}. "
            "`options` stand in file order, `answer_index` counts from 0, `answer` is its letter and `answer_text` its option. Rows of one "
            "`split_group` belong together (duplicates, variants, one passage) and never stand in two splits. `record_id` leads back to "
            "the raw record: `mcq trace RECORD_ID`.",
            "## Funnel\n\n" + _table(["disposition", "records"], funnel),
            "## Licences by source\n\n" + _table(["source", *map(str, SPLITS), "licence"], sources),
            "## Known limits\n\n"
            "- Keys are those of the sources. Where two records contradicted each other both were held back "
            f"({version.counts.get('conflict', 0):,} records); a wrong key that nothing contradicts is still here.\n"
            f'- {fixed:,} questions have `fixed_order`: an option refers to others ("all of the above"), so don\'t shuffle their options.\n'
            f"- {explained:,} of {len(rows):,} rows have an explanation, as found in the source, unchecked.\n"
            "- Questions that need a picture were left out, so subjects that rest on pictures are thinner here than in their sources.\n"
            "- Texts are repaired (encoding, HTML, numbering, option marks) and otherwise as found, spelling included.\n",
        ]
    )


SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (float("inf"), "n>1M"))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [columns, ["---"] * len(columns), *rows])


def _messages(folder: Path, given: Export) -> None:
    render = given.config.render
    for name, rows in given.parts.items():
        chats = []
        for row in rows:
            said = {"role": "assistant", "content": answer(row, row["answer_index"], render.style)}
            chats.append({"record_id": row["record_id"], "messages": [*messages(row, render.style, render.system_prompt), said]})
        _jsonl(folder / f"{name}.jsonl", chats)
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system"}
    entry = {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": tags}
    axolotl = {"type": "chat_template", "field_messages": "messages"}
    _for_trainers(folder, given, entry, axolotl)


def _alpaca(folder: Path, given: Export) -> None:
    render = given.config.render
    for name, rows in given.parts.items():
        found = []
        for row in rows:
            asked = messages(row, render.style, "")[-1]["content"]
            said = answer(row, row["answer_index"], render.style)
            found.append({"record_id": row["record_id"], "instruction": render.system_prompt, "input": asked, "output": said})
        _jsonl(folder / f"{name}.jsonl", found)
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
        "Labels belong on the answer alone.\n\n"
        "## TRL\n\n```python\nfrom datasets import load_dataset\nfrom trl import SFTTrainer\n\n"
        'data = load_dataset("PATH/TO/THIS/FOLDER")\nSFTTrainer(model, train_dataset=data["train"], ...)\n```\n\n'
        f"## LLaMA-Factory\n\n`dataset_info.json` is here: `dataset_dir: PATH/TO/THIS/FOLDER` and `dataset: {next(iter(info))}`.\n\n"
        f"## Axolotl\n\nWith this folder as working directory:\n\n```yaml\n{yaml.safe_dump(blocks, sort_keys=False)}```\n",
        encoding="utf-8",
    )


AXOLOTL_KEYS = {"datasets": "train", "test_datasets": "validation"}


def _lm_eval(folder: Path, given: Export) -> None:
    """Two tasks on the same rows: the options listed and a letter to say, or the question alone and the likeliest option's text."""
    keys = ("record_id", "context", "question", "options", "answer_index", "answer", "fixed_order", "subject", "language")
    for name, rows in given.parts.items():
        asked = [
            {
                **{key: row[key] for key in keys},
                "letters": list(LETTERS[: len(row["options"])]),
                **{f"{style}_prompt": messages(row, style, "")[-1]["content"] for style in ("letter", "cloze")},
            }
            for row in rows
        ]
        _jsonl(folder / f"{name}.jsonl", asked)
    (folder / "rows.py").write_text(LM_EVAL_ROWS, encoding="utf-8")
    splits = {"training_split": "train", "validation_split": "validation", "test_split": "test", "fewshot_split": "train"}
    task = re.sub(r"\W", "_", f"mcq_{given.version.dataset}")
    for style, choices in (("letter", "{{letters}}"), ("cloze", "{{options}}")):
        spec = {
            "task": f"{task}_{style}",
            "output_type": "multiple_choice",
            **{key: name for key, name in splits.items() if name in given.parts},
            "doc_to_text": f"{{{{{style}_prompt}}}}",
            "doc_to_choice": choices,
            "doc_to_target": "answer_index",
            "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm")],
            "metadata": {"version": 1, "dataset_version": given.version.dataset_version},
        }
        text = f"# lm_eval --include_path THIS_FOLDER --tasks {spec['task']} ...\ncustom_dataset: !function rows.load\n"
        (folder / f"{spec['task']}.yaml").write_text(text + yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")


LM_EVAL_ROWS = '''"""The rows beside this file, wherever the folder lies: `custom_dataset` of lm-eval."""

from pathlib import Path

from datasets import load_dataset


def load(**_):
    here = Path(__file__).parent
    return load_dataset("json", data_files={path.stem: str(path) for path in sorted(here.glob("*.jsonl"))})
'''


def _csv(folder: Path, given: Export) -> None:
    for name, rows in given.parts.items():
        write_csv(folder / f"{name}.csv", rows)


def _xlsx(folder: Path, given: Export) -> None:
    write_xlsx(folder / f"{given.version.dataset}.xlsx", given.parts)


def _gift(folder: Path, given: Export) -> None:
    """Moodle shuffles the options of what it imports, and GIFT can't say otherwise: what has a fixed order gets a file of its own."""
    for name, rows in given.parts.items():
        for fixed, note in ((False, ""), (True, FIXED_ORDER_NOTE)):
            if part := [row for row in rows if row["fixed_order"] is fixed]:
                (folder / f"{name}{'.fixed_order' * fixed}.gift").write_text(note + gift_text(part), encoding="utf-8")


FIXED_ORDER_NOTE = '// Options refer to each other: turn off "Shuffle the choices" for these questions.\n\n'
Writer = Callable[[Path, Export], None]
FORMATS: dict[str, Writer] = {
    "hf": _hf,
    "messages": _messages,
    "alpaca": _alpaca,
    "lm-eval": _lm_eval,
    "csv": _csv,
    "xlsx": _xlsx,
    "gift": _gift,
}
