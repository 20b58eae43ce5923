"""Whether an audit database is that of a version, its adapters and examples already: then it needn't be written again."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from pipeline.audit.cells import Rows
from pipeline.audit.facts import RENDER_JOB
from pipeline.common.store.run_files import EVALUATIONS, EXAMPLES, MANIFEST, PREDICTIONS, RESULT, SAMPLES
from pipeline.common.text import canonical_json, short_hash

CODE = "code"
MADE_OF = "made_of"
ROWS = "rows"
LEFT_OUT = "left_out"


def state_of(tables: Iterable[tuple[str, Rows]], adapters: Iterable[Path], renderings: Iterable[Path], about: Mapping[str, str]) -> str:
    """16 hexadecimal digits over all that a database is made of. Tables of the lake count by name and size, since their names tell their
    rows; files of adapters and examples by size and time."""
    files = [folder / name for folder in renderings for name in (EXAMPLES, RENDER_JOB)]
    for folder in adapters:
        files += [folder / MANIFEST, folder / SAMPLES]
        files += [found for name in (RESULT, PREDICTIONS) for found in folder.glob(f"{EVALUATIONS}/*/{name}")]
    facts = [
        [(name, str(rows), rows.stat().st_size if rows.exists() else None) for name, rows in tables if isinstance(rows, Path)],
        sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()),
        dict(about),
    ]
    return short_hash(canonical_json(facts))


def read_about(path: Path) -> dict[str, str]:
    """What an audit database says of itself; nothing for one that is gone, cut, damaged or older than its own table `about`."""
    try:
        if not path.is_file():
            return {}
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            pages, size = (database.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
            whole = pages * size == path.stat().st_size
            database.execute("select rowid from ledger order by rowid desc limit 1").fetchone()
            return dict(database.execute("select key, value from about")) if whole else {}
    except (sqlite3.Error, OSError):
        return {}
