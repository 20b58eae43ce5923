"""What a person types: single keys where there is a terminal, else a line each, so that a script can drive it."""

import codecs
import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any

from cli.options import out

BACK, ON = "b", "s"
# What the arrow keys send behind an escape sign.
ARROWS = {"[C": ON, "[B": ON, "OC": ON, "OB": ON, "[D": BACK, "[A": BACK, "OD": BACK, "OA": BACK}
ESCAPE_SECONDS = 0.05


class Keys:
    """Keys and lines from stdin. Without a terminal the rest of a key's line is the text that it asks for."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdin.isatty() and _has_termios()
        if isinstance(sys.stdin, io.TextIOWrapper):
            # Bytes that are no text are a wrong key, no reason to end.
            sys.stdin.reconfigure(errors="replace")
        self.rest = ""
        self.usual: list[Any] | None = None

    @contextlib.contextmanager
    def unbuffered(self) -> Iterator[None]:
        """Single keys without echo; the terminal is as it was at the end, whatever happens."""
        with self._mode(single=True):
            yield

    @contextlib.contextmanager
    def buffered(self) -> Iterator[None]:
        """Within `unbuffered`: lines again, for a text or an editor."""
        with self._mode(single=False):
            yield

    @contextlib.contextmanager
    def _mode(self, single: bool) -> Iterator[None]:
        if not self.is_terminal:
            yield
            return
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        self.usual = self.usual or before
        try:
            # Keys that were typed ahead stay.
            if single:
                tty.setcbreak(descriptor, termios.TCSADRAIN)
            else:
                termios.tcsetattr(descriptor, termios.TCSADRAIN, self.usual)
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def key(self) -> str | None:
        """The next key, an arrow as the letter that it stands for; None at the end of input, and for an empty line."""
        if not self.is_terminal:
            out.print("> ", end="")
            line = sys.stdin.readline()
            if not line:
                return None
            self.rest = line.strip()[1:].strip()
            return line.strip()[:1] or ""
        descriptor, decoder, text = sys.stdin.fileno(), codecs.getincrementaldecoder("utf-8")("replace"), ""
        while not text:
            data = os.read(descriptor, 1)
            if not data or data == b"\x04":
                return None
            text = decoder.decode(data)
        if text != "\x1b":
            return text
        sequence = ""
        while len(sequence) < 8 and select.select([descriptor], [], [], ESCAPE_SECONDS)[0]:
            sequence += os.read(descriptor, 1).decode("latin-1")
            if sequence[-1].isalpha() and sequence != "O":
                break
        return ARROWS.get(sequence, "")

    def line(self, prompt: str) -> str | None:
        """A line of text; None where nothing was typed."""
        if not self.is_terminal:
            text, self.rest = self.rest, ""
            return text or sys.stdin.readline().strip() or None
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # arrow keys, and letters of several bytes deleted as one
        try:
            return input(prompt).strip() or None
        except EOFError:
            return None

    def confirm(self, question: str) -> bool:
        """Whether a person says yes; without a terminal nobody is there to ask, and the answer is yes."""
        if not self.is_terminal:
            return True
        out.print(f"{question} [y/N] ", end="")
        with self.unbuffered():
            said = self.key()
        out.print(said or "")
        return said in ("y", "Y")


def _has_termios() -> bool:
    with contextlib.suppress(ImportError):
        import termios

        return hasattr(termios, "tcgetattr")
    return False
