"""What is registered has a test file, a place in the configuration and a line in the documentation, and nothing else does."""

from pathlib import Path
from typing import get_args

import pytest

from pipeline.ingest.formats import FORMATS, READERS
from pipeline.normalize.layouts import LAYOUTS
from schemas.config.base import PROJECT_ROOT
from schemas.config.sources import SourceConfig

DOCS = (PROJECT_ROOT / "docs" / "readers.md").read_text(encoding="utf-8")


def modules(folder, *others):
    return {path.stem for path in (PROJECT_ROOT / "pipeline" / folder).glob("*.py")} - {"__init__", *others}


def covered(folder):
    return {path.stem.removeprefix("test_") for path in (Path(__file__).parent.parent / folder).glob("test_*.py")}


def test_every_format_is_registered_tested_documented_and_allowed_in_a_configuration():
    assert modules("ingest/formats") == covered("ingest/formats")
    registered = {form.sniff.__module__.rpartition(".")[2] for form in FORMATS}
    assert registered == modules("ingest/formats")
    assert {"auto", *READERS} == set(get_args(SourceConfig.model_fields["reader"].annotation))
    assert all(f"| `{name}` |" in DOCS for name in READERS)
    assert all((form.read_bytes is None) != (form.read_text is None) for form in FORMATS)


def test_every_layout_is_registered_tested_and_documented():
    names = {layout.name for layout in LAYOUTS}
    assert names == modules("normalize/layouts", "layout")
    assert names <= covered("normalize/layouts")
    assert all(f"| `{name}` |" in DOCS for name in names)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"words alone", b"{}", b"<a/>", b"PK\x03\x04", "Câu 1".encode("utf-16")])
def test_a_named_reader_gives_a_verdict_on_what_is_not_its_own(read, name, data):
    questions, rejected = read(data, "file.bin", reader=name)
    assert questions == []
    assert all(row["reason_codes"] for row in rejected)
