"""TOML: what `json` reads, written as TOML (`[[questions]]`)."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.ingest.decode import decode
from pipeline.ingest.items import Format, Item, SniffedFile, Text
from pipeline.ingest.literals import document_items, holds_question, is_question, texts_of
from pipeline.ingest.nested import too_deep
from schemas.errors import DataError


def sniff(file: SniffedFile) -> bool:
    """The suffix."""
    return file.suffix == ".toml"


def read(data: bytes) -> Iterator[Item | Text]:
    """One item a question, as in JSON. Raises DataError for what is no TOML, or holds no question."""
    try:
        value: Any = _plain(tomllib.loads(decode(data).text.lstrip("\ufeff").replace("\r\n", "\n")))
    except (ValueError, RecursionError) as error:  # both decoders' errors are ValueErrors
        raise DataError(f"not readable as TOML: {error}; check the quotes and brackets there") from error
    if not value:
        return
    if too_deep(value):
        raise DataError("TOML that is nested too deeply to be a list of questions")
    items = list(document_items(value))
    if not (holds_question(value, True) or any(isinstance(item.payload, Mapping) and is_question(item.payload) for item in items)):
        raise DataError(
            f"TOML without questions (it holds {', '.join(map(str, value))[:200]}): looked for `[[questions]]` with a question, its "
            "options and its answer; name other fields under `fields:`, or leave the file out in `path:`"
        )
    yield from items
    yield from texts_of(value)


def _plain(value: Any) -> Any:
    """Plain data: dates and times as text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float) else str(value)


FORMAT = Format("toml", sniff, read_bytes=read)
