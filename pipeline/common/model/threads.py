"""How many threads a child process computes with: as many as the cores that others leave free. Imports no torch.

Threads of one step wait for each other, so one that shares its core with a neighbour holds up all: with one of two cores taken,
two threads take several times as long as one. `OMP_NUM_THREADS`, where it is set, is obeyed. Sums are rounded otherwise by another
number of threads, so set it where two runs must agree to the last digit.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "OMP_NUM_THREADS"
PROBE_S = 0.3
EVERY_S = 15.0


@dataclass(frozen=True)
class Use:
    """What was used of this process' cores until a moment: seconds by all processes, and by this one."""

    moment_s: float
    all_s: float
    own_s: float


def usable_cores() -> float:
    """Cores that this process may use, by its affinity and, in a container, its quota."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file() and (found := re.fullmatch(r"(\d+) (\d+)\s*", quota.read_text(encoding="ascii"))):
        cores = min(cores, int(found[1]) / int(found[2]))
    return cores


def use() -> Use | None:
    """Now; None where the system doesn't tell (/proc/stat is Linux's)."""
    stat = Path("/proc/stat")
    if not stat.is_file() or not hasattr(os, "sched_getaffinity"):
        return None
    mine, ticks = os.sched_getaffinity(0), 0
    for line in stat.read_text(encoding="ascii").splitlines():
        name, *counts = line.split()
        if re.fullmatch(r"cpu\d+", name) and int(name[3:]) in mine:
            # user, nice, system, irq, softirq: neither idle and waiting for a disk (the 4th and 5th) nor what a guest repeats.
            ticks += sum(int(counts[place]) for place in (0, 1, 2, 5, 6))
    return Use(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), time.process_time())


def fitting(before: Use, after: Use, cores: float) -> int:
    """Threads for the cores that others left free between two moments, at least one.

    >>> fitting(Use(0.0, 0.0, 0.0), Use(10.0, 10.2, 0.0), 2)
    1
    >>> fitting(Use(0.0, 0.0, 0.0), Use(10.0, 20.0, 19.6), 2)
    2
    """
    others = max(after.all_s - before.all_s - (after.own_s - before.own_s), 0.0) / max(after.moment_s - before.moment_s, 1e-3)
    return max(1, min(int(cores), round(cores - others)))


class Threads:
    """The number of threads of this process, watched while it works."""

    def __init__(self) -> None:
        self.chosen = False
        self.before: Use | None = None
        self.wanted = 0

    def choose(self) -> None:
        """Sets `OMP_NUM_THREADS`, before torch is loaded, unless the user did."""
        if VARIABLE in os.environ:
            return
        before = use()
        if before is None:
            return
        time.sleep(PROBE_S)
        after = use()
        assert after
        self.chosen, self.before, self.wanted = True, after, fitting(before, after, usable_cores())
        os.environ[VARIABLE] = str(self.wanted)

    def adapt(self, threads: int, change: Callable[[int], None]) -> None:
        """Called now and then with the number in use; calls `change` when two looks, `EVERY_S` apart, say that another one fits."""
        after = use() if self.chosen else None
        if after is None or self.before is None or after.moment_s - self.before.moment_s < EVERY_S:
            return
        found = fitting(self.before, after, usable_cores())
        if found != threads and found == self.wanted:
            change(found)
        self.before, self.wanted = after, found


THREADS = Threads()
