"""One function a file format: bytes in, raw items out. A broken row becomes an item with a reason; only a file that
can't be opened at all raises. A locator is kind:number, counted from 1."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pipeline.ingest.decode import decode
from pipeline.ingest.items import Item
from pipeline.ingest.moodle import read_moodle
from pipeline.ingest.quiz_text import AIKEN_KEY, GIFT_BLOCK, read_aiken, read_gift
from pipeline.ingest.word import read_word
from schemas.errors import DataError
from schemas.reasons import Reason

csv.field_size_limit(2**31 - 1)
MAX_UNZIPPED_BYTES = 512 * 2**20
# Keys under which an item holds several questions that share its other cells.
NESTED = ("questions", "qas", "question_list", "cau_hoi", "items")


class FileItems(NamedTuple):
    """All items of a file, the reader that took it, and how its bytes were decoded (None: not text)."""

    items: list[Item]
    reader: str
    encoding: str | None


def read_bytes(data: bytes, suffix: str, reader: str) -> FileItems:
    """Reads a file's bytes with the named reader, or with the one that suffix and content show.

    Raises:
        DataError: nothing of the file can be read.
    """
    if reader == "auto":
        reader = _sniff(data, suffix)
    if reader in BINARY:
        return FileItems(list(BINARY[reader](data)), reader, None)
    try:
        text, encoding = decode(data)
    except UnicodeError as error:
        raise DataError(f"not a text file: {error}") from error
    if not text.strip():
        return FileItems([], reader, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return FileItems(list(TEXT[reader](text)), reader, encoding)


def _sniff(data: bytes, suffix: str) -> str:
    suffix = suffix.lower()
    if suffix == ".docx" or (data[:4] == b"PK\x03\x04" and b"word/" in data and suffix not in (".xlsx", ".xlsm")):
        return "docx"
    if suffix in (".xlsx", ".xlsm") or data[:4] == b"PK\x03\x04":
        return "xlsx"
    if suffix == ".parquet" or data[:4] == b"PAR1":
        return "parquet"
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    head = data[:200_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if suffix == ".json" or (suffix not in (".csv", ".tsv") and head[:1] in (b"[", b"{")):
        return "json"
    if re.search(rb"(?m)^#Q\b", head):
        return "blocks"
    if suffix in (".csv", ".tsv"):
        return "csv"
    if suffix == ".xml" or head[:5] == b"<?xml" or head[:5] == b"<quiz":
        return "moodle"
    start = head.decode("utf-8", "replace")
    if AIKEN_KEY.search(start):
        return "aiken"
    if suffix == ".gift" or GIFT_BLOCK.search(start):
        return "gift"
    first = head.split(b"\n", 1)[0]
    if any(first.count(mark) >= 2 for mark in (b",", b";", b"\t", b"|")):
        return "csv"
    if not head:
        return "csv"
    raise DataError(f"no reader knows this kind of file ({suffix or 'no suffix'}); readable are {', '.join([*TEXT, *BINARY])}")


def _json(text: str) -> Iterator[Item]:
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise DataError("the JSON is nested too deeply to be a list of questions") from error
    except json.JSONDecodeError as error:
        first_line = text.strip().split("\n", 1)[0].rstrip()
        if text.lstrip().startswith("{") and first_line.endswith("}") and error.msg == "Extra data":
            yield from _jsonl(text)
        else:
            yield from _broken_json(text, error)
        return
    for number, item in enumerate(_item_list(data), start=1):
        yield from _unnest(f"item:{number}", item)


def _item_list(data: Any) -> list[Any]:
    """The list of questions in a JSON document: the document, its one list of mappings, or a mapping of mappings."""
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list) and value and all(isinstance(v, dict) for v in value)]
        scalar_text = sum(isinstance(value, str) and len(value) > 200 for value in data.values())
        if len(lists) == 1 and not scalar_text:
            return lists[0]
        if data and all(isinstance(value, dict) for value in data.values()) and len(data) > 1:
            return list(data.values())
    return [data]


def _broken_json(text: str, error: json.JSONDecodeError) -> Iterator[Item]:
    """Items of an array that is cut off or broken inside: each sound item is read, each broken stretch is one rejection."""
    decoder = json.JSONDecoder()
    start = text.find("[") + 1
    if not start:
        raise DataError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    position, number = start, 0
    gap = re.compile(r"[\s,]*")
    while True:
        position = gap.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text) or text[position] == "]":
            return
        number += 1
        try:
            item, position = decoder.raw_decode(text, position)
            yield from _unnest(f"item:{number}", item)
        except json.JSONDecodeError as broken:
            following = re.compile(r"\}\s*,\s*(?=\{)").search(text, position)
            end = following.end() if following else len(text)
            detail = f"{broken.msg} at line {broken.lineno}, column {broken.colno}"
            yield Item(f"item:{number}", text[position:end].strip(), Reason.MALFORMED_ROW, detail)
            position = end


def _jsonl(text: str) -> Iterator[Item]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield from _unnest(f"line:{number}", json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            detail = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            yield Item(f"line:{number}", line, Reason.MALFORMED_ROW, detail)


def _unnest(locator: str, item: Any) -> Iterator[Item]:
    """One record a question: a passage with several questions gives several, the shared cells in each."""
    if not isinstance(item, dict):
        yield Item(locator, item, Reason.MALFORMED_ROW, f"expected an object, found {type(item).__name__}")
        return
    nested = next((key for key in item if key.lower() in NESTED and isinstance(item[key], list) and item[key]), None)
    if nested is None:
        yield Item(locator, item)
        return
    shared = {key: value for key, value in item.items() if key != nested}
    questions = item[nested]
    if all(isinstance(question, dict) for question in questions):
        for number, question in enumerate(questions, start=1):
            yield Item(f"{locator}.{number}", {**shared, **question})
        return
    # Parallel lists (RACE): questions[i], options[i], answers[i].
    parallel = {key: value for key, value in shared.items() if isinstance(value, list) and len(value) == len(questions)}
    for number, question in enumerate(questions, start=1):
        cells = {key: value for key, value in shared.items() if key not in parallel}
        cells |= {key: value[number - 1] for key, value in parallel.items()}
        yield Item(f"{locator}.{number}", {**cells, "question": question})


def _csv(text: str) -> Iterator[Item]:
    delimiter = find_delimiter(text)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except csv.Error as error:
        raise DataError(f"not a readable csv: {error}") from error
    yield from _table(rows, "")


def find_delimiter(text: str) -> str:
    """The separator that gives the most rows as many cells (at least two) as the first row has.

    >>> find_delimiter("câu hỏi;đáp án\\n1, 2 hay 3?;A\\n")
    ';'
    """

    def agreement(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for _, row in zip(range(200), csv.reader(io.StringIO(text[:2_000_000]), delimiter=delimiter), strict=False) if row]
        except csv.Error:
            return 0.0, 0
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0), width

    return max(",;\t|", key=agreement)


def _table(rows: list[list[Any]], prefix: str) -> Iterator[Item]:
    """Data rows below a header. Without a header (its cells aren't names) the columns are called by number."""
    if not rows:
        return
    headless = _looks_headless(rows)
    header = [f"column_{i + 1}" for i in range(len(rows[0]))] if headless else _unique([str(cell or "").strip() for cell in rows[0]])
    for number, row in enumerate(rows if headless else rows[1:], start=1):
        if all(cell is None or not str(cell).strip() for cell in row):
            continue
        locator = f"{prefix}row:{number}"
        if len(row) > len(header) and any(str(cell or "").strip() for cell in row[len(header) :]):
            yield Item(locator, list(row), Reason.MALFORMED_ROW, f"{len(row)} cells under {len(header)} columns")
        else:
            yield Item(locator, dict(zip(header, [*row, *[None] * (len(header) - len(row))], strict=False)))


def _looks_headless(rows: list[list[Any]]) -> bool:
    """MMLU's form: question, options, and a letter in the last column of every row, the first included."""
    first = [str(cell or "").strip() for cell in rows[0]]
    body = rows[:50]
    if len(first) < 4 or any(not cell for cell in first):
        return False
    letters = sum(re.fullmatch(r"[A-J]", str(row[-1] or "").strip()) is not None for row in body if row)
    return letters == len(body) and len(first[0]) > 5


def _unique(header: list[str]) -> list[str]:
    """Header names, made distinct: an empty one is called by its place, a repeated one gets a number."""
    seen: dict[str, int] = {}
    names = []
    for place, name in enumerate(header, start=1):
        name = name or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _xlsx(data: bytes) -> Iterator[Item]:
    # Imported here: calamine takes 0.1 s that most refreshes don't need.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MAX_UNZIPPED_BYTES:
            raise DataError(f"the workbook unpacks to {size:,} bytes; at most {MAX_UNZIPPED_BYTES:,} are read")
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=True)) for name in book.sheet_names]
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError, KeyError) as error:
        raise DataError(f"not a readable xlsx workbook: {error}") from error
    for place, (name, rows) in enumerate(sheets):
        yield from _table([[_cell(value) for value in row] for row in rows], "" if place == 0 else f"{name}/")


def _cell(value: Any) -> Any:
    """A spreadsheet cell as plain data: whole floats as integers, dates as ISO text, empty as None."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _blocks(text: str) -> Iterator[Item]:
    """A block starts at each line that begins with #Q; text before the first is no question."""
    for number, block in enumerate(re.split(r"(?m)^(?=#Q)", text)[1:], start=1):
        yield Item(f"block:{number}", block.rstrip())


def _parquet(data: bytes) -> Iterator[Item]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"not a readable Parquet file: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield from _unnest(f"row:{number}", json.loads(json.dumps(row, default=str)))


# Where a new format is registered: its reader here, and what shows it in `_sniff` (docs/readers.md).
TEXT: dict[str, Callable[[str], Iterator[Item]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "blocks": _blocks,
    "aiken": read_aiken,
    "gift": read_gift,
}
BINARY: dict[str, Callable[[bytes], Iterator[Item]]] = {"xlsx": _xlsx, "parquet": _parquet, "moodle": read_moodle, "docx": read_word}
