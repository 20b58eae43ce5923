"""No code is without its words."""

from typing import get_args

from pipeline.audit import lists, wording
from schemas.decisions import Action
from schemas.tables.curation import ReviewDecision


def test_every_code_has_its_sentence():
    assert set(wording.ACTION_TEXT) == set(get_args(Action))
    assert set(wording.STATUS_TEXT) == set(get_args(ReviewDecision.model_fields["status"].annotation))
    assert set(wording.FACET_TEXT) == set(lists.FACETS)
    assert set(wording.LIST_TITLE) == set(wording.LIST_TEXT) == {*lists.READY, "pending", "orphaned"}
