"""`mcq inspect`: what would be read from a file, before it goes anywhere."""

import glob
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.options import command, indented, out, styled, user_path
from pipeline.common.letters import LETTERS
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, Reason

SHOWN = 5


@command
def inspect(
    file: Annotated[Path, typer.Argument(help="any raw file")],
    reader: Annotated[str, typer.Option(help="auto, or the name of a reader")] = "auto",
    answer_format: Annotated[str, typer.Option(help="auto, letter, index0, index1 or text")] = "auto",
) -> None:
    """Show what would be read from a file: format, encoding, layout, field map, answer format, five questions, reject reasons."""
    from pipeline.ingest import read_file, records_of
    from pipeline.ingest.files import printable, size_of
    from pipeline.normalize import normalize
    from schemas.config.sources import SourceConfig
    from schemas.errors import ConfigError
    from schemas.tables.arrow import to_rows
    from schemas.tables.curation import Question, RawRecord, Rejected

    path = user_path(file).absolute()
    name = printable(str(file))
    if not path.is_file():
        raise DataError(f"{name} is no file")
    try:
        options = {"name": "inspected", "path": glob.escape(printable(path.name)), "reader": reader, "answer_format": answer_format}
        source = SourceConfig.model_validate(options)
    except ValidationError as error:
        raise ConfigError("; ".join(f"--{str(e['loc'][0]).replace('_', '-')} {e['input']}: {e['msg']}" for e in error.errors())) from error
    content, _ = read_file(path, reader)
    raw = records_of(path.parent, [(source, [path])])
    result = normalize(raw, [source])
    records, questions, rejected = to_rows(raw, RawRecord), to_rows(result.questions, Question), to_rows(result.rejected, Rejected)
    size = size_of(path)
    _say("file", f"{name}, {size:,} bytes")
    unreadable = bool(records) and all(row["reason_codes"] == [Reason.UNREADABLE_FILE] for row in records)
    _say("reader", "none that can read it" if unreadable else content.reader)
    if not unreadable:
        _say("encoding", content.encoding or "none, the format is binary")
    if not records:
        _say("records", "none: " + ("the file is empty" if not size else "it holds a header or white space alone, no question"))
    for found in result.inferences.values():
        _show_layout(found)
    if records:
        _say("records", f"{len(records):,}: {len(questions):,} questions, {len(rejected):,} rejected")
    for code, count in Counter(code for row in rejected for code in row["reason_codes"]).most_common():
        out.print(f"  {code:<22} {count:>6,}  {REASON_TEXT[Reason(code)]}")
        example = next(row for row in rejected if code in row["reason_codes"])
        detail, block, columns = (example["detail"] or "").partition("fields: {")
        first = f"{example['locator']}: {detail[:300].strip()}"
        out.print(f"  {'':<22}         first at {indented(first, 42)}", style="dim")
        if block:
            out.print(f"  {'':<22}         {indented(block + columns, 33)}", style="bold")
        if example["stem"]:
            out.print(f"  {'':<22}         {json.dumps(example['stem'][:160], ensure_ascii=False)}", style="dim")
    for row in questions[:SHOWN]:
        _show_question(row)


def _say(name: str, value: str) -> None:
    out.print(f"{name:<13} {indented(value, 14)}")


def _show_layout(found: dict[str, Any]) -> None:
    columns = {**found["fields"], **{f"option {n}": name for n, name in enumerate(found["option_columns"], 1)}}
    if found["layout"] == "none":
        return
    _say("layout", found["layout"])
    if columns:
        _say("fields", ", ".join(f"{part} <- {name}" for part, name in columns.items()))
    if found["unused"]:
        _say("not used", ", ".join(found["unused"])[:500])
    if found["layout"] != "unknown":
        _say("answers", f"{found['answer_format']} ({found['decided_by']})")


def _show_question(row: dict[str, Any]) -> None:
    repairs = ", ".join(row["repairs"]) or "none"
    out.print()
    out.print(styled((row["locator"], "bold"), f"  {row['subject'] or ''} {row['language']}  repairs: {repairs}"))
    if row["context"]:
        out.print(f"  context: {json.dumps(row['context'][:160], ensure_ascii=False)}", style="dim")
    out.print(f"  {indented(row['stem'][:400], 2)}")
    for number, (letter, option) in enumerate(zip(LETTERS, row["options"], strict=False)):
        mark = "*" if number == row["answer_index"] else " "
        out.print(f"   {mark}{letter}. {indented(option[:200], 7)}", style="green" if mark == "*" else None)
    if row["explanation"]:
        out.print(f"  explanation: {json.dumps(row['explanation'][:160], ensure_ascii=False)}", style="dim")
