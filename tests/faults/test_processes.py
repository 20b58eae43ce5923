"""Refreshes, readers and a cleaner over one data root at once, each a process with a run history of its own."""

import json
import os
import subprocess
import sys

from schemas.config.base import PROJECT_ROOT
from tests.faults.refresher import curate, open_project

SECONDS = 60 if os.environ.get("MCQ_FAULTS") else 15
# Longer than a reader takes on a busy machine, and much shorter than the whole.
GRACE_SECONDS = 12
REFRESH = """
    write(project, rows[: 4 + turn % 4])
    result = curate(open_project(project))
    assert result.success, [event.message for event in result.all_events if event.is_failure]
"""
READ = """
    version = foundry.lake.current()
    tables = {asset: foundry.lake.read_table(asset, table, TABLES[asset]) for asset, table in version.tables.items()}
    ledger = tables["sample_ledger"]
    assert len(ledger) == len(tables["raw_records"]) == sum(version.counts.values())
    assert set(ledger["dataset_version"]) == {version.dataset_version}
    assert foundry.lake.version(version.name).tables == version.tables
    seen.add(version.name)
    time.sleep(0.05)
"""
CLEAN = """
    removed = clean_up(foundry)
    assert isinstance(removed, int), removed
    seen.add(removed)
    time.sleep(0.2)
"""
WORKER = """
import dataclasses, json, sys, time
from pathlib import Path
from assets.resources.foundry import clean_up
from assets.resources.lake_io import TABLES
from tests.faults.refresher import curate, open_project

project, seconds = Path(sys.argv[1]), float(sys.argv[2])
foundry = open_project(project)
rows = [json.loads(line) for line in (project / "all.jsonl").read_text().splitlines()]

def write(project, rows):
    (project / "raw" / "school.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))

seen, turn = set(), 0
print("ready", flush=True)
sys.stdin.readline()
ends = time.monotonic() + seconds
while turn == 0 or time.monotonic() < ends:
    turn += 1
{body}
print(json.dumps({{"turns": turn, "seen": len(seen)}}))
"""


def test_nothing_is_mixed_and_nobody_fails(questions, write_project, tmp_path, capsys):
    settings = {"keep_versions": 1, "keep_hours": GRACE_SECONDS / 3600}
    projects = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_project(folder, questions[:4], **settings)
        (folder / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
        projects.append(folder)
    (tmp_path / "one" / "data").mkdir()
    (tmp_path / "two" / "data").symlink_to(tmp_path / "one" / "data")
    assert curate(open_project(projects[0])).success
    kinds = [(REFRESH, projects[0]), (REFRESH, projects[1]), *[(READ, projects[0])] * 4, (CLEAN, projects[1])]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER.format(body=body), str(folder), str(SECONDS)],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for body, folder in kinds
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n", worker.stderr.read()[-2000:]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [worker.communicate(timeout=300) for worker in workers]
    failed = [errors[-2000:] for worker, (_, errors) in zip(workers, told, strict=True) if worker.returncode]
    assert failed == []
    counts = [json.loads(output.splitlines()[-1]) for output, _ in told]
    turns = [count["turns"] for count in counts]
    with capsys.disabled():
        print(f"\n{SECONDS} s: refreshes {turns[:2]}, readings {turns[2:6]}, cleanings {turns[6]}")
    foundry = open_project(projects[0])
    assert foundry.lake.current() is not None
    assert not list(foundry.data_root.rglob(".*.tmp"))
