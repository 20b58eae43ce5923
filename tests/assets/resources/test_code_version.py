"""What decides that a table or an adapter must be computed anew: what the code means, and no more."""

import ast
import shutil

import pytest

from assets.resources import code_version as module
from schemas.config.base import PROJECT_ROOT

TABLES = {
    "raw_records": "pipeline.ingest",
    "questions": "pipeline.normalize",
    "duplicate_clusters": "pipeline.deduplicate",
    "quality_scores": "pipeline.assess",
    "curated_questions": "pipeline.select",
    "splits": "pipeline.split",
    "sample_ledger": "pipeline.ledger",
}
MODELS = {"chat_examples": "pipeline.render", "qlora_adapter": "pipeline.training", "evaluation": "pipeline.evaluation"}
STAGES = TABLES | MODELS


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the project's code, and the stages whose version an edit of it changes."""
    for name in module.OURS:
        shutil.copytree(PROJECT_ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PROJECT_ROOT", tmp_path)

    def versions():
        for function in (module.code_version, module._read, module._meaning, module._path):
            function.cache_clear()
        return {asset: module.code_version(stage) for asset, stage in STAGES.items()}

    before = versions()

    def changed():
        return {asset for asset, version in versions().items() if version != before[asset]}

    yield tmp_path, changed
    monkeypatch.undo()
    versions()


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} holds no {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def reworded(source):
    """The source with a comment behind every statement of its own line and other words in every docstring."""
    lines = source.split("\n")
    strings = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    for node in sorted(strings, key=lambda node: -node.lineno):
        if isinstance(node.value.value, str):
            lines[node.lineno - 1 : node.end_lineno] = [" " * node.col_offset + '"""Other words."""']
    return "# A comment.\n" + "\n".join(lines) + "\n\n\n# Another.\n"


def test_comments_and_docstrings_change_no_version(project):
    folder, changed = project
    files = [file for name in module.OURS for file in (folder / name).rglob("*.py")]
    assert len(files) > 100
    for file in files:
        file.write_text(reworded(file.read_text(encoding="utf-8")), encoding="utf-8")
    assert changed() == set()


def test_what_a_column_or_a_setting_says_of_itself_changes_no_version(project):
    folder, changed = project
    edit(folder / "schemas/tables/curation.py", 'description="passage or rubric that the stem leans on"', 'description="text above"')
    edit(folder / "schemas/tables/column_text.py", "language of the question", "vi or en")
    edit(folder / "schemas/config/train.py", "recompute activations to save memory", "slower and smaller")
    assert changed() == set()


def test_a_constant_of_the_training_loop_changes_the_adapter_and_no_table(project):
    folder, changed = project
    edit(folder / "pipeline/training/loop.py", "init_scale=1024.0", "init_scale=2048.0")
    assert changed() == {"qlora_adapter"}


def test_a_new_signal_changes_the_scores_and_not_the_questions(project):
    folder, changed = project
    with (folder / "pipeline/assess/signals/stems.py").open("a", encoding="utf-8") as file:
        file.write("\n\n@signal('0 or 1', 1, 0.1, 'a', 'b', source='c')\ndef shouting(view):\n    return float(view.stem.isupper())\n")
    assert changed() == {"quality_scores"}


def test_a_new_reader_changes_what_reads_and_no_adapter(project):
    folder, changed = project
    edit(folder / "schemas/config/sources.py", '"moodle",', '"moodle", "webct",')
    (folder / "pipeline/ingest/formats/webct.py").write_text("FORMAT = None\n")
    edit(
        folder / "pipeline/ingest/formats/__init__.py",
        "from pipeline.ingest.formats import (",
        "from pipeline.ingest.formats import (\n    webct,",
    )
    found = changed()
    assert "raw_records" in found
    assert not found & {*MODELS, "quality_scores", "duplicate_clusters", "curated_questions", "splits", "sample_ledger"}


def test_a_setting_of_the_evaluation_changes_the_adapter_too_whose_validation_asks_that_way(project):
    folder, changed = project
    edit(folder / "schemas/config/evaluate.py", "Field(30, ge=1", "Field(40, ge=1")
    assert changed() & set(MODELS) == {"evaluation", "qlora_adapter"}


def test_an_edit_of_the_reports_template_changes_the_report_alone(project):
    folder, changed = project
    before = module.code_version("pipeline.report")
    edit(folder / "pipeline/report/document.html.jinja", "<h1>", '<h1 class="title">')
    assert changed() == set()
    assert module.code_version("pipeline.report") != before


def test_a_module_may_move(project):
    folder, changed = project
    (folder / "pipeline/chat").mkdir()
    (folder / "pipeline/chat/__init__.py").write_text('"""A room."""\n')
    (folder / "pipeline/common/model/chat.py").rename(folder / "pipeline/chat/format.py")
    for file in (folder / "pipeline").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("from pipeline.common.model.chat import", "from pipeline.chat.format import"), encoding="utf-8")
    assert changed() == set()


def test_a_name_that_comes_from_another_module_is_another_name(project):
    folder, changed = project
    source = (folder / "pipeline/training/policy.py").read_text(encoding="utf-8")
    (folder / "pipeline/training/other_policy.py").write_text(source.replace("alpha", "beta"), encoding="utf-8")
    edit(folder / "pipeline/training/run.py", "import lora, policy", "import lora\nfrom pipeline.training import other_policy as policy")
    assert changed() == {"qlora_adapter"}


def test_the_real_stages_reach_their_leaves_and_no_neighbours():
    def names(stage):
        return {path.relative_to(PROJECT_ROOT).as_posix() for path in module.reached_files(stage)}

    assert {"pipeline/deduplicate/rules.py", "pipeline/common/text.py", "schemas/tables/curation.py", "schemas/config/dedup.py"} <= names(
        "pipeline.deduplicate"
    )
    assert not names("pipeline.deduplicate") & {"pipeline/common/plots.py", "schemas/config/sources.py", "schemas/tables/training.py"}
    assert "pipeline/training/loop.py" in names("pipeline.training")
    assert not names("pipeline.training") & {"schemas/config/__init__.py", "schemas/tables/curation.py", "pipeline/render.py"}
    assert "pipeline/training/loop.py" not in names("pipeline.evaluation") | names("pipeline.assess.ask_model")
