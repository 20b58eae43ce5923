"""The curated set in the forms that other tools read: train, validation and test, every row with its record_id."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.lake import Version
from pipeline.ledger import curated_rows
from pipeline.render import LETTERS, answer, messages
from schemas.config import Config
from schemas.errors import DataError, MissingExtraError
from schemas.reasons import SPLITS
from schemas.tables import LedgerRow, to_rows

MARK = ".mcq-export.json"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROW_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("record_id", "context", "question")),
        ("options", pa.list_(pa.string())),
        ("answer_index", pa.int64()),
        *((name, pa.string()) for name in ("answer", "explanation", "subject", "language", "source", "licence", "split_group")),
    ]
)

Rows = Sequence[dict[str, Any]]


def export(folder: Path, form: str, ledger: pd.DataFrame, version: Version, config: Config) -> dict[str, int]:
    """Writes the published rows below `folder`, whole or not at all; returns rows by split.

    An earlier export there is replaced. Raises DataError when the folder holds anything else, or there is nothing to export.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise DataError(f"{folder} holds something that is no export of ours; name an empty or a new folder")
    rows = [_row(row) for row in to_rows(curated_rows(ledger), LedgerRow)]
    if not rows:
        raise DataError(f"version {version.name} of {version.dataset} has no question in any split: nothing to export")
    parts = {str(name): [row for row in rows if row["split"] == name] for name in SPLITS}
    aside = folder.parent / f".{folder.name}.{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        FORMATS[form](aside, parts, version, config)
        counts = {name: len(part) for name, part in parts.items()}
        (aside / MARK).write_text(json.dumps({"format": form, "version": version.name, "rows": counts}) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return counts


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "question": row["stem"], "answer": row["options"][row["answer_index"]]}


def _jsonl(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _hf(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    (folder / "data").mkdir()
    for name, rows in parts.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=ROW_SCHEMA), folder / "data" / f"{name}.parquet")
    (folder / "README.md").write_text(card(parts, version, config), encoding="utf-8")


def card(parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> str:
    """The dataset card: YAML head for the hub's tools, then the funnel, licences and known limits."""
    languages = sorted({row["language"] for rows in parts.values() for row in rows})
    files = "".join(f"  - split: {name}\n    path: data/{name}.parquet\n" for name, rows in parts.items() if rows)
    head = f"---\nlanguage: [{', '.join(languages)}]\ntask_categories: [multiple-choice, question-answering]\n"
    head += f"configs:\n- config_name: default\n  data_files:\n{files}---\n"
    funnel = "".join(f"| {name} | {count:,} |\n" for name, count in version.counts.items())
    licences = "".join(f"| {source.name} | {source.licence or 'not stated'} |\n" for source in config.sources)
    return (
        f"{head}# {version.dataset}\n\nMultiple-choice questions, version `{version.name}`, published {version.published_at}. "
        "`options` stand in file order, `answer_index` counts from 0; rows of one `split_group` belong together.\n\n"
        f"## Funnel\n| disposition | records |\n|---|---|\n{funnel}\n## Licences by source\n| source | licence |\n|---|---|\n{licences}\n"
        "## Known limits\nKeys are those of the sources; conflicting ones were held back, wrong ones that nothing contradicts stay in.\n"
    )


def _messages(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    for name, rows in parts.items():
        chats = [
            {
                "record_id": row["record_id"],
                "messages": [
                    *messages(row, config.render.style, config.render.system_prompt),
                    {"role": "assistant", "content": answer(row, row["answer_index"], config.render.style)},
                ],
            }
            for row in rows
        ]
        _jsonl(folder / f"{name}.jsonl", chats)


def _alpaca(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    for name, rows in parts.items():
        found = []
        for row in rows:
            asked = messages(row, config.render.style, "")[-1]["content"]
            said = answer(row, row["answer_index"], config.render.style)
            found.append({"record_id": row["record_id"], "instruction": config.render.system_prompt, "input": asked, "output": said})
        _jsonl(folder / f"{name}.jsonl", found)


def _lm_eval(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    keys = ("record_id", "context", "question", "options", "answer_index", "subject", "language")
    for name, rows in parts.items():
        _jsonl(folder / f"{name}.jsonl", [{**{key: row[key] for key in keys}, "context": row["context"] or ""} for row in rows])
    files = "".join(f"    {name}: {name}.jsonl\n" for name in parts)
    task = re.sub(r"\W", "_", f"mcq_{version.dataset}")
    (folder / f"{task}.yaml").write_text(
        f"task: {task}\n# run lm_eval --include_path . in this folder\ndataset_path: json\ndataset_kwargs:\n  data_files:\n{files}"
        "training_split: train\nvalidation_split: validation\ntest_split: test\noutput_type: multiple_choice\n"
        'doc_to_text: "{{context}}\\n{{question}}\\nAnswer:"\ndoc_to_choice: "{{options}}"\ndoc_to_target: answer_index\n'
        "metric_list:\n  - metric: acc\n  - metric: acc_norm\nmetadata:\n  version: 1\n",
        encoding="utf-8",
    )


def sheet_rows(rows: Rows) -> list[list[Any]]:
    """Header and rows of a spreadsheet; a cell that would run as a formula begins with an apostrophe."""
    width = max((len(row["options"]) for row in rows), default=2)
    options = [f"option_{letter.lower()}" for letter in LETTERS[:width]]
    table: list[list[Any]] = [["record_id", "context", "question", *options, "answer", "explanation", "subject", "language", "source"]]
    for row in rows:
        cells = [*row["options"], *[None] * (width - len(row["options"]))]
        line = [row["record_id"], row["context"], row["question"], *cells, LETTERS[row["answer_index"]]]
        table.append([defused(cell) for cell in [*line, row["explanation"], row["subject"], row["language"], row["source"]]])
    return table


def defused(cell: Any) -> Any:
    """A spreadsheet cell that can't run as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _csv(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    for name, rows in parts.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sheet_rows(rows))
        (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8-sig")


def _xlsx(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError("exporting to xlsx", "openpyxl", "xlsx") from error
    book = openpyxl.Workbook(write_only=True)
    for name, rows in parts.items():
        sheet = book.create_sheet(name)
        for line in sheet_rows(rows):
            sheet.append([openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell for cell in line])
    book.save(folder / f"{version.dataset}.xlsx")


def _gift(folder: Path, parts: dict[str, list[dict[str, Any]]], version: Version, config: Config) -> None:
    def escaped(text: str) -> str:
        return re.sub(r"([\\=~#{}:])", r"\\\1", text).replace("\n", "\\n")

    for name, rows in parts.items():
        blocks = []
        for row in rows:
            asked = escaped(f"{row['context']}\n{row['question']}" if row["context"] else row["question"])
            marks = [f"\t{'=' if i == row['answer_index'] else '~'}{escaped(option)}" for i, option in enumerate(row["options"])]
            blocks.append("\n".join([f"::{row['record_id']}:: {asked} {{", *marks, "}"]))
        (folder / f"{name}.gift").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


Writer = Callable[[Path, dict[str, list[dict[str, Any]]], Version, Config], None]
FORMATS: dict[str, Writer] = {
    "hf": _hf,
    "messages": _messages,
    "alpaca": _alpaca,
    "lm-eval": _lm_eval,
    "csv": _csv,
    "xlsx": _xlsx,
    "gift": _gift,
}
