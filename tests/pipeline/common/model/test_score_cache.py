"""Scores given once are found again, by the same model for the same wording alone."""

import pytest

from pipeline.common.model.score_cache import ScoreCache


def test_scores_outlive_the_process_that_wrote_them(tmp_path):
    path = tmp_path / "below" / "scores.sqlite"
    first = ScoreCache(path, "m")
    first.put([(first.key("Q", ["a", "b"]), [-1.5, -2.0])])
    again = ScoreCache(path, "m")
    assert again.get(again.key("Q", ["a", "b"])) == [-1.5, -2.0]
    again.put([(again.key("Q", ["a", "b"]), [0.0, 0.0])])
    assert first.get(first.key("Q", ["a", "b"])) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("model", "prompt", "options"), [("other", "Q", ["a", "b"]), ("m", "Q ", ["a", "b"]), ("m", "Q", ["b", "a"]), ("m", "Q", ["ab"])]
)
def test_another_model_wording_or_order_is_another_question(model, prompt, options, tmp_path):
    cache = ScoreCache(tmp_path / "scores.sqlite", "m")
    cache.put([(cache.key("Q", ["a", "b"]), [1.0, 2.0])])
    assert cache.get(ScoreCache(tmp_path / "scores.sqlite", model).key(prompt, options)) is None


def test_a_batch_that_fails_leaves_nothing_of_itself(tmp_path):
    cache = ScoreCache(tmp_path / "scores.sqlite", "m")

    def interrupted():
        yield "k", [1.0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.put(interrupted())
    assert cache.get("k") is None
