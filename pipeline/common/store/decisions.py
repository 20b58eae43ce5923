"""The decisions of a dataset's reviewers, read and appended to. A line that is wrong stops nothing: it is told, with its number."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from pydantic import ValidationError

from pipeline.common.text import canonical_json, short_hash
from schemas.decisions import Decision

MAX_FILE_BYTES = 512 * 2**20


class WrongLine(NamedTuple):
    """A line that is no decision: its number, counted from 1, and why."""

    line: int
    why: str


class Decisions(NamedTuple):
    """What a file holds, in its order: sound lines, those that were taken back left out, and the wrong ones."""

    standing: list[Decision]
    wrong: list[WrongLine]


def read_decisions(path: Path) -> Decisions:
    """All decisions of a file; none where there is no file. Raises OSError where it can't be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Decisions([], [])
    found: dict[str, Decision] = {}
    wrong: list[WrongLine] = []
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            decision = parse_decision(line)
        except ValueError as error:
            wrong.append(WrongLine(number, str(error)))
            continue
        if decision.id in found:
            wrong.append(WrongLine(number, f"id {decision.id} stands in an earlier line already; this one changes nothing"))
        elif decision.action == "undo" and decision.undoes not in found:
            wrong.append(WrongLine(number, f"it undoes {decision.undoes}, which no earlier line holds"))
        else:
            found[decision.id] = decision
    gone = _taken_back(found)
    return Decisions([one for name, one in found.items() if name not in gone and one.action != "undo"], wrong)


def _taken_back(found: dict[str, Decision]) -> set[str]:
    """Ids that an undo takes back, the last word first: an undo that was undone itself takes nothing back."""
    gone: set[str] = set()
    for decision in reversed(found.values()):
        if decision.action == "undo" and decision.id not in gone and decision.undoes:
            gone.add(decision.undoes)
    return gone


def parse_decision(line: bytes | str) -> Decision:
    """A line as a decision. Raises ValueError with what is wrong in words."""
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON object on one line ({str(error)[:100]})") from None
    if not isinstance(cells, dict):
        raise ValueError("it is no JSON object")
    try:
        return Decision.model_validate({"id": short_hash(canonical_json(cells)), **cells})
    except ValidationError as error:
        said = [f"{'.'.join(map(str, item['loc'])) or 'line'}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise ValueError("; ".join(said)[:1000]) from None


def append_decisions(path: Path, decisions: Sequence[Decision], allow: Callable[[Decisions], str | None] | None = None) -> str | None:
    """Appends all of these lines at once, synced; a decision whose id stands there already is left out. `allow` sees what the file holds
    under the lock, and what it returns refuses the lines. Returns the refusal, else None. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / ".decisions.lock"):
        before = read_decisions(path)
        if allow is not None and (refusal := allow(before)) is not None:
            return refusal
        known = _ids(path)
        lines = [_line(decision) for decision in decisions if decision.id not in known]
        if not lines:
            return None
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            # What a killed writer left of a line ends here: it is one wrong line, and takes no other with it.
            cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            rest = memoryview(("\n" * cut + "".join(lines)).encode())
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        except BaseException:
            os.ftruncate(handle, size)
            raise
        finally:
            os.close(handle)
    return None


def _ids(path: Path) -> set[str]:
    found = set()
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            found.add(parse_decision(line).id)
        except ValueError:
            continue
    return found


def _line(decision: Decision) -> str:
    cells: dict[str, Any] = decision.model_dump(mode="json", exclude_none=True)
    return json.dumps(cells, ensure_ascii=False) + "\n"
