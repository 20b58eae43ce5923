"""The version of the code behind a table: every edit that can change it, and no other."""

import pytest

from assets import foundry


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project of three modules, and a fresh memory of what was read."""
    files = {
        "schemas/__init__.py": "",
        "schemas/words.py": "A = 1\n",
        "pipeline/__init__.py": "",
        "pipeline/stage.py": "from schemas import words\ndef f():\n    from pipeline.leaf import g\n",
        "pipeline/leaf.py": "def g(): pass\n",
        "pipeline/other.py": "x = 1\n",
        "pipeline/pack/__init__.py": "",
        "pipeline/pack/part.py": "y = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(foundry, "PROJECT_ROOT", tmp_path)

    def version(module):
        for function in (foundry.code_version, foundry._files, foundry._imports):
            function.cache_clear()
        return foundry.code_version(module)

    yield tmp_path, version
    monkeypatch.undo()
    version("pipeline.stage")


@pytest.mark.parametrize("edited", ["pipeline/stage.py", "pipeline/leaf.py", "schemas/words.py"])
def test_an_edit_of_a_stage_or_of_what_it_imports_gives_another_version(project, edited):
    folder, version = project
    before = version("pipeline.stage")
    (folder / edited).write_text((folder / edited).read_text() + "Z = 2\n")
    assert version("pipeline.stage") != before


def test_an_edit_elsewhere_changes_nothing(project):
    folder, version = project
    before = version("pipeline.stage")
    (folder / "pipeline/other.py").write_text("x = 2\n")
    assert version("pipeline.stage") == before


def test_a_package_stands_for_all_of_its_modules(project):
    folder, version = project
    before = version("pipeline.pack")
    (folder / "pipeline/pack/part.py").write_text("y = 2\n")
    assert version("pipeline.pack") != before


def test_the_real_stages_reach_their_leaves():
    foundry.code_version.cache_clear()
    names = {path.name for path in foundry._sources("pipeline.deduplicate", set())}
    assert {"deduplicate.py", "similarity.py", "text.py", "tables.py", "config.py"} <= names
    assert "plots.py" not in names
