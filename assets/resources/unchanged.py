"""Whether anything is new since a run ended well: the bytes of all raw files, the configuration, the code, what reviewers decided, and the
published tables, their report and their audit database. All but the last are hashed again each time (45,046 records: a tenth of a second),
since sizes and times of files can lie."""

import hashlib
import json
import os
import platform
import shutil
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.resources.foundry import Foundry
from pipeline.audit.state import read_about
from pipeline.common.files import write_atomically
from pipeline.common.store.lake import Version
from pipeline.common.text import canonical_json
from pipeline.common.translations import LANGUAGES
from pipeline.ingest.files import Found, bytes_of, name_below
from pipeline.report.pages import LATEST, file_name
from schemas.config.base import PROJECT_ROOT
from schemas.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("schemas", "pipeline", "assets", "cli")
State = dict[str, Any]


def inputs_now(foundry: Foundry, found: Found) -> State:
    """What a run is made from, as it is now. `files` names each file's hash; what can't be read is told by the error."""
    files = {f"{source.name}:{name_below(foundry.config.root_path, path)}": _digest(path) for source, paths in found for path in paths}
    return {
        "files": files,
        "configuration": _hash([canonical_json(foundry.config.model_dump(mode="json"))]),
        "code": _code(),
        "surroundings": _surroundings(),
        "decisions": _digest(foundry.decisions),
    }


def note_standing(foundry: Foundry, before: State, ledger: "pd.DataFrame", version: Version) -> None:
    """Notes that `version` is what the inputs of `before`, looked at before the run began, give. A file that changed while it was read
    stands in the ledger with another hash: then nothing is noted, and the next run looks again."""
    read = set(zip(ledger["source"], ledger["file"], ledger["file_sha256"], strict=True))
    if any(before["files"].get(f"{source}:{file}") != digest for source, file, digest in read if digest):
        return
    if before["decisions"] != _digest(foundry.decisions):  # someone decided while it ran
        return
    outputs = {str(path.relative_to(foundry.data_root)): _digest(path) for path in _outputs(foundry, version)}
    with suppress(OSError):  # then the next run looks again
        write_atomically(_note(foundry), json.dumps({"version": version.name, "inputs": before, "outputs": outputs}))


def standing_version(foundry: Foundry, now: State) -> Version | None:
    """The published version, where it is what these inputs give, and all of its files are whole; else None. Where Dagster tells when the
    dataset is late, always None: a refresh that finds nothing new has to be a run that it sees."""
    if foundry.config.refresh.late_hours is not None:
        return None
    try:
        note = json.loads(_note(foundry).read_text(encoding="utf-8"))
        if note["inputs"] != now:
            return None
        version = foundry.lake.current()
        if version is None or version.name != note["version"]:
            return None
        outputs = {str(path.relative_to(foundry.data_root)): _digest(path) for path in _outputs(foundry, version)}
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None
    if outputs != note["outputs"] or any(digest.startswith("?") for digest in outputs.values()):
        return None
    # Trainings and evaluations renew it: that it is whole, and of this version, is asked of itself.
    return version if read_about(foundry.audit).get("version") == version.name else None


def _outputs(foundry: Foundry, version: Version) -> Iterable[Path]:
    yield from (foundry.lake.table_path(asset, table) for asset, table in version.tables.items())
    yield from (foundry.reports / file_name(page, language) for page in (version.name, LATEST) for language in LANGUAGES)


def _note(foundry: Foundry) -> Path:
    return foundry.lake.root / "cache" / "standing.json"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(bytes_of(path)).hexdigest()
    except (OSError, DataError) as error:
        return f"? {type(error).__name__} {getattr(error, 'errno', '')}"


@cache
def _code() -> str:
    files = sorted(path for package in PACKAGES for path in (PROJECT_ROOT / package).rglob("*") if path.suffix in (".py", ".jinja", ".po"))
    return _hash(f"{path.relative_to(PROJECT_ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)


def _surroundings() -> str:
    """What else decides how a file is read, or where a page leads: Python, its packages, LibreOffice, and the audit server's address."""
    folder = Path(sysconfig.get_paths()["purelib"])
    tools = [shutil.which(name) or "" for name in ("soffice", "libreoffice")]
    return _hash(
        [
            platform.python_version(),
            str(folder.stat().st_mtime_ns),
            *tools,
            *(os.environ.get(name, "") for name in ("MCQ_SOURCE_ROOT", "MCQ_AUDIT_URL")),
        ]
    )


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
