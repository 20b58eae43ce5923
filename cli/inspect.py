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
# So many of the questions that the chosen reader finds make another one a rival.
NEARLY = 0.8


@command
def inspect(
    file: Annotated[Path, typer.Argument(help="any raw file")],
    reader: Annotated[str, typer.Option(help="auto, or the name of a reader")] = "auto",
    answer_format: Annotated[str, typer.Option(help="auto, letter, index0, index1 or text")] = "auto",
) -> None:
    """Show what would be read from a file: format, encoding, layout, field map, answer format, five questions, reject reasons."""
    from pipeline.ingest import records_of
    from pipeline.ingest.files import printable, size_of
    from pipeline.normalize import normalize
    from schemas.config.sources import SourceConfig
    from schemas.errors import ConfigError
    from schemas.tables.arrow import to_rows
    from schemas.tables.curation import Question, RawRecord, Rejected, SourceFile

    path = user_path(file).absolute()
    name = printable(str(file))
    if not path.is_file():
        raise DataError(f"{name} is no file")
    try:
        options = {"name": "inspected", "path": glob.escape(printable(path.name)), "reader": reader, "answer_format": answer_format}
        source = SourceConfig.model_validate(options)
    except ValidationError as error:
        raise ConfigError("; ".join(f"--{str(e['loc'][0]).replace('_', '-')} {e['input']}: {e['msg']}" for e in error.errors())) from error
    raw = records_of(path.parent, [(source, [path])])
    result = normalize(raw, [source])
    records, questions, rejected = to_rows(raw, RawRecord), to_rows(result.questions, Question), to_rows(result.rejected, Rejected)
    files = to_rows(result.files, SourceFile)
    size = size_of(path)
    _say("file", f"{name}, {size:,} bytes")
    if not records:
        _say("records", "none: " + ("the file is empty" if not size else "it holds a header or white space alone, no question"))
    for found in files:
        _show_reading(found, several=len(files) > 1)
    if files and files[0]["unread_fraction"]:
        _say("in no record", f"{files[0]['unread_fraction']:.0%} of the words of its text; the longest pieces:")
        for piece in files[0]["unread"]:
            out.print(f"  {json.dumps(piece, ensure_ascii=False)}", style="dim")
    for warning in [look for found in files for look in found["looks"]] + _rivals(path, reader, len(questions)):
        out.print(styled(("look", "bold yellow"), f"          {indented(warning, 14)}"))
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


def _show_reading(found: dict[str, Any], several: bool) -> None:
    if several:
        out.print()
        _say("part", found["part"] or "the rest of the file")
    if found["reasons"][:1] == [f"{Reason.UNREADABLE_FILE} {found['records']}"]:
        _say("reader", "none that can read it")
        return
    _say("reader", found["reader"])
    _say("encoding", found["encoding"] or "the format's own")
    if found["layout"] == "none":
        return
    _say("layout", found["layout"])
    if found["fields"]:
        _say("fields", ", ".join(found["fields"]))
    if found["unused"]:
        _say("not used", ", ".join(found["unused"])[:500])
    if found["layout"] != "unknown":
        _say("answers", f"{found['answer_format']} ({found['decided_by']})")


def _rivals(path: Path, reader: str, questions: int) -> list[str]:
    """Other readers that would find nearly as many questions in a file, or more, and how to have them."""
    from pipeline.ingest import records_of
    from pipeline.ingest.files import bytes_of, printable
    from pipeline.ingest.formats import possible_readers
    from pipeline.normalize import normalize
    from schemas.config.sources import SourceConfig

    if reader != "auto":
        return []
    try:
        names = possible_readers(bytes_of(path), path.suffix)[1:]
    except (OSError, ValueError, DataError):
        return []
    found = []
    for name in names:
        options = {"name": "inspected", "path": glob.escape(printable(path.name)), "reader": name}
        other = SourceConfig.model_validate(options)
        count = len(normalize(records_of(path.parent, [(other, [path])]), [other]).questions)
        if count >= NEARLY * max(questions, 1):
            found.append(f"the {name} reader finds {count:,} questions here, this one {questions:,}: `--reader {name}` shows them")
    return found


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
