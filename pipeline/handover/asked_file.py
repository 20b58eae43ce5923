"""The questions of any readable file, with or without a key, read as those of a dataset are: nothing is answered that curation refuses
for its text, and what isn't answered keeps its place and its reasons."""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.ingest import records_of
from pipeline.ingest.files import printable
from pipeline.normalize import normalize
from schemas.config.sources import SourceConfig
from schemas.errors import ConfigError, DataError
from schemas.reasons import Reason
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import Question, RawRecord, Rejected

NO_KEY = [str(Reason.MISSING_ANSWER)]
SHOWN = ("record_id", "file", "locator", "context", "stem", "options", "language", "answer_index")


def source_of(path: Path, reader: str = "auto", answer_format: str = "auto", fields: dict[str, str] | None = None) -> SourceConfig:
    """One file as a source. Raises ConfigError for an unknown reader, format or part of a question."""
    options = {"name": "asked", "path": glob.escape(printable(path.name)), "reader": reader, "answer_format": answer_format}
    try:
        return SourceConfig.model_validate(options | {"fields": fields or {}})
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['input']}: {one['msg']}" for one in error.errors())
        raise ConfigError(f"the file can't be read so: {told}") from error


def asked_rows(path: Path, source: SourceConfig) -> Iterator[dict[str, Any]]:
    """A row for every record of a file, in its order: place, texts, `answer_index` (None: no key), and `reason_codes` with `detail`, which
    are given where it can't be asked.

    A question without a key is asked. One whose key is doubtful is not: nobody knows what its file means.
    """
    raw = to_rows(records_of(path.parent, [(source, [path])]), RawRecord)
    # Some readers look for the key themselves, and refuse a question that has none before its parts are told apart.
    keyless = {row["record_id"] for row in raw if row["reason_codes"] == NO_KEY}
    opened = [row | {"reason_codes": [], "detail": None} if row["record_id"] in keyless else row for row in raw]
    result = normalize(to_frame(opened, RawRecord), [source])
    found = {row["record_id"]: _row(row) for row in to_rows(result.questions, Question)}
    for row in to_rows(result.rejected, Rejected):
        is_asked = row["reason_codes"] == NO_KEY and row["stem"] and row["options"]
        told = {} if is_asked else {"reason_codes": row["reason_codes"], "detail": row["detail"]}
        found[row["record_id"]] = _row(row) | told
    for record in raw:
        row = found[record["record_id"]]
        yield row | {"answer_index": None} if record["record_id"] in keyless else row


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN} | {"reason_codes": [], "detail": None}


def require_file(path: Path) -> None:
    """Raises DataError where there is none."""
    if not path.is_file():
        raise DataError(f"{path} is no file; name one that holds questions (docs/readers.md lists the formats)")
