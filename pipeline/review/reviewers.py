"""Who reviews: the name that each login of this machine gave once, remembered beside the decisions."""

import json
from pathlib import Path

from pipeline.common.files import write_atomically
from schemas.errors import ConfigError

NAMES = "reviewers.json"
MAX_NAME_CHARS = 200


def remembered(folder: Path, login: str) -> str | None:
    """The name that this login gave; None where it gave none, or the file can't be read: then it is asked again."""
    name = _names(folder).get(login)
    return name if isinstance(name, str) and name.strip() else None


def remember(folder: Path, login: str, name: str) -> None:
    """Keeps a name for this login."""
    write_atomically(folder / NAMES, json.dumps({**_names(folder), login: name}, ensure_ascii=False, indent=1))


def checked(name: str) -> str:
    """A name as decisions bear it. Raises ConfigError for one that says nothing or is too long."""
    plain = " ".join(name.split())
    if not plain or not plain.isprintable() or len(plain) > MAX_NAME_CHARS:
        raise ConfigError(f"{name[:50]!r} is no name of a reviewer: expected 1 to {MAX_NAME_CHARS} printable characters")
    return plain


def _names(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
