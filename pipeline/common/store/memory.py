"""What a stage worked out on its way and a later run can take again, where its tables don't tell: a Parquet file a name, replaced whole
by each run, so that it never holds more than one set's worth. A file that is gone, damaged, or of another code counts as absent."""

from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from pipeline.common.files import read_parquet, write_parquet
from schemas.errors import DataError

VERSION = b"mcq_foundry_version"


class Memory:
    """Tables by name in one folder. `version` names the code and the configuration that made them."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder, self.version = folder, version.encode()

    def recall(self, name: str, schema: pa.Schema) -> pa.Table:
        """What was remembered under a name by this version, its checksums verified; an empty table of this schema for nothing."""
        try:
            table = read_parquet(self._file(name))
        except DataError:
            return schema.empty_table()
        known = (table.schema.metadata or {}).get(VERSION) == self.version and table.schema.remove_metadata() == schema
        return table.replace_schema_metadata(None) if known else schema.empty_table()

    def remember(self, name: str, table: pa.Table) -> None:
        """Takes the place of what was remembered. Where it can't be written nothing is remembered: no run fails for that."""
        with suppress(OSError):
            write_parquet(self._file(name), table.replace_schema_metadata({VERSION: self.version}))

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"
