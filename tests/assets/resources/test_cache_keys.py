"""Each block of the configuration renames the folders that are made with it, and no others."""

from dataclasses import replace

import pytest

from assets.resources.cache_keys import evidence_folder, places, study_folder
from pipeline.common.store.lake import Version
from schemas.errors import DataError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow


@pytest.fixture
def folders(make_foundry, questions):
    """Names of the folders of examples, adapter and evaluation for a published version, under these blocks."""

    def named(**blocks):
        foundry = make_foundry(questions, **blocks)
        if foundry.lake.current() is None:
            tables = {"sample_ledger": foundry.lake.write_table("sample_ledger", to_frame([], LedgerRow), LedgerRow, {})}
            foundry.lake.publish(Version("tiny", "v1", tables, {}, {}, "run", "2026-01-01"))
        at = places(foundry)
        return at.examples.parent.name, at.adapter.name, at.evaluation.name

    return named


@pytest.mark.parametrize(
    ("block", "renamed"),
    [
        ({"render": {"style": "cloze"}}, [True, True, False]),
        ({"train": {"rank": 4}}, [False, True, False]),
        ({"train": {"base_model": "another"}}, [True, True, False]),
        ({"train": {"tracker": "tensorboard"}}, [False, False, False]),
        ({"evaluate": {"max_questions": 9}}, [False, False, True]),
        ({"keep_versions": 3}, [False, False, False]),
    ],
)
def test_a_block_renames_what_is_made_with_it(block, renamed, folders):
    assert [a != b for a, b in zip(folders(), folders(**block), strict=True)] == renamed


@pytest.mark.parametrize(
    ("train", "renamed"),
    [
        ({"tracker": "tensorboard"}, [False, False]),
        ({"keep": "last"}, [False, False]),
        ({"rank": 4}, [False, True]),
        ({"epochs": 9}, [True, True]),
    ],
)
def test_trainings_among_many_are_renamed_by_what_changes_them_alone(train, renamed, make_foundry, questions, folders):
    folders()

    def named(**blocks):
        foundry = make_foundry(questions, **blocks)
        return [of(foundry, places(foundry)) for of in (study_folder, evidence_folder)]

    assert [a != b for a, b in zip(named(), named(train=train), strict=True)] == renamed


def test_an_evaluation_stands_below_its_adapter(make_foundry, questions, folders):
    folders()
    at = places(make_foundry(questions))
    assert at.adapter in at.evaluation.parents
    assert (at.manifest.parent, at.result.parent) == (at.adapter, at.evaluation)


def test_a_pinned_version_takes_the_place_of_the_published_one(make_foundry, questions, folders):
    folders()
    foundry = make_foundry(questions)
    first = foundry.lake.current()
    foundry.lake.publish(Version("tiny", "v2", first.tables, {}, {}, "run", "2026-01-02"))
    assert places(foundry).version.dataset_version == "v2"
    pinned = places(replace(foundry, pinned="v1"))
    assert pinned.version.dataset_version == "v1"
    assert pinned.adapter != places(foundry).adapter
    with pytest.raises(DataError, match="'v3' of dataset tiny does not exist"):
        places(replace(foundry, pinned="v3"))


def test_before_the_first_version_there_are_no_places(make_foundry, questions):
    with pytest.raises(DataError, match="no published version yet"):
        places(make_foundry(questions))
