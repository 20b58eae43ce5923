"""Documents name files that exist, and the architecture names every room."""

import re

import pytest

from schemas.config.base import PROJECT_ROOT

DOCUMENTS = [
    PROJECT_ROOT / "README.md",
    PROJECT_ROOT / "README.vi.md",
    PROJECT_ROOT / "CONTRIBUTING.md",
    *sorted((PROJECT_ROOT / "docs").rglob("*.md")),
]
PACKAGES = "assets|benchmarks|cli|configs|docs|pipeline|sample|schemas|tests"


def named(text):
    """Paths of this project that a text names; those in fenced examples and patterns (`<name>.py`) aside."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(rf"(?<![\w/.-])(?:{PACKAGES})/[\w./<*{{-]*", prose)
    return {path.rstrip(".") for path in found if not set(path) & set("<*{")}


def links(text):
    """Targets of links to other files."""
    return {target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target}


def test_paths_are_found_in_prose_and_not_in_examples_or_patterns():
    text = "`cli/run.py`, docs/, (tests/a.py). `cli/<name>.py`, `configs/*.yaml`, data/cli/x, a.docs/b\n```\ncli/none.py\n```\n"
    assert named(text) == {"cli/run.py", "docs/", "tests/a.py"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT_ROOT).as_posix())
def test_what_a_document_names_exists(document):
    text = document.read_text(encoding="utf-8")
    missing = [path for path in named(text) if not (PROJECT_ROOT / path).exists()]
    missing += [target for target in links(text) if not (document.parent / target).exists()]
    assert missing == []


def test_tests_that_a_document_names_exist():
    named_tests = {name for document in DOCUMENTS for name in re.findall(r"`(test_\w+)`", document.read_text(encoding="utf-8"))}
    code = "".join(path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "tests").rglob("test_*.py"))
    assert [name for name in sorted(named_tests) if f"def {name}(" not in code] == []


@pytest.mark.parametrize("room", ["pipeline", "pipeline/common", "assets", "schemas", "cli"])
def test_the_architecture_names_everything_that_lies_directly_in_a_room(room):
    text = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    inside = [path for path in (PROJECT_ROOT / room).iterdir() if path.name not in ("__init__.py", "__pycache__")]
    assert [path.name for path in inside if f"`{room}/{path.name}{'/' * path.is_dir()}`" not in text] == []


def test_the_tree_in_the_readme_is_that_of_the_project():
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    tree = readme.partition("## What lies where\n\n```\n")[2].partition("```")[0]
    assert all((PROJECT_ROOT / name).is_dir() for name in re.findall(r"^(\w+)/", tree, flags=re.MULTILINE))
    rooms = {path.parent.name for path in (PROJECT_ROOT / "pipeline").glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/", tree, flags=re.MULTILINE)) == rooms
