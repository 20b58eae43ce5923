"""The ranking of recorded scores, with keys flipped on purpose."""

import numpy as np
import pytest

from pipeline.evidence.ranking import judge, voice

N, OPTIONS, FLIPPED = 400, 4, 40


def recorded(strength, seed=1, options=OPTIONS):
    """(summed log-likelihoods of an adapter that knows so much, those of a base model that knows nothing, keys, flipped places)."""
    random = np.random.default_rng(seed)
    true = random.integers(0, options, N)
    adapter, base = random.normal(-20, 2, (N, options)), random.normal(-20, 2, (N, options))
    adapter[np.arange(N), true] += strength
    flipped = random.choice(N, FLIPPED, replace=False)
    key = true.copy()
    key[flipped] = (true[flipped] + 1 + random.integers(0, options - 1, FLIPPED)) % options
    return adapter, base, key, flipped


def judged(adapter, base, key, groups=None):
    over, names = [[1] * adapter.shape[1]] * len(key), [f"{place:04d}" for place in range(len(key))]
    return judge(voice([adapter.tolist()], over), voice([base.tolist()], over), key, groups or names, names)


def test_planted_errors_rank_above_clean_keys():
    adapter, base, key, flipped = recorded(6)
    found = judged(adapter, base, key)
    assert sorted(found.rank) == list(range(1, N + 1))
    first = np.argsort(found.rank)[: FLIPPED // 2]
    assert np.isin(first, flipped).mean() >= 0.9
    assert found.sees


@pytest.mark.parametrize("strength", [4, 6, 10])
def test_the_share_says_how_many_are_wrong(strength):
    adapter, base, key, flipped = recorded(strength)
    found = judged(adapter, base, key)
    assert found.wrong_fraction == pytest.approx(FLIPPED / N, abs=0.04)
    first = np.argsort(found.rank)[:40]
    assert found.wrong_share[first].mean() == pytest.approx(np.isin(first, flipped).mean(), abs=0.15)


def test_a_base_model_that_knows_nothing_gets_no_weight_and_one_that_knows_does():
    adapter, base, key, _ = recorded(5)
    assert abs(judged(adapter, base, key).base_weight) < 0.1
    found = judged(base, adapter, key)
    assert found.base_weight > 3 * abs(found.adapter_weight)


def test_what_the_adapter_inherited_of_the_bases_taste_is_taken_back():
    adapter, base, key, flipped = recorded(4)
    tainted = judged(adapter + 2 * base, base, key)
    assert tainted.base_weight < -0.1
    first = np.argsort(tainted.rank)[:20]
    assert np.isin(first, flipped).mean() >= 0.7


def test_models_that_know_nothing_are_said_to_see_nothing():
    adapter, base, key, _ = recorded(0)
    found = judged(adapter, base, key)
    assert not found.sees
    assert found.gain_interval[0] < 0 < found.gain_interval[1] + 0.02
    one_group = judged(*recorded(8)[:3], groups=["g"] * N)
    assert one_group.gain_interval is None
    assert not one_group.sees, "one group shows nothing beyond itself"


def test_questions_of_a_group_count_together():
    adapter, base, key, _ = recorded(3)
    alone = judged(adapter, base, key).gain_interval
    twice = [np.concatenate([part, part]) for part in (adapter, base, key)]
    pairs = judged(*twice, groups=[f"{place:04d}" for place in range(N)] * 2).gain_interval
    assert pairs[1] - pairs[0] == pytest.approx(alone[1] - alone[0], rel=0.1)


def test_another_option_is_confident_from_the_mean_self_confidence():
    adapter, base, key, _ = recorded(6)
    found = judged(adapter, base, key)
    assert found.threshold == pytest.approx(found.self_confidence.mean())
    assert not found.confidently_other[found.self_confidence >= 0.5].any(), "the key itself is the likeliest"
    assert found.confidently_other.sum() < N / 3


def test_two_options_and_ten_stand_side_by_side():
    over = [[1, 1], [1] * 10]
    adapter = voice([[[-1.0, -3.0], [-1.0] + [-4.0] * 9]], over)
    assert adapter.probabilities[0, 2:].sum() == 0
    found = judge(adapter, adapter, [1, 0], ["a", "b"], ["a", "b"])
    assert found.rank.tolist() == [1, 2]
    assert ((found.wrong_share >= 0) & (found.wrong_share <= 1)).all()


def test_an_option_is_chosen_over_its_length_and_its_probability_is_not():
    one = voice([[[-4.0, -5.0]]], [[1, 2]])
    assert one.chosen.tolist() == [1]
    assert one.probabilities[0] == pytest.approx([0.731, 0.269], abs=1e-3)


def test_repeats_are_averaged_over_those_that_asked():
    one = voice([[[0.0, 0.0], [0.0, 0.0]], [[0.0, 800.0], None]], [[1, 1], [1, 1]])
    assert one.probabilities == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


def test_options_too_unlikely_for_floats_are_options_all_the_same():
    found = judged(np.array([[0.0, -2000.0], [-2000.0, 0.0]]), np.zeros((2, 2)), np.array([1, 1]))
    assert np.isfinite(found.wrong_share).all()
    assert found.rank.tolist() == [1, 2]


def test_equal_suspicion_is_ordered_by_record_id():
    same = np.zeros((3, 2))
    assert judged(same, same, np.array([0, 0, 0])).rank.tolist() == [1, 2, 3]
