"""Whatever lies damaged below the data root: readers say so in a sentence, and what the sentence advises mends it."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from typer.testing import CliRunner

from assets.resources.foundry import clean_up
from cli.main import app
from pipeline.audit.database import Sources, build_audit
from schemas.config.base import PROJECT_ROOT
from tests.faults.refresher import curate

DAMAGE = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"\xff\x00 nothing that anyone wrote"),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "gone": lambda path: path.unlink(),
}
CURATED = {
    "pointer": "lake/tiny/CURRENT",
    "version": "lake/tiny/versions/*.json",
    "raw": "lake/tiny/raw_records/*.parquet",
    "questions": "lake/tiny/questions/*.parquet",
    "ledger": "lake/tiny/sample_ledger/*.parquet",
    "quality": "lake/tiny/quality_scores/*.parquet",
    "pairs": "lake/tiny/duplicate_pairs/*.parquet",
    "memo": "lake/tiny/memo/questions/*",
    "run note": "lake/tiny/runs/*/questions",
    "page": "reports/tiny/[!l]*.html",
    "page's text": "reports/tiny/.*.md",
}
TRAINED = {
    "manifest": "models/tiny/adapters/a1/manifest.json",
    "result": "models/tiny/adapters/a1/evaluations/e1/result.json",
    "samples": "models/tiny/adapters/a1/samples.parquet",
    "predictions": "models/tiny/adapters/a1/evaluations/e1/predictions.parquet",
}


@pytest.fixture
def call(published, monkeypatch, tmp_path):
    """Calls a command on the published project; gives exit code and all that it said. Anything but a sentence fails."""
    foundry, _ = published
    monkeypatch.chdir(tmp_path)
    for name, value in (("MCQ_CONFIG", foundry.config_file), ("MCQ_DATA_ROOT", foundry.data_root), ("DAGSTER_HOME", tmp_path)):
        monkeypatch.setenv(name, str(value))

    def run(*arguments):
        result = CliRunner().invoke(
            app, [*map(str, arguments), "--config", str(foundry.config_file), "--data-root", str(foundry.data_root)]
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code in (0, 1)
        assert result.exit_code == 0 or "error:" in result.stderr or "damaged" in result.stdout
        return result.exit_code, result.output

    return run


def readers(call, record, folder):
    """Every command that reads what was published, and what each ended with."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    commands = [["ledger", "--format", "jsonl"], ["trace", record], ["trace", record, "--json"], ["export", "--to", "csv", folder / "out"]]
    return [call(*command) for command in [*commands, ["diff"], ["doctor"], ["doctor", "--deep"]]]


@pytest.mark.fault
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("what", CURATED)
def test_readers_speak_in_sentences_and_the_next_refresh_mends(what, damage, published, call, whole, tmp_path):
    foundry, record = published
    before, ledger = foundry.lake.current(), call("ledger", "--format", "jsonl")
    healthy = [code for code, _ in readers(call, record, tmp_path)]
    (path,) = foundry.data_root.glob(CURATED[what])
    DAMAGE[damage](path)
    told = readers(call, record, tmp_path)
    if told != healthy and damage != "gone":
        assert any("mcq run" in said for code, said in told if code) or [code for code, _ in told] == healthy
    result = curate(foundry)
    assert result.success
    assert whole(foundry).name == before.name
    assert call("ledger", "--format", "jsonl") == ledger
    assert [code for code, _ in readers(call, record, tmp_path)] == healthy
    assert (foundry.reports / f"{before.name}.html").read_bytes() == (foundry.reports / "latest.html").read_bytes()
    assert len((foundry.reports / f"{before.name}.html").read_bytes()) > 1000


@pytest.mark.fault
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("what", TRAINED)
def test_a_damaged_adapter_is_named_and_keeps_nobody_from_the_data(what, damage, published, call, tmp_path):
    foundry, record = published
    (path,) = foundry.data_root.glob(TRAINED[what])
    DAMAGE[damage](path)
    codes = [code for code, _ in readers(call, record, tmp_path)]
    assert codes[:4] == [0, 0, 0, 0]
    unreadable = build_audit(tmp_path / "audit.sqlite", Sources({}, sorted(foundry.adapters.glob("*")))).unreadable
    assert curate(foundry).success
    if what in ("manifest", "result") and damage == "gone":
        return  # an unfinished run is no damage
    assert codes[-1] == 1
    assert path.name in call("doctor", "--deep")[1].replace("\n", "")
    assert bool(unreadable) == (what != "result")
    if what == "manifest":
        assert "manifest.json is damaged" in clean_up(foundry), "nobody can say which version it needs"
        shutil.move(foundry.adapters / "a1", tmp_path / "moved")
        assert clean_up(foundry) == 0
        assert call("doctor", "--deep")[0] == 0


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_audit_database_is_told_with_the_cure(damage, published, call):
    foundry, _ = published
    path = foundry.audit
    build_audit(path, Sources({}))
    DAMAGE[damage](path)
    code, said = call("audit")
    assert code == 1
    assert "mcq run" in said
    assert curate(foundry).success
    assert path.is_file()
    assert renewed(foundry) == foundry.lake.current().name


def renewed(foundry):
    """The version that the audit database is of."""
    with closing(sqlite3.connect(foundry.audit)) as database:
        return database.execute("select value from about where key = 'version'").fetchone()[0]


@pytest.fixture
def mcq_run(published, make_dagster_home):
    """Calls `mcq run --until curated` in a process of its own; gives exit code and stderr."""
    foundry, _ = published
    home = make_dagster_home()

    def run(data_root=foundry.data_root, **environment):
        command = [sys.executable, "-m", "cli.main", "run", "--until", "curated", "--config", foundry.config_file, "--data-root", data_root]
        settings = {"PATH": "/usr/bin:/bin", "HOME": str(home), "DAGSTER_HOME": str(home), **environment}
        done = subprocess.run([*map(str, command)], cwd=PROJECT_ROOT, capture_output=True, encoding="utf-8", env=settings, timeout=300)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    return home, run


def test_a_run_history_that_is_damaged_is_told_with_the_cure(mcq_run, published, tmp_path):
    home, run = mcq_run
    assert run()[0] == 0
    # With nothing new no run starts, and no history is read.
    (file,) = published[0].config.root_path.glob("*.jsonl")
    file.write_text(file.read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    for file in (home / "history").rglob("*.db"):
        file.write_bytes(b"garbage")
    code, said = run()
    assert code == 1
    assert "history" in said
    assert "move the folder `.dagster` away" in said
    (home / "history").rename(tmp_path / "away")
    assert run()[0] == 0


@pytest.mark.parametrize("place", ["data_root", "DAGSTER_HOME"])
def test_a_place_that_cannot_be_written_is_told(place, mcq_run):
    _, run = mcq_run
    code, said = run(**{place: "/proc/nowhere"}, HOME="/proc/nowhere")
    assert code == 1
    assert "/proc/nowhere" in said
