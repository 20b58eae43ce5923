"""The job `curate` on a few questions: what it publishes, what it remembers, and what a failed check leaves alone."""

import html
import json
import os
from dataclasses import replace

import dagster as dg
import pandas as pd
import pytest

from assets import curation
from assets.audit import renew
from assets.checks import CURATION_CHECKS
from assets.resources.configured import configured, resources_over
from assets.resources.foundries import Foundries
from assets.resources.foundry import Foundry, clean_up, ledger_of
from assets.resources.lake_io import TABLES
from assets.resources.runs import READ_VERSION
from pipeline.audit.state import read_about
from pipeline.common.store.retention import LEASE
from schemas.config import load_config
from schemas.tables.arrow import to_frame, to_rows
from schemas.tables.curation import LedgerRow, Question

ASSETS = dg.load_assets_from_modules([curation])


@pytest.fixture
def curate():
    """Runs the job in this process against a throw-away instance."""
    with dg.DagsterInstance.ephemeral() as instance:

        def run(foundry, selection=None, **options):
            return dg.materialize(
                [*ASSETS, *CURATION_CHECKS],
                instance=instance,
                resources=resources_over(foundry),
                raise_on_error=False,
                selection=selection,
                **options,
            )

        yield run


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix == ".parquet"}


def test_a_run_publishes_a_version_that_accounts_for_every_record(curate, make_foundry, questions):
    foundry = make_foundry([*questions, questions[0], {"question": "", "options": ["a", "b"], "answer": "a"}])
    assert curate(foundry).success
    version = foundry.lake.current()
    assert sum(version.counts.values()) == 10
    assert (version.counts["duplicate"], version.counts["rejected"]) == (1, 1)
    ledger = ledger_of(foundry, version)
    assert set(ledger["dataset_version"]) == {version.dataset_version}


def test_every_table_tells_its_rows_columns_and_preview(curate, make_foundry, questions):
    result = curate(make_foundry(questions))
    for name in (*TABLES, "dataset"):
        (event,) = result.get_asset_materialization_events() and [
            e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(name)
        ]
        metadata = event.materialization.metadata
        assert "dagster/row_count" in metadata
        assert name == "dataset" or metadata["preview"].value


def test_running_again_computes_nothing_and_publishes_nothing(curate, make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions)
    assert curate(foundry).success
    before, files = foundry.lake.current(), files_below(foundry.lake.root)

    def refuse(*_):
        raise AssertionError("nothing is new, so nothing is to be computed")

    for stage in ("normalize", "deduplicate", "assess", "select", "split", "build_ledger"):
        monkeypatch.setattr(curation, stage, refuse)
    assert curate(foundry).success
    assert foundry.lake.current() == before
    assert files_below(foundry.lake.root) == files


def test_remembered_tables_equal_computed_ones(curate, make_foundry, questions, tmp_path):
    foundry = make_foundry(questions[:6])
    curate(foundry)
    refreshed = make_foundry(questions)
    curate(refreshed)
    remembered = refreshed.lake.current().tables
    alone = make_foundry(questions)
    object.__setattr__(alone, "data_root", tmp_path / "elsewhere")
    curate(alone)
    assert alone.lake.current().tables == remembered
    assert alone.lake.current().name == refreshed.lake.current().name


def lose_a_question(raw, sources, before=None, *, real=curation.normalize):
    result = real(raw, sources, before)
    rows = to_rows(result.questions, Question)[1:]
    return result._replace(questions=to_frame(rows, Question))


def test_a_failed_check_leaves_readers_on_yesterdays_version(curate, make_foundry, questions, monkeypatch):
    yesterday = make_foundry(questions[:5])
    assert curate(yesterday).success
    before = yesterday.lake.current()
    table_before = ledger_of(yesterday, before)

    today = make_foundry(questions)
    monkeypatch.setattr(curation, "normalize", lose_a_question)
    monkeypatch.setattr("assets.resources.memo.code_version", lambda module: f"broken {module}")
    result = curate(today)
    assert not result.success
    (failed,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert failed.check_name == "nothing_lost_in_normalize"
    assert failed.metadata["failing_rows"].value == 1
    assert "times_out" in failed.metadata["rows"].value
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert "questions" in materialized, "the new tables are written before they are checked"
    assert "dataset" not in materialized
    assert today.lake.current() == before
    pd.testing.assert_frame_equal(ledger_of(today, before), table_before)

    monkeypatch.undo()
    assert curate(today).success
    assert today.lake.current().counts != before.counts


def test_single_assets_are_computed_but_never_published_as_a_mix(curate, make_foundry, questions):
    foundry = make_foundry(questions[:5])
    curate(foundry)
    before = foundry.lake.current()
    changed = make_foundry(questions)
    result = curate(changed, selection=["raw_records", "dataset"])
    assert not result.success
    assert changed.lake.current() == before


def test_an_asset_without_its_inputs_says_what_to_run_first(curate, make_foundry, questions):
    result = curate(make_foundry(questions), selection=["quality_scores"])
    failure = next(event for event in result.all_events if event.is_step_failure)
    error = failure.step_failure_data.error
    while error.cause:
        error = error.cause
    assert "run the job `tiny_curate`" in error.message


def test_old_versions_are_removed_and_pinned_ones_kept(curate, make_foundry, questions):
    names = []
    for count in (4, 5, 6, 7):
        foundry = make_foundry(questions[:count], keep_versions=1, keep_hours=0)
        if count == 5:
            adapter = foundry.adapters / "pinned"
            adapter.mkdir(parents=True)
            (adapter / "manifest.json").write_text(f'{{"dataset_version": "{names[0].partition("-")[0]}"}}')
        assert curate(foundry).success
        names.append(foundry.lake.current().name)
    assert {version.name for version in foundry.lake.versions()} == {names[0], names[-1]}
    for version in foundry.lake.versions():
        assert len(ledger_of(foundry, version)) == sum(version.counts.values())


@pytest.mark.parametrize("stray", ["notes.json", "manifest.json"])
def test_what_keeps_cleaning_from_its_work_is_a_warning_and_the_version_is_published(stray, curate, make_foundry, questions):
    foundry = make_foundry(questions[:5], keep_hours=0, keep_versions=1)
    assert curate(foundry).success
    folder = foundry.lake.root / "versions" if stray == "notes.json" else foundry.adapters / "a1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / stray).write_text('{"run_id": "r"}')
    foundry = make_foundry(questions, keep_hours=0, keep_versions=1)
    result = curate(foundry)
    assert result.success
    assert sum(foundry.lake.current().counts.values()) == len(questions)
    assert len(foundry.lake.versions()) == 2, "nothing was removed"
    (event,) = result.asset_materializations_for_node("dataset")
    assert stray in event.metadata["files_removed"].value
    (folder / stray).unlink()
    assert curate(foundry).success
    assert len(foundry.lake.versions()) == 1


def test_a_run_holds_a_lease_on_its_tables_while_it_works(make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions, keep_hours=0)
    seen = []

    def build(*arguments, real=curation.build_ledger, **told):
        seen.append(list(foundry.lake.root.glob(f"runs/*/{LEASE}")))
        assert clean_up(foundry) == 0, "another process cleans in the middle"
        return real(*arguments, **told)

    monkeypatch.setattr(curation, "build_ledger", build)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([*ASSETS, *CURATION_CHECKS], instance=instance, resources=configured([foundry], str(foundry.data_root)))
    assert [path.parent.name for path in seen[0]] == [result.run_id]
    assert not list(foundry.lake.root.glob(f"runs/*/{LEASE}"))


def test_a_run_reads_the_version_that_its_tag_pins_and_readers_keep_theirs(curate, make_foundry, questions):
    assert curate(make_foundry(questions[:6])).success
    foundry = make_foundry(questions)
    first = foundry.lake.current()
    assert curate(foundry).success
    seen = []

    @dg.asset
    def probe(context: dg.AssetExecutionContext, foundries: dg.ResourceParam[Foundries]) -> None:
        seen.append(foundries.of(context).version().name)
        renew(foundries.of(context))

    for pinned in (first.name[:12], None):
        tags = {READ_VERSION: pinned} if pinned else None
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([probe], instance=instance, resources=configured([foundry], str(foundry.data_root)), tags=tags)
        noted = foundry.lake.run_folder(result.run_id) / "version"
        assert (noted.read_text() if noted.exists() else None) == (first.name if pinned else None), "cleaning leaves it to the run"
    current = foundry.lake.current()
    assert seen == [first.name, current.name]
    assert read_about(foundry.audit)["version"] == current.name


def test_a_source_without_records_publishes_an_empty_version_and_names_its_files(curate, make_foundry):
    foundry = make_foundry([])
    result = curate(foundry)
    assert result.success
    assert sum(foundry.lake.current().counts.values()) == 0
    (event,) = result.asset_materializations_for_node("raw_records")
    assert "school.jsonl" in event.metadata["files_without_records"].value


def test_what_a_variable_in_root_holds_stands_nowhere_below_the_data_root(curate, make_foundry, questions, monkeypatch, tmp_path):
    given = make_foundry(questions)
    (tmp_path / "raw").rename(tmp_path / "s3cret")
    monkeypatch.setenv("MCQ_PLACE", str(tmp_path / "s3cret"))
    text = given.config_file.read_text(encoding="utf-8").replace(str(tmp_path / "raw"), "${MCQ_PLACE}")
    given.config_file.write_text(text, encoding="utf-8")
    foundry = Foundry(given.config_file, load_config(given.config_file), given.data_root)
    result = curate(foundry)
    assert result.success
    version = foundry.lake.current()
    assert version.config["root"] == "${MCQ_PLACE}"
    assert not [path for path in foundry.data_root.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert "s3cret" not in "".join(map(str, result.all_events))
    assert not ledger_of(foundry, version).map(lambda cell: "s3cret" in str(cell)).any(axis=None)


def test_a_version_file_that_holds_the_expanded_root_is_read_as_before(curate, make_foundry, questions):
    foundry = make_foundry(questions)
    curate(foundry)
    version = foundry.lake.current()
    file = foundry.lake.root / "versions" / f"{version.name}.json"
    file.write_text(file.read_text(encoding="utf-8").replace(version.config["root"], "/expanded/by/an/older/program"), encoding="utf-8")
    assert foundry.lake.current().name == version.name
    assert curate(foundry).success
    assert foundry.lake.current().config["root"] == "/expanded/by/an/older/program"


def test_files_that_cannot_be_read_are_named_and_end_no_run(curate, make_foundry, questions):
    foundry = make_foundry(questions, sources=[{"name": "school", "path": "*"}])
    root = foundry.config.root_path
    os.mkfifo(root / "pipe.csv")
    (root / os.fsdecode(b"\xd0\xe8.xlsx")).write_bytes(b"PK no workbook")
    (root / os.fsdecode(b"empty \xe9.csv")).write_text("")
    result = curate(foundry)
    assert result.success
    assert foundry.lake.current().counts["rejected"] == 2
    (event,) = result.asset_materializations_for_node("raw_records")
    named = html.unescape(event.metadata["unreadable_files"].value)
    assert "a named pipe" in named
    assert r"\xd0\xe8.xlsx" in named
    assert r"empty \xe9.csv" in html.unescape(event.metadata["files_without_records"].value)
    rejected = to_rows(ledger_of(foundry, foundry.lake.current()), LedgerRow, ["locator", "disposition"])
    assert {"locator": r"\xd0\xe8.xlsx#file:1", "disposition": "rejected"} in rejected


def decide(foundry, **cells):
    row = to_rows(ledger_of(foundry, foundry.lake.current()), LedgerRow)[0]
    foundry.decisions.parent.mkdir(parents=True, exist_ok=True)
    with foundry.decisions.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"record_id": row["record_id"], "who": "Lan", **cells}) + "\n")
    return row


def test_a_decision_computes_what_hangs_on_it_and_a_note_no_sample(curate, make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions)
    assert curate(foundry).success
    before = foundry.lake.current()
    decide(foundry, action="note", why="xem lại")

    def refuse(*_):
        raise AssertionError("a note changes no sample")

    with monkeypatch.context() as patch:
        for stage in ("normalize", "deduplicate", "assess", "split"):
            patch.setattr(curation, stage, refuse)
        assert curate(foundry).success
    noted = foundry.lake.current()
    assert noted.dataset_version == before.dataset_version
    assert {name for name in TABLES if noted.tables[name] != before.tables[name]} == {"matched_decisions", "review_decisions"}

    row = decide(foundry, action="reject", why="sai")
    # The first refresh with decisions keeps what was read: from then on nothing is parsed for a decision.
    monkeypatch.setattr(curation, "normalize", refuse)
    result = curate(foundry)
    assert result.success
    assert foundry.lake.current().counts["filtered"] == 1
    now = next(found for found in to_rows(ledger_of(foundry, foundry.lake.current()), LedgerRow) if found["record_id"] == row["record_id"])
    assert now["decided_by"].endswith(" by Lan")
    (event,) = [e for e in result.asset_materializations_for_node("select") if e.asset_key == dg.AssetKey("review_decisions")]
    assert event.metadata["decisions_to_look_at"].value == 0

    published = foundry.lake.current()
    monkeypatch.setattr(curation, "apply_decisions", refuse)
    assert curate(foundry).success
    assert foundry.lake.current() == published
    foundry.decisions.unlink()
    monkeypatch.undo()
    assert curate(foundry).success
    assert foundry.lake.current().name == before.name, "without decisions it is as it was"


def test_decisions_on_what_is_remembered_give_the_tables_of_a_full_run(curate, make_foundry, questions, tmp_path):
    sources = [{"name": "school", "path": "school.jsonl"}, {"name": "exam", "path": "exam.jsonl", "role": "benchmark"}]
    alike = [{**row, "question": row["question"].replace("Which", "So which")} for row in questions[:2]]

    def refreshed(rows):
        foundry = make_foundry(rows, sources=sources)
        (foundry.config.root_path / "exam.jsonl").write_text(json.dumps(questions[-1]) + "\n", encoding="utf-8")
        assert curate(foundry).success
        alone = replace(foundry, data_root=tmp_path / f"alone {len(list(tmp_path.iterdir()))}")
        if foundry.decisions.exists():
            alone.decisions.parent.mkdir(parents=True)
            alone.decisions.write_bytes(foundry.decisions.read_bytes())
        assert curate(alone).success
        assert foundry.lake.current().tables == alone.lake.current().tables
        return foundry

    foundry = refreshed([*questions, *alike])
    ids = {
        row["stem"]: row["record_id"] for row in to_rows(ledger_of(foundry, foundry.lake.current()), LedgerRow) if row["role"] == "train"
    }
    first, second, third, fourth, *_, held = (ids[row["question"]] for row in questions)
    said = [
        {"record_id": first, "action": "set_answer", "answer_index": 1},
        {"record_id": held, "action": "edit", "stem": "What is asked here has nothing to do with any exam by now, has it?"},
        {"record_id": second, "action": "apart", "other_record_id": ids[alike[1]["question"]]},
        {"record_id": third, "action": "merge", "other_record_id": fourth},
    ]
    foundry.decisions.parent.mkdir(parents=True)
    seen = {foundry.lake.current().name}
    for line in said:
        with foundry.decisions.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"who": "Lan", **line}) + "\n")
        seen.add(refreshed([*questions, *alike]).lake.current().name)
    assert len(seen) == 1 + len(said), "every one of them is news"
    refreshed([*questions[1:], *alike])
    foundry.decisions.unlink()
    refreshed([*questions[1:], *alike, questions[0]])


def test_wrong_lines_warn_and_a_file_that_is_none_stops_the_run_with_a_sentence(curate, make_foundry, questions):
    foundry = make_foundry(questions)
    assert curate(foundry).success
    before = foundry.lake.current()
    decide(foundry, action="burn")
    result = curate(foundry)
    assert result.success
    (warned,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert (warned.check_name, warned.severity) == ("decisions_found", dg.AssetCheckSeverity.WARN)
    assert foundry.lake.current().dataset_version == before.dataset_version
    before = foundry.lake.current()
    foundry.decisions.unlink()
    foundry.decisions.mkdir()
    result = curate(foundry)
    assert not result.success
    error = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    while error.cause:
        error = error.cause
    assert "it is a folder; mend it, or move it away" in error.message
    assert foundry.lake.current() == before


def check_of(result, name):
    (found,) = [check for check in result.get_asset_check_evaluations() if check.check_name == name]
    return found


def test_a_warning_asks_to_look_and_the_version_is_published(curate, make_foundry, questions):
    bad = {"question": "", "options": ["a", "b"], "answer": "a"}
    assert check_of(curate(make_foundry(questions)), "no_source_shrank").passed, "the first version has nothing to compare with"
    result = curate(make_foundry([*questions[:5], bad, {**bad, "options": ["c", "d"]}]))
    assert result.success
    for name in ("no_source_shrank", "reject_share_is_no_higher"):
        found = check_of(result, name)
        assert (found.passed, found.severity, found.blocking) == (False, dg.AssetCheckSeverity.WARN, False), name
    assert "school" in check_of(result, "no_source_shrank").metadata["rows"].value
    assert check_of(result, "reject_share_is_no_higher").description.startswith("28.6% of the records are rejected, 0.0%")
    again = curate(make_foundry([*questions[:5], bad, {**bad, "options": ["c", "d"]}]))
    assert all(check.passed for check in again.get_asset_check_evaluations())


def test_a_file_of_unknown_layout_is_a_warning(curate, make_foundry, questions):
    foundry = make_foundry(questions, sources=[{"name": "school", "path": "*"}])
    (foundry.config.root_path / "list.csv").write_text("pupil,room\nAn,3\nBinh,4\n")
    found = check_of(curate(foundry), "no_unknown_layout")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "list.csv" in found.metadata["rows"].value


def test_a_version_that_is_not_whole_blocks_what_stands_behind_it(make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions)

    def lose(*arguments, real=curation.publish):
        made = real(*arguments)
        foundry.lake.table_path("splits", made.version.tables["splits"]).unlink()
        return made

    monkeypatch.setattr(curation, "publish", lose)
    behind = dg.AssetSpec("behind", deps=["dataset"])
    with dg.DagsterInstance.ephemeral() as instance:
        checks = dg.load_asset_checks_from_modules([curation])
        result = dg.materialize([*ASSETS, *checks, behind], instance=instance, resources=resources_over(foundry), raise_on_error=False)
    found = check_of(result, "published_version_is_whole")
    assert (found.passed, found.severity, found.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    assert "tables splits are gone or damaged" in found.description
    assert not result.success


def test_tables_show_in_place_and_shares_plot(curate, make_foundry, questions):
    bad = [{"question": "", "options": ["a", f"b{place}"], "answer": "a", "note": "x" * 400} for place in range(30)]
    result = curate(make_foundry([*questions, *bad]))
    for event in result.get_asset_materialization_events():
        for name, value in event.materialization.metadata.items():
            if isinstance(value, dg.MarkdownMetadataValue):
                assert len(value.value) < 1000, f"{event.asset_key.to_user_string()} {name}"
    (ledger,) = result.asset_materializations_for_node("sample_ledger")
    assert ledger.metadata["share_rejected"].value == pytest.approx(30 / 38)
    assert ledger.metadata["reason_empty_stem"].value == pytest.approx(30 / 38)
    (bad_ones,) = [e.materialization for e in result.get_asset_materialization_events() if e.asset_key.path == ["rejected_records"]]
    assert "/record/" in bad_ones.metadata["examples"].value
    assert bad_ones.metadata["examples"].value.rstrip().endswith("more")
    (published,) = result.asset_materializations_for_node("dataset")
    assert published.metadata["audit"].value == "http://127.0.0.1:8001/?dataset=tiny"
    assert sum(published.metadata[f"share_{name}"].value for name in ("rejected", "train", "validation", "test")) == pytest.approx(1)
