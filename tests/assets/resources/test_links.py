"""Addresses that metadata leads to."""

import pytest

from assets.metadata import markdown_table
from assets.resources.links import audit_url, home_link, linked, list_link, picture, record_url, report_link, run_url
from schemas.errors import ConfigError


def test_addresses_are_those_of_the_audit_server(monkeypatch):
    monkeypatch.delenv("MCQ_AUDIT_URL", raising=False)
    assert record_url("year-12", "00ff") == "http://127.0.0.1:8001/record/00ff?dataset=year-12"
    assert home_link("a").value == "http://127.0.0.1:8001/?dataset=a"
    assert list_link("a", list="conflicts").value == "http://127.0.0.1:8001/records?dataset=a&list=conflicts"
    assert report_link("a").value == "http://127.0.0.1:8001/report/a"


@pytest.mark.parametrize("base", ["http://10.0.0.7:9000", "http://10.0.0.7:9000/"])
def test_the_environment_names_another_server(base, monkeypatch):
    monkeypatch.setenv("MCQ_AUDIT_URL", base)
    monkeypatch.setenv("MCQ_DAGSTER_URL", base)
    assert audit_url("/report/a") == "http://10.0.0.7:9000/report/a"
    assert run_url("r1") == "http://10.0.0.7:9000/runs/r1"


def test_record_ids_of_a_table_are_links_and_nothing_else_is():
    rows = [{"record_id": "0123456789abcdef", "other": None, "stem": "[x](http://evil)"}]
    line = markdown_table(linked("a", rows, "record_id", "other"), 200).value.splitlines()[2]
    assert line.startswith("| [01234567](http://127.0.0.1:8001/record/0123456789abcdef?dataset=a) |  |")
    assert "[x]" not in line


@pytest.mark.parametrize("hostile", ["](javascript:alert(1))[", "a b\n| c", "<script>", "%2e%2e/"])
def test_what_stands_where_an_id_should_cannot_leave_its_link(hostile):
    (cell,) = [row["id"] for row in linked("a", [{"id": hostile}], "id")]
    text, _, address = cell.partition("](")
    assert address.startswith("http://127.0.0.1:8001/record/")
    assert not set(address[:-1]) & set("()[]<>| \n")
    assert not set(text[1:]) & set("[]()<>|\n") - {"(", ")"}


def test_a_picture_lies_where_the_server_finds_it_and_its_address_changes_with_it(make_foundry, questions):
    foundry = make_foundry(questions)
    first = picture(foundry, "loss", b"one").value
    assert (foundry.data_root / "plots" / "tiny" / "loss.png").read_bytes() == b"one"
    assert first.startswith("![")
    assert "](http://127.0.0.1:8001/plots/tiny/loss.png?of=" in first
    assert picture(foundry, "loss", b"one").value == first
    assert picture(foundry, "loss", b"two").value != first


@pytest.mark.parametrize("said", ["javascript:alert(1)", "127.0.0.1:8001", "http://a b", 'http://x"><script>', "http://x/y?z"])
def test_what_is_no_address_is_refused(monkeypatch, said):
    monkeypatch.setenv("MCQ_AUDIT_URL", said)
    with pytest.raises(ConfigError, match="MCQ_AUDIT_URL"):
        audit_url("")
