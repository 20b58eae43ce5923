"""`mcq review` at work: a record, a key, the next one."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.keys import Keys
from cli.options import err, out, styled
from cli.review_screen import in_one_line, show, show_help
from pipeline.common.letters import LETTERS
from pipeline.review.decide import UnfitError, changed_parts, edit_faults, in_words
from pipeline.review.editing import from_edit, to_edit, without_comments
from pipeline.review.session import Session
from schemas.errors import ConfigError


def work(session: Session, keys: Keys) -> None:
    """Until the queue ends or the reviewer quits. KeyboardInterrupt passes through: every decision is saved already."""
    full, again = False, True
    with keys.unbuffered():
        while True:
            if session.item is None:
                out.print("\nThat was the last of this queue: b back, u undo, q (or any other key) ends.")
            elif again:
                show(session, full)
            key = keys.key()
            if key is None or key == "q" or (session.item is None and key not in ("b", "u")):
                return
            again = True
            if key == "?":
                show_help()
                again = False
            elif key == "f":
                full = not full
            else:
                try:
                    again = act(session, keys, key)
                except (UnfitError, ConfigError) as error:
                    out.print(styled(("not written: ", "bold red"), str(error)))
                    again = "look again" in str(error)


def act(session: Session, keys: Keys, key: str) -> bool:
    """Does what a key says. Returns whether the screen is to be shown anew. Raises UnfitError."""
    if key in LETTERS or (key.isascii() and key.isdigit() and key != "0"):
        place = LETTERS.index(key) if key in LETTERS else int(key) - 1
        told(session, session.decide("set_answer", answer_index=place))
        return True
    if key not in ACTS:
        if key.strip():
            out.print(f"{key!r} does nothing here; ? shows the keys")
        return False
    return ACTS[key](session, keys)


def told(session: Session, decision: Any) -> None:
    """Says what was written."""
    out.print(styled(("saved: ", "green"), in_words(decision)))


def _verdict(action: str) -> Callable[[Session, Keys], bool]:
    def decide(session: Session, keys: Keys) -> bool:
        told(session, session.decide(action))
        return True

    return decide


def _pair(action: str) -> Callable[[Session, Keys], bool]:
    def decide(session: Session, keys: Keys) -> bool:
        others = session.others()
        if len(others) > 1:
            for number, other in enumerate(others, start=1):
                out.print(f"  {number} {other.relation}: {in_one_line(session.row(other.record_id))}")
            out.print(f"{action} with which, 1-{len(others)}? ", end="")
            # Without a terminal the number may stand behind the key on its line.
            chosen, keys.rest = keys.rest or keys.key() or "", ""
            if not (chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(others)):
                out.print("none was chosen; nothing was written")
                return False
            others = [others[int(chosen) - 1]]
        told(session, session.decide(action, others[0].record_id if others else None))
        return True

    return decide


def _note(session: Session, keys: Keys) -> bool:
    text = _line(session, keys, "note: ")
    if text is None:
        out.print("no text; nothing was written")
        return False
    told(session, session.decide("note", why=text))
    return False


def _why(session: Session, keys: Keys) -> bool:
    session.why = _line(session, keys, "why (of the next decision): ") or ""
    return False


def _line(session: Session, keys: Keys, prompt: str) -> str | None:
    with keys.buffered():
        return keys.line(prompt)


def _move(steps: int) -> Callable[[Session, Keys], bool]:
    def move(session: Session, keys: Keys) -> bool:
        session.move(steps)
        return True

    return move


def _turn(session: Session, keys: Keys) -> bool:
    session.turn()
    return True


def _undo(session: Session, keys: Keys) -> bool:
    decision = session.undo()
    out.print(styled(("taken back: ", "green"), in_words(decision)))
    return True


def _edit(session: Session, keys: Keys) -> bool:
    row = session.row(session.record_id)
    with keys.buffered():
        new = edited(row)
    if not new:
        out.print("nothing was changed; nothing was written")
        return True
    told(session, session.decide("edit", **new))
    return True


ACTS: dict[str, Callable[[Session, Keys], bool]] = {
    "a": _verdict("accept"),
    "r": _verdict("reject"),
    "e": _edit,
    "m": _pair("merge"),
    "k": _pair("apart"),
    "n": _note,
    "w": _why,
    "x": _turn,
    "s": _move(1),
    "b": _move(-1),
    "u": _undo,
}


def edited(row: dict[str, Any]) -> dict[str, Any]:
    """The parts of a record that a person changed in an editor; none where nothing was changed or the file was emptied. What is wrong is
    said on top of the file, which opens again. Raises UnfitError when it comes back wrong and unchanged."""
    head = f"{row['record_id']}  {row['locator']}\nSave and close to write the edit; empty the file to leave the record as it is."
    text = to_edit(row, head)
    refused = ""
    with tempfile.TemporaryDirectory(prefix="mcq-review-") as folder:
        file = Path(folder) / "question.yaml"
        while True:
            file.write_text(text, encoding="utf-8")
            run_editor(file)
            body = without_comments(file.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff"))
            if not body.strip():
                return {}
            try:
                new = changed_parts(row, from_edit(body))
                faults = edit_faults(row, new)
            except ValueError as error:
                new, faults = {}, [str(error)]
            if not faults:
                return new
            said = "; ".join(faults)
            if body == refused:
                raise UnfitError(f"the edit can't be taken: {said}")
            refused = body
            err.print(styled(("the edit can't be taken: ", "bold red"), f"{said}; the editor opens again"))
            text = "".join(f"# {line}\n" for line in (*head.splitlines(), f"NOT SAVED: {said}")) + body


def run_editor(file: Path) -> None:
    """Opens $VISUAL, else $EDITOR, else vi, and waits for its end. Raises ConfigError when it can't be started or fails."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        done = subprocess.run([*shlex.split(named), str(file)], check=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the editor {named!r} can't be started ({error}); name another in $EDITOR") from error
    if done.returncode != 0:
        raise ConfigError(f"the editor {named!r} ended with exit code {done.returncode}; nothing was written")
