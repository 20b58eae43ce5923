"""Every file operation of a refresh, stopped in turn: the process is killed before it, the disk refuses it, or what it renames is cut.

The way of SQLite's tests (https://www.sqlite.org/testing.html, section 3): operations are counted once, then each is made to fail.
Readers must see the old version or the new one, whole. The refresh that follows must give what an undisturbed one gives, and leave
nothing of the disturbed one behind.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys

import pytest

from schemas.config.base import PROJECT_ROOT
from schemas.errors import DataError
from tests.faults.refresher import KILLED, curate, open_project

A_DAY = 3
UNDISTURBED = {"stop_at": -1, "how": "kill"}


@pytest.fixture(scope="module")
def refresh():
    """Refreshes the project of a folder in a process of its own, disturbed as asked."""
    command = [sys.executable, "-m", "tests.faults.refresher"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:

        def ask(folder, stop_at, how):
            server.stdin.write(json.dumps({"folder": str(folder), "stop_at": stop_at, "how": how}) + "\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        yield ask
        server.stdin.close()


@pytest.fixture(scope="module")
def changed(questions, write_project, tmp_path_factory):
    """A project that published five questions, and has eight to read now; only the last version is kept, and none a moment longer."""
    folder = tmp_path_factory.mktemp("changed")
    settings = {"keep_versions": 1, "keep_hours": 0}
    assert curate(write_project(folder, questions[:5], **settings)).success
    write_project(folder, questions, **settings)
    return folder


@pytest.fixture(scope="module")
def expected(changed, refresh, tmp_path_factory):
    """The versions before and after an undisturbed refresh, and how many file operations that takes."""
    folder = tmp_path_factory.mktemp("expected") / "project"
    shutil.copytree(changed, folder)
    before = open_project(folder).lake.current().name
    done = refresh(folder, **UNDISTURBED)
    assert done["code"] == 0
    after = open_project(folder).lake.current().name
    assert before != after
    return before, after, done["operations"]


def in_turn(operations):
    """Today's operations; every one when MCQ_FAULTS=all, every Nth when it is N."""
    asked = os.environ.get("MCQ_FAULTS", "")
    if asked:
        return range(0, operations, int(asked) if asked.isdigit() else 1)
    step = max(1, operations // A_DAY)
    return range(datetime.date.today().toordinal() % step, operations, step)


def litter(folder):
    """Files that a write began and never finished."""
    return [path for path in (folder / "data").rglob(".*") if path.suffix == ".tmp"]


@pytest.mark.parametrize("how", ["kill", "refuse", "cut"])
def test_a_refresh_that_is_stopped_anywhere_publishes_all_or_nothing_and_the_next_mends(
    how, changed, expected, refresh, whole, tmp_path, capsys
):
    before, after, operations = expected
    assert operations > 100
    wrong, left = [], 0
    for number in in_turn(operations):
        folder = tmp_path / "project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(changed, folder)
        project = open_project(folder)
        code = refresh(folder, number, how)["code"]
        left += bool(litter(folder))
        try:
            seen = whole(project).name
        except DataError as error:
            seen = "damaged" if how == "cut" and "mcq run" in str(error) else f"unreadable: {error}"
        allowed = {0: [after], 1: [before]}.get(code, [before, after, *(["damaged"] if how == "cut" else [])])
        if seen not in allowed or code not in (0, 1, KILLED):
            wrong.append(f"operation {number}: the refresh ended with {code}, and readers see {seen}")
        again = refresh(folder, **UNDISTURBED)["code"]
        if again != 0 or whole(project).name != after or litter(folder):
            wrong.append(f"operation {number}: the next refresh ended with {again}, at {whole(project).name}, leaving {litter(folder)}")
        page = project.reports / "latest.html"
        if not page.is_file() or page.read_bytes() != (project.reports / f"{after}.html").read_bytes():
            wrong.append(f"operation {number}: the report isn't that of the version")
    with capsys.disabled():
        print(f"\n{how}: {len(in_turn(operations))} of {operations} operations stopped, {left} left a file behind")
    assert wrong == []
