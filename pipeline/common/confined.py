"""One call in a process of its own, with an end to its memory and its time: for code that a hostile file can make swell, hang or crash.

The process is kept for the next call, and replaced when it died. `python -m pipeline.common.confined FD` is that process.
"""

import atexit
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, TypeVar

from pipeline.common.parallel import collector_paused
from schemas.config.base import PROJECT_ROOT
from schemas.errors import PipelineError

Found = TypeVar("Found")

# Address space. The largest workbook that is read, 20 million cells, takes 3 GiB; our libraries take 0.4.
MEMORY_BYTES = 4 * 2**30
# A process gets so much longer by the clock than of the processor: others want the cores too, and it may wait for a disk.
CLOCK_PER_CPU = 4
# By the clock, until a call has arrived: imports take a second where the machine is idle, and many where it isn't.
START_SECONDS = 120
# Each thread reserves address space, which counts here: a pool for 64 cores would leave no room for the file.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_IO_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_ASKING = Lock()
_kept: list["_Process"] = []


def confined(function: Callable[..., Found], *arguments: Any, seconds: float) -> Found:
    """`function(*arguments)`, run in the other process; `function` is one of a module, arguments and result are pickled.

    What a call gives depends on nothing that was called before: where memory ran out in a used process, a fresh one tries again.
    Where the system doesn't hold to a limit on memory (macOS), the one on time is left.

    Raises:
        PipelineError: what the function raised.
        TimeoutError: it took more than `seconds` of processor time, or CLOCK_PER_CPU times as many by the clock.
        MemoryError: it took more than MEMORY_BYTES.
        ChildProcessError: the process ended: native code crashed, or met the end of memory without a word.
        RuntimeError: the function raised anything else.
    """
    with _ASKING:
        if _kept and _kept[0].calls:
            with contextlib.suppress(MemoryError, ChildProcessError):
                return _ask(function, arguments, seconds)
        return _ask(function, arguments, seconds)


def _ask(function: Callable[..., Found], arguments: tuple[Any, ...], seconds: float) -> Found:
    if not _kept:
        _kept.append(_Process())
    try:
        answer: Found | Exception = _kept[0].ask(function, arguments, seconds)
    except BaseException:
        # Interrupted too: what it would answer then belongs to no later question.
        _end()
        raise
    if isinstance(answer, Exception):
        if isinstance(answer, MemoryError):
            _end()
        raise answer
    return answer


def _end() -> None:
    while _kept:
        _kept.pop().end()


atexit.register(_end)


class _Process:
    """The parent's side. Its own end of the pipe is closed with it, and then the child ends."""

    def __init__(self) -> None:
        self.calls = 0
        self.ours, theirs = Pipe()
        with theirs:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "pipeline.common.confined", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=PROJECT_ROOT,
                env={**os.environ, **_ONE_THREAD},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # A crash of native code is told by its signal; its own words are pages of addresses.
                stderr=subprocess.DEVNULL,
            )

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
        self.calls += 1
        try:
            self.ours.send((function, arguments, seconds))
            self._receive(START_SECONDS)
            return self._receive(seconds * CLOCK_PER_CPU)
        except TimeoutError:
            raise
        except (EOFError, OSError):
            code = self.child.wait()
        if code == -signal.SIGXCPU:
            raise TimeoutError(f"it takes more than {seconds:.0f} s")
        raise ChildProcessError(f"its process ended: {_in_words(code)}")

    def _receive(self, seconds: float) -> Any:
        if not self.ours.poll(seconds):
            raise TimeoutError(f"it takes more than {seconds:.0f} s by the clock")
        return self.ours.recv()

    def end(self) -> None:
        self.ours.close()
        self.child.kill()
        self.child.wait()


def _in_words(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _serve(channel: Connection) -> None:
    """The child's side: answers until the parent is gone."""
    # Ctrl-C goes to the whole group; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    while True:
        try:
            function, arguments, seconds = channel.recv()
        except EOFError:
            return
        channel.send(None)
        _limit(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 1)
        answer = _answer(function, arguments)
        # What the next call brings is read before its own limit is known.
        _limit(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
        try:
            channel.send(answer)
        except MemoryError as error:
            channel.send(error)


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        with collector_paused():
            return function(*arguments)
    except (PipelineError, MemoryError) as error:
        return error.with_traceback(None)
    # A panic of Rust is no Exception.
    except BaseException as error:
        return RuntimeError(f"{type(error).__name__}: {error}")


def _limit(kind: int, value: int) -> None:
    _, highest = resource.getrlimit(kind)
    if value == resource.RLIM_INFINITY:
        value = highest
    # Some systems know a limit and refuse it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value if highest == resource.RLIM_INFINITY else min(value, highest), highest))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
