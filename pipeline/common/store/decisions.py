"""The decisions of a dataset's reviewers, read and appended to. A line that is wrong stops nothing: it is told, with its number."""

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from pydantic import ValidationError

from pipeline.common.text import canonical_json, short_hash
from schemas.decisions import Decision
from schemas.errors import DataError

MAX_FILE_BYTES = 512 * 2**20


class WrongLine(NamedTuple):
    """A line that is no decision: its number, counted from 1, and why."""

    line: int
    why: str


class Line(NamedTuple):
    """A line of the file: its number, counted from 1, and what it decides. `wrong` says why it changes nothing; `undone_by` is the
    line that takes it back, `repeats` the earlier line that says just the same."""

    number: int
    decision: Decision | None
    wrong: str | None = None
    undone_by: Decision | None = None
    repeats: int | None = None


class Decisions(NamedTuple):
    """What a file holds, in its order: sound lines, those that were taken back left out, and the wrong ones."""

    standing: list[Decision]
    wrong: list[WrongLine]


def read_decisions(path: Path) -> Decisions:
    """All decisions of a file; none where there is no file. Raises DataError where it can't be read."""
    lines = read_lines(path)
    sound = [line.decision for line in lines if line.decision and not line.wrong and not line.undone_by]
    return Decisions([one for one in sound if one.action != "undo"], [WrongLine(line.number, line.wrong) for line in lines if line.wrong])


def read_lines(path: Path) -> list[Line]:
    """Every line of a file that isn't blank, in order; none where there is no file. Raises DataError where it can't be read: to go on
    without what people decided would undo it."""
    found: dict[str, Line] = {}
    lines = []
    for number, text in enumerate(_bytes_of(path).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not text.strip():
            continue
        line = _line_of(number, text, found)
        if line.decision and not line.wrong:
            found[line.decision.id] = line
        lines.append(line)
    gone = _taken_back([line.decision for line in found.values() if line.decision])
    return [line._replace(undone_by=gone.get(line.decision.id)) if line.decision and not line.wrong else line for line in lines]


def written(lines: Sequence[Line]) -> list[Any]:
    """All that lines say, as what JSON can hold: equal for equal decisions."""
    cells = []
    for line in lines:
        said = line.decision.model_dump(mode="json", exclude_none=True) if line.decision else None
        cells.append([line.number, said, line.wrong, line.undone_by and line.undone_by.id, line.repeats])
    return cells


def _line_of(number: int, text: bytes, before: Mapping[str, Line]) -> Line:
    try:
        decision = parse_decision(text)
    except ValueError as error:
        return Line(number, None, str(error))
    if (earlier := before.get(decision.id)) is not None:
        said = f"id {decision.id} stands in an earlier line already ({earlier.number}); this one changes nothing"
        return Line(number, decision, said, repeats=earlier.number if decision == earlier.decision else None)
    if decision.action == "undo" and decision.undoes not in before:
        return Line(number, decision, f"it undoes {decision.undoes}, which no earlier line holds")
    return Line(number, decision)


def _bytes_of(path: Path) -> bytes:
    try:
        # A pipe without a writer would be waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _unreadable(path, "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is no file")
        if found.st_size > MAX_FILE_BYTES:
            raise _unreadable(path, f"it has {found.st_size:,} bytes, more than {MAX_FILE_BYTES:,}")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    finally:
        os.close(handle)


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(f"the decisions of reviewers can't be read: {path}: {why}; mend it, or move it away to go on without them")


def _taken_back(found: Sequence[Decision]) -> dict[str, Decision]:
    """What undoes which id, the last word first: an undo that was undone itself takes nothing back."""
    gone: dict[str, Decision] = {}
    for decision in reversed(found):
        if decision.action == "undo" and decision.id not in gone and decision.undoes:
            gone.setdefault(decision.undoes, decision)
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
        return Decision.model_validate(cells if "id" in cells else {"id": short_hash(canonical_json(cells)), **cells})
    except ValidationError as error:
        said = [f"{'.'.join(map(str, item['loc'])) or 'line'}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise ValueError("; ".join(said)[:1000]) from None


def append_decisions(path: Path, decisions: Sequence[Decision], allow: Callable[[Decisions], str | None] | None = None) -> str | None:
    """Appends all of these lines at once, synced; a decision whose id stands there already is left out. `allow` sees what the file holds
    under the lock, and what it returns refuses the lines. Returns the refusal, else None. Raises OSError, or DataError where the file
    can't be read.
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
    for line in _bytes_of(path).split(b"\n"):
        try:
            found.add(parse_decision(line).id)
        except ValueError:
            continue
    return found


def _line(decision: Decision) -> str:
    cells: dict[str, Any] = decision.model_dump(mode="json", exclude_none=True)
    return json.dumps(cells, ensure_ascii=False) + "\n"
