"""The suite covers the project: the examples of all docstrings run with it."""

import pytest

from schemas.config.base import PROJECT_ROOT


def test_every_folder_with_examples_is_collected_for_them(request):
    files = [path for path in PROJECT_ROOT.glob("[a-z]*/**/*.py") if ">>> " in path.read_text(encoding="utf-8") and path.is_file()]
    folders = {path.relative_to(PROJECT_ROOT).parts[0] for path in files}
    assert {"schemas", "pipeline"} <= folders <= set(request.config.getini("testpaths"))


def test_the_examples_of_docstrings_are_part_of_a_whole_run(request):
    if request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or request.config.option.keyword:
        pytest.skip("only some tests were asked for")
    examples = [item for item in request.session.items if isinstance(item, pytest.DoctestItem)]
    assert len(examples) > 50
