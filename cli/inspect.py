"""`mcq inspect`: what would be read from a file, before it goes anywhere."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command, escape, out, user_path
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, Reason

SHOWN = 5


@command
def inspect(
    file: Annotated[Path, typer.Argument(help="any raw file")],
    reader: Annotated[str, typer.Option(help="auto, or the name of a reader")] = "auto",
) -> None:
    """Show what would be read from a file: format, encoding, field map, answer format, five questions, reject reasons."""
    from pipeline.ingest import ingest
    from pipeline.normalize import normalize
    from schemas.config import Config, SourceConfig
    from schemas.tables import Question, RawRecord, Rejected, to_rows

    path = user_path(file).resolve()
    if not path.is_file():
        raise DataError(f"{file} is no file")
    source = SourceConfig.model_validate({"name": "inspected", "path": path.name.replace("[", "[[]"), "reader": reader})
    config = Config(dataset="inspected", root=str(path.parent), sources=[source])
    raw = ingest(config)
    result = normalize(raw, config)
    records, questions, rejected = to_rows(raw, RawRecord), to_rows(result.questions, Question), to_rows(result.rejected, Rejected)
    first = records[0] if records else None
    out.print(f"file          {escape(str(file))}, {path.stat().st_size:,} bytes")
    out.print(f"reader        {first['reader'] if first else reader}")
    out.print(f"encoding      {(first['encoding'] if first else None) or 'none found'}")
    for found in result.inferences.values():
        columns = {**found["fields"], **{f"option {n}": name for n, name in enumerate(found["option_columns"], 1)}}
        out.print(f"fields        {escape(', '.join(f'{part} <- {name}' for part, name in columns.items()) or 'none needed')}")
        out.print(f"answers       {found['answer_format']} ({escape(str(found['decided_by']))})")
    out.print(f"records       {len(records):,}: {len(questions):,} questions, {len(rejected):,} rejected")
    for code, count in Counter(code for row in rejected for code in row["reason_codes"]).most_common():
        example = next(row for row in rejected if code in row["reason_codes"])
        out.print(f"  {code:<22} {count:>6,}  {REASON_TEXT[Reason(code)]}")
        out.print(f"  {'':<22}         first at {escape(example['locator'])}: {escape((example['detail'] or '')[:200])}", style="dim")
    for row in questions[:SHOWN]:
        repairs = ", ".join(row["repairs"]) or "none"
        out.print(f"\n[bold]{escape(row['locator'])}[/]  {escape(row['subject'] or '')} {row['language']}  repairs: {repairs}")
        if row["context"]:
            out.print(f"  context: {escape(json.dumps(row['context'][:160], ensure_ascii=False))}", style="dim")
        out.print(f"  {escape(row['stem'][:400])}")
        for number, option in enumerate(row["options"]):
            mark = "*" if number == row["answer_index"] else " "
            out.print(f"   {mark}{chr(65 + number)}. {escape(option[:200])}", style="green" if mark == "*" else None)
