"""JSON Lines: one object a line. A broken line costs one record."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.near_json import loads, loads_nearly, said
from pipeline.ingest.nested import too_deep, unnest
from schemas.reasons import Reason


def sniff(file: SniffedFile) -> bool:
    """The suffix; but a file of that name that begins with an array, or with an object on several lines, is JSON."""
    return file.suffix in (".jsonl", ".ndjson") and not file.text.startswith(("[", "{\n", "{ \n", "{\r", "```"))


def read(text: str) -> Iterator[Item]:
    """One item a line that isn't blank, `line:N`."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = _value(line)
        # ValueError too: a number of more than 4,300 digits.
        except (ValueError, RecursionError) as error:
            where = said(error, f"column {error.colno}") if isinstance(error, json.JSONDecodeError) else f"unreadable JSON: {error}"
            yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, where)
            continue
        if line.count("[") + line.count("{") > 100 and too_deep(value):
            yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, "nested too deeply")
        else:
            yield from unnest(f"line:{number}", value)


def _value(line: str) -> Any:
    try:
        return loads(line)
    except json.JSONDecodeError:
        # Python's way of writing, or a comma behind each object.
        with suppress(ValueError, RecursionError):
            if isinstance(value := loads_nearly(line.strip().rstrip(",")), dict):
                return value
        raise


FORMAT = Format("jsonl", sniff, read_text=read, prose=False)
