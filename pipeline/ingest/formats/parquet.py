"""Parquet, as data hubs publish it: nested structs and lists become mappings and lists."""

import json
from collections.abc import Iterator

from pipeline.ingest.items import Format, Item, SniffedFile
from pipeline.ingest.nested import unnest
from schemas.errors import DataError


def sniff(file: SniffedFile) -> bool:
    """The suffix, or the mark that opens every Parquet file."""
    return file.suffix in (".parquet", ".pq") or file.data[:4] == b"PAR1"


def read(data: bytes) -> Iterator[Item]:
    """One item a row. Raises DataError for a file that is none."""
    # Imported here: most refreshes meet no such file.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"not a readable Parquet file: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield from unnest(f"row:{number}", json.loads(json.dumps(row, default=str)))


FORMAT = Format("parquet", sniff, read_bytes=read)
