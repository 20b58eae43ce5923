"""Threads follow the cores that others leave free, after two looks, and never against what the user set."""

import os
import subprocess
import sys

import pytest

from pipeline.common.model import threads
from pipeline.common.model.threads import Threads, Use, fitting

LINUX = pytest.mark.skipif(threads.use() is None, reason="no /proc/stat")


@pytest.mark.parametrize(
    ("others", "cores", "expected"), [(0, 2, 2), (0.4, 2, 2), (0.6, 2, 1), (5, 2, 1), (3, 16, 13), (0, 0.5, 1), (0, 1.5, 1)]
)
def test_threads_are_the_cores_left_free(others, cores, expected):
    own = 1.5
    assert fitting(Use(0, 0, 0), Use(10, 10 * (others + own), 10 * own), cores) == expected


def test_a_number_that_the_user_set_is_left_alone(monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, "7")
    mine = Threads()
    mine.choose()
    assert os.environ[threads.VARIABLE] == "7"
    monkeypatch.setattr(threads, "EVERY_S", 0)
    mine.adapt(7, pytest.fail)


@LINUX
def test_a_number_is_chosen_within_the_cores(monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, "1")
    monkeypatch.delenv(threads.VARIABLE)
    Threads().choose()
    assert 1 <= int(os.environ[threads.VARIABLE]) <= max(threads.usable_cores(), 1)


def test_a_change_needs_two_looks(monkeypatch):
    moments = iter([Use(20, 40, 20), Use(25, 45, 25), Use(40, 80, 40), Use(60, 100, 60)])
    monkeypatch.setattr(threads, "use", lambda: next(moments))
    monkeypatch.setattr(threads, "usable_cores", lambda: 2.0)
    mine, changes = Threads(), []
    mine.chosen, mine.before, mine.wanted = True, Use(0, 0, 0), 2
    mine.adapt(2, changes.append)  # another took one core: the first look
    mine.adapt(2, changes.append)  # too early
    assert changes == []
    mine.adapt(2, changes.append)
    assert changes == [1]
    mine.adapt(1, changes.append)  # the other is gone: the first look
    assert changes == [1]


@LINUX
def test_a_busy_neighbour_is_seen():
    """A real one, on the one core that both may use."""
    core = min(os.sched_getaffinity(0))
    code = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    neighbour = subprocess.Popen([sys.executable, "-c", code])
    before_affinity = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, [core])
        before = threads.use()
        threads.time.sleep(1.5)
        after = threads.use()
    finally:
        neighbour.kill()
        neighbour.wait()
        os.sched_setaffinity(0, before_affinity)
    assert after.all_s - before.all_s > 0.5 * (after.moment_s - before.moment_s)
