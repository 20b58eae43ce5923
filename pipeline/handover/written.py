"""Answers as files that people and programs read: a row a record of the asked file, in its order, whether it was answered or not."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.common.escapes import json_text
from pipeline.common.files import replacing
from pipeline.common.letters import LETTERS
from pipeline.export.spreadsheets import GUARD, MAX_CELL_CHARS, defused
from pipeline.handover.working import Working
from schemas.errors import DataError, MissingExtraError

FORMATS = ("jsonl", "csv", "xlsx")
MAX_SHEET_ROWS = 1_048_576
# What a sheet has an option a column of.
BY_OPTION = {"option": "options", "probability": "probabilities", "log_likelihood": "log_likelihoods", "score": "scores"}


def told_row(row: Mapping[str, Any], answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """One record as it is written: its place and texts, what was chosen, how likely the model holds each option, and the key if there is
    one. What wasn't answered has `reason_codes`."""
    found, options = answer or {}, row["options"] or []
    chosen, key = found.get("chosen"), row["answer_index"]

    def by_letter(name: str) -> dict[str, float] | None:
        return dict(zip(LETTERS, found[name], strict=False)) if name in found else None

    return {
        **{name: row[name] for name in ("file", "locator", "record_id", "context")},
        "question": row["stem"],
        "options": options,
        "chosen": None if chosen is None else LETTERS[chosen],
        "chosen_text": None if chosen is None else options[chosen],
        "key": None if key is None else LETTERS[key],
        "right": None if key is None or chosen is None else chosen == key,
        "probabilities": by_letter("probabilities"),
        "log_likelihoods": by_letter("log_likelihoods"),
        "scores": by_letter("scores"),
        "reason_codes": row["reason_codes"] or found.get("reason_codes", []),
        "detail": row["detail"] or found.get("detail"),
    }


def require_writable(target: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises, before any model runs, for what can't be written at the end: DataError, MissingExtraError."""
    if target.suffix != ".xlsx":
        return
    try:
        import openpyxl  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing xlsx", "openpyxl", "xlsx") from error
    for row in rows:
        texts = (row["stem"], row["context"], *(row["options"] or ()))
        if long := next((text for text in texts if text and len(text) > MAX_CELL_CHARS), None):
            raise DataError(
                f"{row['locator']}: {long[:40]!r}... has {len(long):,} characters, and a cell of xlsx holds {MAX_CELL_CHARS:,}; take "
                "--out FILE.csv or FILE.jsonl"
            )
    if len(rows) >= MAX_SHEET_ROWS:
        raise DataError(
            f"a sheet of xlsx holds {MAX_SHEET_ROWS - 1:,} rows, and the file has {len(rows):,}; take --out FILE.csv or FILE.jsonl"
        )


def write_answers(working: Working, target: Path) -> None:
    """Writes all rows, one at a time, and puts the file in its place when it is whole. The suffix says as what."""
    rows = (told_row(row, answer) for row, answer in working.all())
    with replacing(target) as aside:
        if target.suffix == ".jsonl":
            with aside.open("w", encoding="utf-8") as stream:
                for row in rows:
                    stream.write(json_text(row) + "\n")
        elif target.suffix == ".csv":
            with aside.open("w", encoding="utf-8-sig", newline="") as stream:
                csv.writer(stream, lineterminator="\n").writerows(sheet_rows(rows, working.fact("widest")))
        else:
            _write_xlsx(aside, sheet_rows(rows, working.fact("widest")))


def sheet_rows(rows: Iterator[dict[str, Any]], widest: int) -> Iterator[list[Any]]:
    """Header and rows of a sheet, an option a column; `widest` is the largest number of options. No cell begins like a formula."""
    letters = LETTERS[:widest]
    first = True
    for row in rows:
        cells: dict[str, Any] = {}
        for name, value in row.items():
            if name in BY_OPTION.values():
                (column,) = [column for column, field in BY_OPTION.items() if field == name]
                of = value if isinstance(value, dict) else dict(zip(LETTERS, value or [], strict=False))
                cells |= {f"{column}_{letter.lower()}": of.get(letter) for letter in letters}
            else:
                cells[name] = "; ".join(value) if isinstance(value, list) else value
        if first:
            yield list(cells)
            first = False
        yield [defused(cell, GUARD) for cell in cells.values()]


def _write_xlsx(path: Path, lines: Iterator[list[Any]]) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("answers")
    illegal = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE
    for line in lines:
        sheet.append([illegal.sub("", cell) if isinstance(cell, str) else cell for cell in line])
    book.save(path)
