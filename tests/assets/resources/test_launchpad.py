"""Settings of the training that a run was given in the launchpad."""

import dagster as dg
import pytest

from assets.resources.cache_keys import places
from assets.resources.configured import configured
from assets.resources.launchpad import TrainingResource, with_changes
from pipeline.common.store.lake import Version
from schemas.config.train import TrainConfig
from schemas.errors import ConfigError
from schemas.tables.arrow import to_frame
from schemas.tables.curation import LedgerRow


def test_every_setting_of_the_training_can_be_given_and_says_what_it_is():
    fields = TrainingResource.model_fields
    assert set(fields) == {*TrainConfig.model_fields, "alpha"}
    assert all(field.description and field.default is None for field in fields.values())


def test_what_is_not_given_is_as_the_configuration_says(make_foundry, questions):
    foundry = make_foundry(questions, train={"rank": 4, "epochs": 2})
    assert with_changes(foundry, TrainingResource()) is foundry
    changed = with_changes(foundry, TrainingResource(rank=8, method="lora")).config
    assert (changed.train.rank, changed.train.method, changed.train.epochs) == (8, "lora", 2)
    assert changed.curation() == foundry.config.curation()


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"alpha": 12.0}, ("fixed", 12.0)),
        ({"policy": "fixed", "alpha": 12.0}, ("fixed", 12.0)),
        ({"policy": "sqrt_hidden"}, ("sqrt_hidden", None)),
    ],
)
def test_alpha_and_its_policy_go_together(given, policy, make_foundry, questions):
    found = with_changes(make_foundry(questions), TrainingResource(**given)).config.train.policy
    assert (found.name, found.alpha) == policy


@pytest.mark.parametrize(("given", "said"), [({"rank": 0}, "rank"), ({"method": "lra"}, "method"), ({"policy": "fixed"}, "policy")])
def test_what_the_configuration_would_refuse_is_refused(given, said, make_foundry, questions):
    with pytest.raises(ConfigError, match=f"launchpad.*{said}"):
        with_changes(make_foundry(questions), TrainingResource(**given))


def test_a_run_with_another_rank_has_an_adapter_of_its_own(make_foundry, questions):
    foundry = make_foundry(questions, train={"rank": 4})
    tables = {"sample_ledger": foundry.lake.write_table("sample_ledger", to_frame([], LedgerRow), LedgerRow, {})}
    foundry.lake.publish(Version("tiny", "v1", tables, {}, {}, "run", "2026-01-01"))
    resources = configured([foundry], str(foundry.data_root))
    found = []
    for given in ({}, {"rank": 8}):
        with dg.build_resources(resources, resource_config={"training": {"config": given}}) as opened:
            ours = opened.foundries.of_key(dg.AssetKey(["tiny", "qlora_adapter"]))
            found.append((ours.config.train.rank, places(ours).adapter.name))
    assert [rank for rank, _ in found] == [4, 8]
    assert found[0][1] == places(foundry).adapter.name != found[1][1]
