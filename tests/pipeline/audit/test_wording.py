"""No code is without its words."""

from typing import get_args

from pipeline.audit import wording
from schemas.decisions import Action
from schemas.reasons import Disposition, Relation
from schemas.tables.curation import ReviewDecision


def test_every_code_has_its_sentence():
    assert set(wording.DISPOSITION_TEXT) == set(Disposition)
    assert set(wording.RELATION_TEXT) - {"shared_13gram"} == set(Relation)
    assert set(wording.ACTION_TEXT) == set(get_args(Action))
    assert set(wording.STATUS_TEXT) == set(get_args(ReviewDecision.model_fields["status"].annotation))


def test_every_repair_of_the_code_has_its_sentence():
    import re

    from schemas.config.base import PROJECT_ROOT

    named = set()
    for file in (PROJECT_ROOT / "pipeline").rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if re.search(r"repairs(?:\.append\(|\.insert\(|\.extend\(| \+?= |=)", line):
                named |= set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', line))
    assert len(named) > 10
    assert named - set(wording.REPAIR_TEXT) == set()
