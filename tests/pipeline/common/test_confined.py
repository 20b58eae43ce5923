"""A call in the other process: what it may not do to this one, and that the next call finds a sound process."""

import builtins
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from pipeline.common import confined as module
from pipeline.common.confined import confined
from schemas.config.base import PROJECT_ROOT
from schemas.errors import ConfigError


def pid():
    return confined(os.getpid, seconds=5)


def test_a_result_comes_back_from_a_process_that_is_kept():
    assert confined(json.loads, "[1, 2]", seconds=5) == [1, 2]
    assert pid() == pid() != os.getpid()


def test_what_the_function_raises_is_told_in_words():
    with pytest.raises(RuntimeError, match="JSONDecodeError: Expecting value"):
        confined(json.loads, "x", seconds=5)
    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        confined(sys.exit, 3, seconds=5)


def test_an_error_of_ours_keeps_its_kind():
    from schemas.config import load_config

    with pytest.raises(ConfigError, match="there is no configuration file"):
        confined(load_config, PROJECT_ROOT / "nowhere.yaml", seconds=5)


def test_memory_has_an_end():
    before = pid()
    with pytest.raises(MemoryError):
        confined(bytearray, module.MEMORY_BYTES, seconds=5)
    assert pid() != before


def test_a_process_that_native_code_ends_is_replaced():
    before = pid()
    with pytest.raises(ChildProcessError, match="SIGABRT"):
        confined(os.abort, seconds=5)
    assert pid() != before


def test_work_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(module, "CLOCK_PER_CPU", 30)
    before = pid()
    with pytest.raises(TimeoutError, match=r"more than 1 s$"):
        confined(pow, 3, 10**9, seconds=1)
    assert pid() != before


def test_waiting_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(module, "CLOCK_PER_CPU", 0.5)
    with pytest.raises(TimeoutError, match="more than 1 s by the clock"):
        confined(time.sleep, 600, seconds=2)
    assert pid()


def test_the_start_of_the_process_counts_for_no_call(monkeypatch):
    module._end()
    # Two fifths of a second: python alone starts in that, our imports don't.
    monkeypatch.setattr(module, "CLOCK_PER_CPU", 0.1)
    assert confined(len, "four", seconds=4) == 4


def test_each_call_has_its_own_time():
    pid()
    for _ in range(3):
        confined(json.loads, "[" + "1," * 2_000_000 + "1]", seconds=3)
    with pytest.raises(TimeoutError):
        confined(pow, 3, 10**9, seconds=1)


def test_a_used_process_that_dies_is_no_verdict_on_what_is_asked_next():
    before = pid()
    os.kill(before, signal.SIGKILL)
    assert confined(len, "four", seconds=5) == 4


def test_an_interrupted_call_answers_no_later_one():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = pid()
    handler = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    with pytest.raises(KeyboardInterrupt):
        confined(time.sleep, 2, seconds=5)
    signal.signal(signal.SIGALRM, handler)
    assert confined(len, "four", seconds=5) == 4
    assert pid() != before


def test_ctrl_c_of_the_group_is_left_to_the_parent():
    before = pid()
    os.kill(before, signal.SIGINT)
    assert pid() == before


def test_what_a_library_prints_goes_nowhere(capfd):
    confined(builtins.print, "noise", seconds=5)
    confined(os.write, 2, b"noise", seconds=5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_process_ends_with_its_parent(ending):
    code = f"import os, signal\nfrom pipeline.common.confined import confined\nprint(confined(os.getpid, seconds=5), flush=True)\n{ending}"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    child = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("it is still there")
    assert done.stderr == ""
