"""How a stage gets through many rows: chunk by chunk, on every core, and without the garbage collector looking on.

The result never depends on the number of processes: each chunk is worked on by itself, and they come back in order.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from time import sleep
from types import ModuleType
from typing import TypeVar

import pyarrow as pa

Chunk = TypeVar("Chunk")
Found = TypeVar("Found")

CHUNK_ROWS = 4_000
# Under so many rows the start of other processes (about a second, once a process of ours) costs more than they save.
ROWS_WORTH_A_PROCESS = 10_000
_STARTING = Lock()
_PRELOADED: list[str] = []


def preload(*modules: str) -> None:
    """Names what the other processes hold from the start: a stage says it of itself, and of packages that it imports only when needed.

    Said while the stage is imported; processes that run already import what a chunk needs when they get it.
    """
    _PRELOADED.extend(modules)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Rows that live until the stage ends make no cycles; walking over them again and again takes a fifth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def map_chunks(function: Callable[[Chunk], Found], chunks: Sequence[Chunk], rows: int) -> Iterator[Found]:
    """`function` of every chunk, in order: on all cores where the rows are many, else in this process.

    `function` is a function of a module, or a partial of one; it, the chunks and what comes back are pickled.
    MCQ_WORKERS sets the number of processes; 1 keeps everything here.
    """
    quiet = partial(_quietly, function)
    if _workers() < 2 or rows < ROWS_WORTH_A_PROCESS:
        return map(quiet, chunks)
    return _processes().map(quiet, chunks)


def start_processes() -> None:
    """Starts the other processes while this one goes on: for a caller who knows that many rows are coming."""
    if _workers() > 1:
        Thread(target=_processes, daemon=True).start()


def _workers() -> int:
    return int(os.environ.get("MCQ_WORKERS") or os.cpu_count() or 1)


def table_chunks(table: pa.Table) -> list[pa.Table]:
    """The table's rows in chunks, each a table of its own: a slice would take the whole table along to the other process."""
    starts = range(0, table.num_rows, CHUNK_ROWS)
    return [table.take(pa.array(range(start, min(start + CHUNK_ROWS, table.num_rows)))) for start in starts]


def _quietly(function: Callable[[Chunk], Found], chunk: Chunk) -> Found:
    with collector_paused():
        return function(chunk)


def _processes() -> ProcessPoolExecutor:
    with _STARTING:
        return _started()


@cache
def _started() -> ProcessPoolExecutor:
    """Kept for the next stage. A fork server, because a plain fork copies locks that other threads hold, and a spawn imports
    everything once more for every process."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    pool = ProcessPoolExecutor(_workers(), mp_context=context, initializer=_end_with_parent)
    with _main_hidden():
        for _ in range(_workers()):
            pool.submit(sleep, 0.01)  # each finds no idle process, so each starts one
    return pool


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


@contextmanager
def _main_hidden() -> Iterator[None]:
    """New processes import the main module, if it is to be found: a script without a guard would then run again in each of them."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
