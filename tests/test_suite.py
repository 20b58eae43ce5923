"""The suite covers the project: every module has its test at its place, and the examples of all docstrings run."""

import ast
from pathlib import Path

import dagster as dg
import pytest

from schemas.config.base import PROJECT_ROOT

TESTS = PROJECT_ROOT / "tests"
# Modules, or folders of them, that are tested somewhere else under tests/, and why there.
ELSEWHERE = {
    "assets/audit.py": ("assets/test_training.py", "the whole way, once"),
    "assets/catalogue.py": ("assets/test_definitions.py", "what it says is looked up on the loaded definitions"),
    "assets/checks.py": ("assets/test_curation.py", "a check blocks a run; what it finds is in pipeline/test_checks.py"),
    "assets/children.py": ("assets/test_training.py", "children at work, and one that fails"),
    "assets/evaluation.py": ("assets/test_training.py", "the whole way, once"),
    "assets/resources/names.py": ("assets/test_definitions.py", "its examples run, and the loaded definitions hold its names"),
    "assets/resources/foundries.py": ("assets/test_curation.py", "assets find their Foundry by it in every run"),
    "assets/resources/configured.py": ("assets/test_definitions.py", "what the loaded definitions bind"),
    "assets/resources/lake_io.py": ("assets/test_curation.py", "an IO manager is tested by runs"),
    "benchmarks/curation.py": ("benchmarks/test_real_data.py", "prints times; without data it measures nothing"),
    "benchmarks/refresh.py": ("benchmarks/test_real_data.py", "prints times; without data it measures nothing"),
    "cli": ("cli/test_cli.py", "commands are called as users call them"),
    "pipeline/audit/facts.py": ("pipeline/audit/test_database.py", "facts are read back from the database that they are written to"),
    "pipeline/audit/flips.py": ("pipeline/audit/test_comparison.py", "answers that flipped are tested by the runs that they are of"),
    "pipeline/audit/leaderboard.py": ("pipeline/audit/test_comparison.py", "beside the two runs that it lists"),
    "pipeline/audit/runs.py": ("pipeline/audit/test_comparison.py", "runs are named and refused in comparisons"),
    "pipeline/audit/settings_apart.py": ("pipeline/audit/test_comparison.py", "settings are told apart in comparisons"),
    "pipeline/audit/state.py": ("pipeline/audit/test_database.py", "whether a database is written again is seen on the database"),
    "pipeline/assess": ("pipeline/assess/test_assess.py", "every signal at, under and over its threshold, on whole questions"),
    "pipeline/common/grammar": ("pipeline/normalize/layouts/test_headers.py", "wordings are tested on the files that hold them"),
    "pipeline/common/model/asking_job.py": ("pipeline/evaluation/test_run.py", "a job is tested by what reads it"),
    "pipeline/common/model/tracking": ("pipeline/training/test_tracker.py", "what a tracker holds of a real training, read back"),
    "pipeline/common/plots.py": ("pipeline/report/test_report.py", "a picture is tested on the page that holds it"),
    "pipeline/deduplicate": ("pipeline/deduplicate/test_rules.py", "questions and words are tested by the rules that compare them"),
    "schemas/decisions.py": ("pipeline/common/store/test_decisions.py", "lines as people write them, through the store that reads them"),
    "pipeline/evaluation/__main__.py": ("assets/test_training.py", "a child process of the asset"),
    "pipeline/evidence": ("pipeline/evidence/test_run.py", "folds are trained for real, stopped and read back; the table is theirs"),
    "pipeline/export": ("pipeline/export/test_export.py", "each form is tested by reading it back"),
    "pipeline/ingest/document.py": ("pipeline/ingest/formats/test_odt.py", "lines and tables are tested as documents"),
    "pipeline/ingest/pages": ("pipeline/ingest/formats/test_pdf.py", "columns, lines and tables are tested on whole pages"),
    "pipeline/ingest/exam": ("pipeline/ingest/test_exam.py", "lines, marks, keys and starts are tested on whole exams"),
    "pipeline/ingest/formats/__init__.py": ("pipeline/ingest/test_registry.py", "the list of formats, beside that of layouts"),
    "pipeline/normalize": ("pipeline/normalize/test_normalize.py", "rows are tested from file to question"),
    "pipeline/normalize/layouts/__init__.py": ("pipeline/ingest/test_registry.py", "the list of layouts, beside that of formats"),
    "pipeline/report": ("pipeline/report/test_report.py", "sections are tested on the page"),
    "pipeline/review": (
        "pipeline/review/test_queues.py",
        "tables, standing decisions and sheets are tested by the queues and the round trip",
    ),
    "pipeline/handover": ("pipeline/handover/test_commands.py", "working files, jobs and merging are tested by predictions and merges"),
    "pipeline/select/reviewed.py": ("pipeline/test_review.py", "decisions are tested through all stages"),
    "pipeline/training/many.py": ("pipeline/study/test_run.py", "a training among many is compared with one alone"),
    "pipeline/study": ("pipeline/study/test_run.py", "cells, files, cost and claims are tested on whole studies"),
    "pipeline/training/__main__.py": ("pipeline/training/test_run.py", "an interrupted run is a process"),
    "pipeline/training/borrowed.py": ("pipeline/study/test_run.py", "equal trainings give equal numbers whatever was trained between them"),
    "pipeline/training/one_by_one.py": ("pipeline/study/test_run.py", "resumed, limited, locked and interrupted as a study"),
    "schemas/config": ("schemas/config/test_config.py", "a block is tested as part of a configuration"),
    "schemas/errors.py": ("cli/test_cli.py", "an error's text is what a command ends with"),
    "schemas/tables/column_text.py": ("test_docs.py", "it writes docs/tables.md, which a test compares"),
    "schemas/tables/curation.py": ("schemas/tables/test_bounds.py", "every bound of every table is broken there"),
    "schemas/tables/row.py": ("schemas/tables/test_bounds.py", "a rule is tested on the tables that have it"),
}


def does_something(module):
    """Whether it holds a function or a method; tables, settings and words alone do nothing."""
    nodes = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.FunctionDef) for node in nodes)


def test_of(module):
    """Where a module's test stands; that of a package is named after it and stands within."""
    place = module.parent if module.name == "__init__.py" else module
    folder = module.parent.relative_to(PROJECT_ROOT)
    return TESTS / folder / f"test_{place.stem}.py"


test_of.__test__ = False
MODULES = [
    path
    for package in ("assets", "benchmarks", "cli", "pipeline", "schemas")
    for path in sorted((PROJECT_ROOT / package).rglob("*.py"))
    if does_something(path)
]
WITHOUT = [path.relative_to(PROJECT_ROOT) for path in MODULES if not test_of(path).exists()]


@pytest.mark.parametrize("module", WITHOUT, ids=str)
def test_a_module_without_a_test_at_its_place_is_tested_elsewhere_for_a_reason(module):
    known = [ELSEWHERE[str(place)] for place in (module, *module.parents) if str(place) in ELSEWHERE]
    assert known, f"write {test_of(PROJECT_ROOT / module).relative_to(PROJECT_ROOT)}, or say in ELSEWHERE where and why else"
    assert (TESTS / known[0][0]).is_file()


@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_exception_outlives_its_reason(place):
    assert any(Path(place) in (module, *module.parents) for module in WITHOUT), "it has its own test by now"


def test_every_folder_with_examples_is_collected_for_them(request):
    files = [path for path in PROJECT_ROOT.glob("[a-z]*/**/*.py") if ">>> " in path.read_text(encoding="utf-8") and path.is_file()]
    folders = {path.relative_to(PROJECT_ROOT).parts[0] for path in files}
    assert {"schemas", "pipeline"} <= folders <= set(request.config.getini("testpaths"))


def test_the_examples_of_docstrings_are_part_of_a_whole_run(request):
    if request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or request.config.option.keyword:
        pytest.skip("only some tests were asked for")
    examples = [item for item in request.session.items if isinstance(item, pytest.DoctestItem)]
    assert len(examples) > 50


def test_a_run_that_a_test_leaves_in_a_history_is_seen(make_dagster_home, request):
    known_runs = request.config.pluginmanager.get_plugin(str(TESTS / "conftest.py")).known_runs
    home = make_dagster_home()
    assert known_runs(home / "history") == set()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = instance.add_run(dg.DagsterRun(job_name="curate"))
        assert known_runs(home / "history") == {run.run_id}
