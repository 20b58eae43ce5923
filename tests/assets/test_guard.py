"""The shrink guard in a run: what it blocks stays unpublished until exactly that is accepted, and the next loss is blocked again."""

import dagster as dg
import pytest

from assets import curation
from assets.checks import CURATION_CHECKS
from assets.guard import ACCEPT_TAG, THIS_RUN
from assets.resources.configured import resources_over
from pipeline.guard import read_blocked

ASSETS = dg.load_assets_from_modules([curation])
STRICT = {"min_records": 1}


@pytest.fixture
def curate():
    with dg.DagsterInstance.ephemeral() as instance:

        def run(foundry, accept=None):
            resources = resources_over(foundry)
            tags = {ACCEPT_TAG: accept} if accept else None
            return dg.materialize([*ASSETS, *CURATION_CHECKS], instance=instance, resources=resources, raise_on_error=False, tags=tags)

        yield run


def failed(result):
    """Blocking checks that failed: a loss that no one asks about is a warning of another check."""
    checks = result.get_asset_check_evaluations()
    return [event for event in checks if not event.passed and event.severity == dg.AssetCheckSeverity.ERROR]


def test_a_loss_waits_for_a_person_and_acceptance_is_for_exactly_that(curate, make_foundry, questions):
    foundry = make_foundry(questions, guard=STRICT)
    assert curate(foundry).success
    before = foundry.lake.current()
    foundry = make_foundry(questions[:5], guard=STRICT)
    result = curate(foundry)
    assert not result.success
    (check,) = failed(result)
    assert check.check_name == "nothing_shrank"
    assert "source school lost 3 of 8 records (37.5%; at most 10.0% go unasked)" in check.metadata["why"].value
    assert foundry.lake.current() == before
    waiting = read_blocked(foundry.lake)
    assert waiting.key in check.metadata["what_to_do"].value

    # What was accepted isn't what lies there by now.
    fewer = make_foundry(questions[:4], guard=STRICT)
    (check,) = failed(curate(fewer, accept=waiting.key))
    assert "another state" in check.metadata["what_to_do"].value
    assert fewer.lake.current() == before

    foundry = make_foundry(questions[:5], guard=STRICT)
    assert curate(foundry, accept=waiting.key).success
    accepted = foundry.lake.current()
    assert accepted != before
    assert read_blocked(foundry.lake) is None

    # The next loss is compared with what was accepted, and waits again, whatever was accepted before.
    again = make_foundry(questions[:3], guard=STRICT)
    assert not curate(again).success
    assert not curate(again, accept=waiting.key).success
    assert again.lake.current() == accepted
    assert curate(again, accept=THIS_RUN).success


def test_files_that_came_back_need_no_acceptance(curate, make_foundry, questions):
    assert curate(make_foundry(questions, guard=STRICT)).success
    assert not curate(make_foundry(questions[:4], guard=STRICT)).success
    foundry = make_foundry(questions, guard=STRICT)
    assert curate(foundry).success
    assert read_blocked(foundry.lake) is None
