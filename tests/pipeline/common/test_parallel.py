"""Chunks in other processes give what they give here, in order; and the collector is as it was afterwards."""

import gc
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.common.parallel import ROWS_WORTH_A_PROCESS, collector_paused, map_chunks
from schemas.config.base import PROJECT_ROOT


def double(chunk):
    assert not gc.isenabled()
    return [2 * value for value in chunk]


@pytest.mark.parametrize("rows", [1, ROWS_WORTH_A_PROCESS])
def test_chunks_come_back_in_order_from_here_and_from_elsewhere(rows, monkeypatch):
    monkeypatch.setenv("MCQ_WORKERS", "2")
    chunks = [list(range(start, start + 3)) for start in range(0, 30, 3)]
    assert [value for part in map_chunks(double, chunks, rows) for value in part] == list(range(0, 60, 2))
    assert list(map_chunks(double, [], rows)) == []


def fail(chunk):
    raise ValueError(f"cannot work on {chunk}")


@pytest.mark.parametrize("rows", [1, ROWS_WORTH_A_PROCESS])
def test_an_error_in_a_chunk_reaches_the_caller(rows, monkeypatch):
    monkeypatch.setenv("MCQ_WORKERS", "2")
    with pytest.raises(ValueError, match="cannot work on 1"):
        list(map_chunks(fail, [1, 2, 3], rows))


def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(
        "from pipeline.common.parallel import ROWS_WORTH_A_PROCESS, map_chunks, start_processes\n"
        "start_processes()\nprint(list(map_chunks(sum, [[1], [2, 3], [4]], ROWS_WORTH_A_PROCESS)))\n"
    )
    environment = {**os.environ, "MCQ_WORKERS": "2", "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[1, 5, 4]\n"
    assert done.stderr == ""


def test_processes_hold_what_a_stage_names(tmp_path):
    (tmp_path / "tests_stage.py").write_text(
        "import sys\nfrom pipeline.common.parallel import preload\npreload(__name__, 'colorsys')\n"
        "def held(_):\n    return 'colorsys' in sys.modules\n"
    )
    script = tmp_path / "preloading.py"
    script.write_text(
        "from pipeline.common.parallel import ROWS_WORTH_A_PROCESS, map_chunks, start_processes\n"
        "import tests_stage\nstart_processes()\nprint(*map_chunks(tests_stage.held, [1, 2], ROWS_WORTH_A_PROCESS), tests_stage.held(0))\n"
    )
    environment = {**os.environ, "MCQ_WORKERS": "2", "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{tmp_path}"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "True True False\n"


# Two processes write the audit's indexes, once a version: what they need takes less to load than a refresh would lose by holding it.
NOT_HELD = "pipeline.audit"


def test_every_stage_that_gives_work_to_other_processes_is_held_by_them():
    files = [
        file.relative_to(PROJECT_ROOT / "pipeline")
        for file in (PROJECT_ROOT / "pipeline").rglob("*.py")
        if "map_chunks(" in file.read_text()
    ]
    stages = {f"pipeline.{file.parts[0]}" for file in files} - {"pipeline.common", NOT_HELD}
    code = "import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\nfrom pipeline.common import parallel\nprint(*parallel._PRELOADED)"
    done = subprocess.run([sys.executable, "-c", code, *stages], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert len(stages) >= 3
    assert stages <= set(done.stdout.split())


def test_processes_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        "import os, time\nfrom pipeline.common.parallel import ROWS_WORTH_A_PROCESS, map_chunks\n"
        "from tests_helper import own_id\n"
        "print(*map_chunks(own_id, [1, 2], ROWS_WORTH_A_PROCESS), flush=True)\ntime.sleep(60)\n"
    )
    (tmp_path / "tests_helper.py").write_text("import os\ndef own_id(_):\n    return os.getpid()\n")
    environment = {**os.environ, "MCQ_WORKERS": "2", "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{tmp_path}"}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        workers = [int(number) for number in process.stdout.readline().split()]
        process.kill()
    assert workers
    for _ in range(100):
        alive = [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        if not alive:
            break
        time.sleep(0.1)
    assert not alive


def test_the_collector_comes_back():
    def fail_quietly():
        with collector_paused():
            fail(0)

    with pytest.raises(ValueError, match="cannot work"):
        fail_quietly()
    assert gc.isenabled()
