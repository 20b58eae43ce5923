"""Nothing is new: told only where every file, setting, decision and table is byte for byte what the last run left."""

import os

import dagster as dg
import pytest

from assets import curation
from assets.audit import audit_database, renew
from assets.checks import CURATION_CHECKS
from assets.report import data_quality_report
from assets.resources.configured import resources_over
from assets.resources.foundry import ledger_of
from assets.resources.unchanged import inputs_now, note_standing, standing_version
from pipeline.ingest.files import find_files

ASSETS = [*dg.load_assets_from_modules([curation]), data_quality_report, audit_database]


def look(foundry):
    return inputs_now(foundry, find_files(foundry.config))


@pytest.fixture
def standing(make_foundry, questions):
    """A published set whose run was noted."""
    foundry = make_foundry(questions)
    before = look(foundry)
    resources = resources_over(foundry)
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([*ASSETS, *CURATION_CHECKS], instance=instance, resources=resources).success
    version = foundry.lake.current()
    note_standing(foundry, before, ledger_of(foundry, version), version)
    return foundry


def test_nothing_is_new_right_after_a_run(standing):
    assert standing_version(standing, look(standing)) == standing.lake.current()


def test_a_changed_byte_is_seen_whatever_its_times_say(standing):
    (file,) = standing.config.root_path.glob("*.jsonl")
    was = file.stat()
    text = file.read_text()
    file.write_text(text.replace("Lima", "Lema"))
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert file.stat().st_size == was.st_size
    assert standing_version(standing, look(standing)) is None
    file.write_text(text)
    assert standing_version(standing, look(standing)) is not None, "what was changed back is what it was"


def test_every_other_change_is_seen(standing, make_foundry, questions):
    now = look(standing)
    (standing.config.root_path / "more.jsonl").write_text("")
    assert standing_version(standing, look(standing)) is None
    (standing.config.root_path / "more.jsonl").unlink()
    assert standing_version(standing, now | {"code": "other"}) is None
    standing.decisions.parent.mkdir(parents=True)
    standing.decisions.write_text("{}\n")
    assert standing_version(standing, look(standing)) is None
    standing.decisions.unlink()
    other = make_foundry(questions, quality={"min_score": 0.01})
    assert standing_version(other, look(other)) is None
    watched = make_foundry(questions, refresh={"late_hours": 26})
    assert standing_version(watched, look(watched)) is None
    assert standing_version(standing, look(standing)) is not None


def test_damage_to_what_was_published_is_seen(standing):
    version = standing.lake.current()
    table = standing.lake.table_path("splits", version.tables["splits"])
    for file in (
        table,
        standing.reports / f"{version.name}.html",
        standing.reports / "latest.vi.html",
        standing.lake.root / "CURRENT",
        standing.lake.root / "cache" / "standing.json",
    ):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert standing_version(standing, look(standing)) is None, file
        file.unlink()
        assert standing_version(standing, look(standing)) is None, file
        file.write_bytes(whole)
    standing.audit.write_bytes(standing.audit.read_bytes()[:-4096])
    assert standing_version(standing, look(standing)) is None, "an audit database that was cut"
    standing.audit.unlink()
    assert standing_version(standing, look(standing)) is None
    renew(standing)
    assert standing_version(standing, look(standing)) == version


def test_a_decision_that_came_while_it_ran_is_looked_at_again(standing):
    before, version = look(standing), standing.lake.current()
    (standing.lake.root / "cache" / "standing.json").unlink()
    standing.decisions.parent.mkdir(parents=True)
    standing.decisions.write_text("{}\n")
    note_standing(standing, before, ledger_of(standing, version), version)
    standing.decisions.unlink()
    assert standing_version(standing, before) is None


def test_a_file_that_changed_while_it_was_read_is_looked_at_again(standing):
    version = standing.lake.current()
    (standing.lake.root / "cache" / "standing.json").unlink()
    other = look(standing)
    other["files"] = dict.fromkeys(other["files"], "0" * 64)
    note_standing(standing, other, ledger_of(standing, version), version)
    assert standing_version(standing, other) is None
