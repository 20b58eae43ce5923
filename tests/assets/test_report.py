"""The report asset: written beside the data after publishing, once a version; its failure leaves the version published."""

import dagster as dg
import pytest

from assets import curation, report
from assets.resources.configured import resources_over

ASSETS = dg.load_assets_from_modules([curation, report])


@pytest.fixture
def curate():
    with dg.DagsterInstance.ephemeral() as instance:

        def run(foundry):
            return dg.materialize(ASSETS, instance=instance, resources=resources_over(foundry), raise_on_error=False)

        yield run


def test_the_report_of_a_version_is_written_once_and_the_latest_is_known(curate, make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions[:6])
    result = curate(foundry)
    assert result.success
    first, folder = foundry.lake.current(), foundry.data_root / "reports" / "tiny"
    page = (folder / f"{first.name}.html").read_bytes()
    assert (folder / "latest.html").read_bytes() == page
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("data_quality_report")]
    assert event.materialization.metadata["report"].value == "http://127.0.0.1:8001/report/tiny"

    with monkeypatch.context() as patch:
        patch.setattr(report, "build_report", lambda *_: pytest.fail("nothing is new"))
        assert curate(foundry).success
    refreshed = make_foundry(questions)
    assert curate(refreshed).success
    assert (folder / "latest.html").read_bytes() == (folder / f"{refreshed.lake.current().name}.html").read_bytes() != page
    assert (folder / f"{first.name}.html").read_bytes() == page


def test_the_report_is_there_in_both_languages_and_leads_to_the_audit_server(curate, make_foundry, questions, monkeypatch):
    foundry = make_foundry([*questions[:6], {"question": "", "options": ["a", "b"], "answer": "a"}])
    assert curate(foundry).success
    folder, version = foundry.data_root / "reports" / "tiny", foundry.lake.current().name
    english, vietnamese = ((folder / name).read_text(encoding="utf-8") for name in ("latest.html", "latest.vi.html"))
    assert f'href="{version}.vi.html"' in english
    assert f'href="{version}.html"' in vietnamese
    assert "Nên sửa trước" in vietnamese
    assert 'href="http://127.0.0.1:8001/record/' in english

    # Another address of the server is another page of the same version.
    monkeypatch.setenv("MCQ_AUDIT_URL", "https://audit.example")
    assert curate(foundry).success
    text = (folder / "latest.vi.html").read_text(encoding="utf-8")
    assert 'href="https://audit.example/record/' in text
    assert "127.0.0.1:8001" not in text
    assert len(list(folder.glob(".*.sha256"))) == 1


def test_a_report_that_fails_unpublishes_nothing(curate, make_foundry, questions, monkeypatch):
    foundry = make_foundry(questions)

    def broken(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr(report, "build_report", broken)
    assert not curate(foundry).success
    assert foundry.lake.current() is not None
    assert not (foundry.data_root / "reports").exists()


def test_all_rejected_still_has_a_report(curate, make_foundry):
    foundry = make_foundry([{"question": "", "options": ["a", "b"], "answer": "a"}])
    assert curate(foundry).success
    assert "undefined" in (foundry.data_root / "reports" / "tiny" / "latest.html").read_text()
